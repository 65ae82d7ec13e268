import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { publish, subscribe } from "../../src/core/bus";
import { Work } from "../../src/core/work";
import { Channel } from "../../src/host/channel";
import { Rpc } from "../../src/host/rpc";
import { clip } from "../make";
import { FakeModel } from "./fake";

interface Sent {
  readonly id: string;
  readonly args: { readonly n: number };
}

const setUp = () => {
  const model = new FakeModel({});
  const work = new Work();
  const channel = new Channel(new Rpc(model), work, "decode");
  const sent = () => model.sent as Sent[];
  const answer = (index: number, more = {}) =>
    model.emit("msg:custom", { id: sent()[index]?.id, ok: true, result: index, ...more }, []);
  return { channel, work, sent, answer };
};

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("one request is in flight, and the newest follows it", async () => {
  const { channel, sent, answer } = setUp();
  const replies = [0, 1, 2, 3].map((n) => channel.latest("decode", { n }));
  expect(sent().map((message) => message.args.n)).toEqual([0]);
  answer(0);
  await vi.advanceTimersByTimeAsync(0);
  expect(sent().map((message) => message.args.n)).toEqual([0, 3]);
  answer(1);
  const got = await Promise.all(replies);
  expect(got.map((reply) => reply?.result ?? null)).toEqual([0, null, null, 1]);
});

test("a wait is said after 300 ms, a kernel that does not answer after 10 s, and a late answer still counts", async () => {
  const { channel, work, answer } = setUp();
  const reply = channel.latest("decode", { n: 0 });
  await vi.advanceTimersByTimeAsync(299);
  expect(work.strain).toBeNull();
  await vi.advanceTimersByTimeAsync(2);
  expect(work.strain?.kind).toBe("waiting");
  await vi.advanceTimersByTimeAsync(10_000);
  expect(work.strain?.kind).toBe("gone");
  answer(0);
  expect((await reply)?.result).toBe(0);
  expect(work.strain).toBeNull();
});

test("an error of the kernel is said until something works again", async () => {
  const { channel, work, answer } = setUp();
  const failed = channel.latest("decode", { n: 0 });
  answer(0, { ok: false, error: { code: "config", message: "No such place.", hint: "Pick another." } });
  expect(await failed).toBeNull();
  expect(work.strain).toMatchObject({
    kind: "failed",
    status: { text: "No such place.", hint: "Pick another." },
  });
  const fine = channel.latest("decode", { n: 1 });
  answer(1);
  await fine;
  expect(work.strain).toBeNull();
});

test("the bus tells every follower of a topic, and each clip once", () => {
  const heard: number[] = [];
  const leave = subscribe("map", ({ clip: shown }) => heard.push(shown.notes.length));
  const shown = { clip: clip([]), place: null };
  publish("map", shown);
  publish("map", { ...shown });
  publish("other", { clip: clip([]), place: null });
  expect(heard).toEqual([0]);
  leave();
  publish("map", { clip: clip([]), place: null });
  expect(heard).toEqual([0]);
});
