import { expect, test, vi } from "vitest";
import { Emitter } from "../../src/core/emitter";
import { encodeNotes } from "../../src/core/notes";
import { MapModel } from "../../src/host/latent-scatter-traits";
import { openSession } from "../../src/host/session";
import { note } from "../make";
import { FakeModel } from "./fake";

interface Sent {
  readonly id: string;
  readonly op: string;
  readonly args: Record<string, unknown>;
}

const bytes = (array: ArrayBufferView) => new DataView(array.buffer, array.byteOffset, array.byteLength);
const settle = () => new Promise((resolve) => setTimeout(resolve, 60));

/** Five clips of which two are saved. */
function open(more: Record<string, unknown> = {}) {
  const model = new FakeModel({
    _points: { version: 3, count: 5, dimensions: 2, model: "m", words: "pitch" },
    _sample: bytes(Uint32Array.from([1, 4])),
    _sample_xy: bytes(Float32Array.from([1, 2, 3, 4])),
    _sample_codes: bytes(Uint16Array.from([7, 8])),
    _sample_groups: bytes(Uint8Array.from([0, 1])),
    _legend: { kind: "place", name: "place" },
    _selection: { version: 0, count: 0 },
    kind: "plane",
    ...more,
  });
  const player = {
    changed: new Emitter(),
    playing: false,
    since: 0,
    play: vi.fn(async () => undefined),
    pause: vi.fn(),
    stop: vi.fn(),
    set: vi.fn(),
    dispose: vi.fn(),
  };
  const map = new MapModel(model);
  const session = openSession(
    model,
    map.reader,
    ({ heard, here }) => ({
      clip: heard?.clip ??
        here?.clip ?? { notes: [], score: { quarters: 4, tempos: [], meters: [], tracks: [] } },
    }),
    () => player,
  );
  map.join(session);
  const sent = (op: string) => (model.sent as Sent[]).filter((message) => message.op === op);
  const answer = (op: string, result: unknown, buffers: DataView[] = []) =>
    model.emit("msg:custom", { id: sent(op).at(-1)?.id, ok: true, result }, buffers);
  return {
    model,
    map,
    player,
    session,
    sent,
    answer,
    actions: map.actions(session.actions),
    read: () => map.reader.read(),
  };
}

const ALL = [
  Float32Array.from([0, 0, 1, 2, 5, 5, 6, 6, 3, 4]),
  Uint16Array.from([1, 7, 2, 3, 8]),
  new Uint8Array(5),
];

test("the saved sample is there at once, all points once the kernel has sent them", async () => {
  const { read, answer, sent, model } = open();
  expect(read().cloud.size).toBe(2);
  expect([...(read().cloud.numbers ?? [])]).toEqual([1, 4]);
  expect(sent("points")).toHaveLength(1);
  answer("points", { version: 3 }, ALL.map(bytes));
  await settle();
  expect(read().cloud.size).toBe(5);
  expect(read().cloud.numbers).toBeNull();
  expect([...read().cloud.codes]).toEqual([1, 7, 2, 3, 8]);
  // Other colours: the sample again until they are here, and then the very same places.
  const { at } = read().cloud;
  model.set("_points", { version: 4, count: 5, dimensions: 2 });
  expect(read().cloud.size).toBe(2);
  await settle();
  answer(
    "points",
    { version: 4 },
    [ALL[0] as Float32Array, new Uint16Array(5), new Uint8Array(5)].map(bytes),
  );
  await settle();
  expect(read().cloud.at).toBe(at);
  expect([...read().cloud.codes]).toEqual([0, 0, 0, 0, 0]);
});

test("points of a version that is gone are not shown", async () => {
  const { read, answer, model } = open();
  model.set("_points", { version: 9, count: 5, dimensions: 2 });
  answer("points", { version: 3 }, ALL.map(bytes));
  await settle();
  expect(read().cloud.size).toBe(2);
});

test("a map that is saved whole asks for nothing", () => {
  const { sent } = open({ _points: { version: 1, count: 2, dimensions: 2 } });
  expect(sent("points")).toHaveLength(0);
});

