import { expect, test, vi } from "vitest";
import { PartModel } from "../../src/host/part-model";
import { FakeModel } from "./fake";

function open() {
  const studio = new FakeModel({ tempo: 100 });
  const part = new PartModel(studio, "roll");
  const heard = vi.fn();
  for (const name of ["_notes", "value", "tempo", "title"]) part.on(`change:${name}`, () => heard(name));
  const tell = (message: object, buffers: unknown[] = []) =>
    studio.emit("msg:custom", { part: "roll", ...message }, buffers);
  return { studio, part, heard, tell };
}

test("a part has its own traits, and the Studio's transport", () => {
  const { studio, part, heard, tell } = open();
  expect(part.filled).toBe(false);
  tell({ method: "update", state: { value: 3, tempo: 40, playing: true } });
  tell({ part: "pad", method: "update", state: { value: 4 } });
  expect([part.get("value"), part.get("tempo"), part.get("playing")]).toEqual([3, 100, undefined]);
  expect(heard.mock.calls).toEqual([["value"]]);
  part.set("tempo", 120);
  expect(studio.get("tempo")).toBe(120);
  expect(heard).toHaveBeenLastCalledWith("tempo");
  part.save_changes();
  expect(studio.saved).toHaveLength(1);
  // The Studio plays: a part has nothing to say of it.
  part.set("playing", true);
  part.save_changes();
  expect([studio.saved.length, studio.sent.length]).toEqual([1, 0]);
});

test("all that comes together is there before the first change is heard; buffers lie where they belong", () => {
  const { part, tell } = open();
  const seen: unknown[] = [];
  part.on("change:value", () => seen.push(part.get("_notes"), part.get("deep")));
  const bytes = new Uint8Array([9, 1, 2, 3]).subarray(1);
  const state = { value: 1, deep: [{ is: 0 }, {}] };
  tell({ method: "update", state, buffer_paths: [["_notes"], ["deep", 1, "raw"]] }, [
    bytes,
    new DataView(bytes.buffer),
  ]);
  const [notes, deep] = seen as [DataView, { raw?: DataView }[]];
  expect([notes.byteOffset, notes.byteLength, notes.getUint8(0)]).toEqual([1, 3, 1]);
  expect(deep[1]?.raw?.byteLength).toBe(4);
  expect(state.deep[1]).toEqual({});
});

test("what the page changes goes as text, the newest once the last has been taken", () => {
  const { studio, part } = open();
  part.set("_notes", new DataView(new Uint8Array([1, 2, 3]).buffer));
  part.save_changes();
  const [update, asked] = studio.sent as [unknown, { id: string; op: string }];
  expect(update).toEqual({
    part: "roll",
    method: "update",
    state: { _notes: { $bytes: "AQID" } },
    buffer_paths: [],
  });
  expect(asked.op).toBe("heard");
  for (const value of [1, 2, 3]) {
    part.set("value", value);
    part.save_changes();
  }
  expect(studio.sent).toHaveLength(2);
  studio.emit("msg:custom", { id: asked.id, ok: false });
  expect(studio.sent[2]).toMatchObject({ state: { value: 3 } });
  expect(studio.sent).toHaveLength(4);
});

test("requests and answers pass; what the page decides the kernel does not change", () => {
  const { studio, part, heard, tell } = open();
  part.send({ id: "a", op: "heard" });
  expect(studio.sent).toEqual([{ part: "roll", method: "custom", content: { id: "a", op: "heard" } }]);
  const answered = vi.fn();
  part.on("msg:custom", answered as never);
  tell({ method: "custom", content: { id: "a", ok: true } }, ["buffer"]);
  expect(answered).toHaveBeenCalledWith({ id: "a", ok: true }, ["buffer"]);
  part.decide("title", "Current clip");
  tell({ method: "update", state: { title: "" } });
  expect(part.get("title")).toBe("Current clip");
  expect(heard.mock.calls).toEqual([["title"]]);
  part.dispose();
  expect(studio.listening("msg:custom")).toBe(0);
});
