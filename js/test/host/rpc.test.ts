import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { decodeBase64, fetchAsset, Rpc, RpcError } from "../../src/host/rpc";
import { Saver } from "../../src/host/saver";
import { FakeModel } from "./fake";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("a request carries id, channel, op and args, and gets its own answer", async () => {
  const model = new FakeModel({});
  const rpc = new Rpc(model);
  const one = rpc.request("work", "decode", { z: 1 });
  const two = rpc.request("work", "decode", { z: 2 });
  const [first, second] = model.sent as { id: string }[];
  expect(first).toMatchObject({ channel: "work", op: "decode", args: { z: 1 } });
  model.emit("msg:custom", { id: second?.id, ok: true, result: "two" }, []);
  model.emit("msg:custom", { id: first?.id, ok: true, result: "one" });
  expect([(await one).result, (await two).result]).toEqual(["one", "two"]);
});

test("an error of the kernel has its code, message and hint", async () => {
  const model = new FakeModel({});
  const answer = new Rpc(model).request("work", "decode", {});
  const error = { code: "read", message: "No such file.", hint: "Look again." };
  model.emit("msg:custom", { id: (model.sent[0] as { id: string }).id, ok: false, error });
  await expect(answer).rejects.toMatchObject({ name: "RpcError", ...error });
});

test("silence ends in a timeout, progress renews the wait, strangers are not heard", async () => {
  const model = new FakeModel({});
  const rpc = new Rpc(model);
  const seen: unknown[] = [];
  const answer = rpc.request("work", "train", {}, { timeout: 1000, progress: (value) => seen.push(value) });
  const failure = answer.catch((error: RpcError) => error.code);
  const { id } = model.sent[0] as { id: string };
  await vi.advanceTimersByTimeAsync(900);
  model.emit("msg:custom", { id, progress: 0.5 });
  model.emit("msg:custom", { id: "other", ok: true, result: 1 });
  model.emit("msg:custom", null);
  await vi.advanceTimersByTimeAsync(900);
  expect(seen).toEqual([0.5]);
  await vi.advanceTimersByTimeAsync(200);
  expect(await failure).toBe("timeout");
});

test("what waits when the widget is closed is told so", async () => {
  const model = new FakeModel({});
  const rpc = new Rpc(model);
  const answer = rpc.request("work", "decode", {});
  rpc.dispose();
  await expect(answer).rejects.toBeInstanceOf(RpcError);
  expect(model.listening("msg:custom")).toBe(0);
});

const FILE = Uint8Array.of(1, 2, 250, 255);

test.each([
  ["DataView", (held: Uint8Array) => new DataView(held.buffer, 2, 4)],
  ["Uint8Array", (held: Uint8Array) => held.subarray(2, 6)],
  ["ArrayBuffer", (held: Uint8Array) => held.slice(2, 6).buffer],
])("a file comes in a buffer given as %s", async (_, hand) => {
  const model = new FakeModel({});
  const file = fetchAsset(new Rpc(model), "engine.js");
  const held = new Uint8Array([9, 9, ...FILE, 9]);
  const { id } = model.sent[0] as { id: string };
  model.emit("msg:custom", { id, ok: true, result: { name: "engine.js", size: 4 } }, [hand(held)]);
  expect(new Uint8Array(await file)).toEqual(FILE);
});

test("where no buffer arrives, or one of another size, the file is asked for as base64", async () => {
  for (const buffers of [undefined, [], [new DataView(new ArrayBuffer(2))]]) {
    const model = new FakeModel({});
    const file = fetchAsset(new Rpc(model), "soundfont.sf2");
    const first = model.sent[0] as { id: string };
    model.emit("msg:custom", { id: first.id, ok: true, result: { size: 4 } }, buffers);
    await vi.advanceTimersByTimeAsync(0);
    const second = model.sent[1] as { id: string; args: unknown };
    expect(second.args).toEqual({ name: "soundfont.sf2", base64: true });
    model.emit("msg:custom", { id: second.id, ok: true, result: { size: 4, data: "AQL6/w==" } });
    expect(new Uint8Array(await file)).toEqual(FILE);
  }
});

test("base64 is decoded byte by byte", () => {
  expect(new Uint8Array(decodeBase64("AQL6/w=="))).toEqual(FILE);
});

test("values are set at once and saved at most every 50 ms, the last one always", async () => {
  const model = new FakeModel({ value: 0 });
  const saver = new Saver(model);
  for (let i = 1; i <= 20; i++) {
    saver.set("value", i);
    expect(model.get("value")).toBe(i);
    await vi.advanceTimersByTimeAsync(10);
  }
  expect(model.saved.length).toBeLessThanOrEqual(5);
  await vi.advanceTimersByTimeAsync(100);
  expect(model.saved.at(-1)).toEqual({ value: 20 });
  saver.set("value", 20);
  expect(model.saved.length).toBeLessThanOrEqual(6);
});

test("closing writes what waits", () => {
  const model = new FakeModel({ value: 0 });
  const saver = new Saver(model);
  saver.set("value", 1);
  saver.set("value", 2);
  saver.dispose();
  expect(model.saved).toEqual([{ value: 1 }, { value: 2 }]);
});