test("a card is asked for once, with those around it, and kept", async () => {
  const { actions, sent, answer, read } = open();
  expect(actions.card(4, [1, 2])).toBeNull();
  await settle();
  expect(sent("cards").at(-1)?.args).toEqual({ indexes: [4, 1, 2] });
  const card = (index: number) => ({ index, title: `t${index}`, meta: "", place: [0, 0], score: {} });
  const notes = bytes(encodeNotes([note(0, 1, 60)]));
  answer("cards", { cards: [card(4), card(1), card(2)] }, [notes, notes, notes]);
  await settle();
  expect(actions.card(4, [])?.title).toBe("t4");
  expect(actions.card(2, [])?.clip.notes).toHaveLength(1);
  await settle();
  expect(sent("cards")).toHaveLength(1);
  // What is known is picked at once, and the kernel is told.
  actions.pick(4);
  expect(read().here).toMatchObject({ number: 4, title: "t4", at: [3, 4] });
  expect(sent("pick").at(-1)?.args).toEqual({ index: 4 });
});

test("what is selected goes to the kernel as bits, lowest first", async () => {
  const { actions, sent, read, answer } = open();
  actions.select(Uint8Array.from([1, 0, 0, 1, 1]));
  expect(read().selection.count).toBe(3);
  expect(atob(String(sent("select").at(-1)?.args.bits)).charCodeAt(0)).toBe(0b11001);
  answer("select", { version: 1, count: 3 });
  await settle();
  actions.select(null);
  expect(read().selection).toEqual({ count: 0, mask: null });
  expect(sent("select").at(-1)?.args.bits).toBe("");
});

test("what Python selects is asked for", async () => {
  const { model, sent, answer, read } = open();
  model.set("_selection", { version: 5, count: 2 });
  await settle();
  expect(sent("selection")).toHaveLength(1);
  answer("selection", { version: 5, count: 2 }, [bytes(Uint8Array.from([0b10010]))]);
  await settle();
  expect([...(read().selection.mask ?? [])]).toEqual([0, 1, 0, 0, 1]);
});

test("a place has a cross until it is decoded; the newest counts", async () => {
  const { actions, read, answer, sent } = open();
  actions.decode([0.5, 0.25]);
  actions.decode([1, 1]);
  expect(read().pending).toEqual([1, 1]);
  answer("decode", {});
  await settle();
  expect(read().pending).toEqual([1, 1]);
  expect(sent("decode")).toHaveLength(2);
  answer("decode", {});
  await settle();
  expect(read().pending).toBeNull();
});

test("a clip is heard as long as the pointer is on it", async () => {
  const { actions, player, read } = open();
  const card = {
    number: 4,
    title: "",
    meta: "",
    place: null,
    clip: { notes: [note(0, 1, 60)], score: { quarters: 8, tempos: [], meters: [], tracks: [] } },
  };
  actions.hear(card);
  await settle();
  expect(player.set.mock.lastCall?.[0]).toMatchObject({ clip: card.clip });
  expect(player.play).toHaveBeenCalledTimes(1);
  actions.hear(card);
  await settle();
  expect(player.play).toHaveBeenCalledTimes(1);
  actions.hear(null);
  expect(player.stop).toHaveBeenCalled();
  expect(read().heard).toBeNull();
});

test("bytes that do not fit are no reason to break", () => {
  const { read } = open({
    _sample_codes: bytes(Uint8Array.from([1])),
    _legend: null,
    _groups: 3,
    _marks: "x",
    _here: { at: 4 },
  });
  expect(read().cloud.size).toBe(2);
  expect([...read().cloud.codes]).toEqual([0, 0]);
  expect(read().here).toBeNull();
  expect(read().legend.kind).toBe("plain");
});

test("nothing listens once the map is closed", () => {
  const { model, map, session } = open();
  map.dispose();
  session.dispose();
  expect(model.listeners).toBe(0);
});
