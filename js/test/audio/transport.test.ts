import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { soundOf } from "../../src/audio/sound";
import { type Take, Transport } from "../../src/audio/transport";
import { clip, note } from "../make";
import { FakeBuffer, FakeContext } from "./fake";

const TAIL = 1;
let context: FakeContext;
let ended: ReturnType<typeof vi.fn>;
let transport: Transport;

beforeEach(() => {
  vi.useFakeTimers();
  context = new FakeContext();
  ended = vi.fn();
  transport = new Transport(context as never, context.destination as never, ended as () => void);
});
afterEach(() => {
  transport.stop();
  vi.useRealTimers();
});

/** A take of some bars of 4/4; at 120 a bar is two seconds. */
function take(bars: number, tempo = 120, ring = 0): Take {
  const sound = soundOf(clip([note(0, 1, 60)], 4 * bars), tempo);
  const buffer = new FakeBuffer(
    2,
    Math.round((sound.seconds + TAIL) * context.sampleRate),
    context.sampleRate,
  );
  buffer.getChannelData(0).fill(ring);
  return { sound, buffer: buffer as never, engine: "builtin" };
}

/** Lets the clock run in steps of 100 ms, as timers and audio do together. */
function run(seconds: number) {
  for (let i = 0; i < Math.round(seconds * 10); i++) {
    context.currentTime += 0.1;
    vi.advanceTimersByTime(100);
  }
}

test("a clip plays once, its end is told, its tail is left to ring", () => {
  transport.play(take(2));
  expect(context.heard).toEqual([{ at: 0.05, offset: 0, stopped: null }]);
  run(4);
  expect(ended).not.toHaveBeenCalled();
  run(0.3);
  expect(ended).toHaveBeenCalledOnce();
  expect(context.heard).toHaveLength(1);
  expect(context.heard[0]?.stopped).toBeNull();
});

test("a loop starts every pass exactly where the last one ends, seconds ahead", () => {
  transport.setLoop(true);
  transport.play(take(1));
  expect(context.heard.map(({ at }) => at)).toEqual([0.05, 2.05]);
  run(9);
  const starts = context.heard.map(({ at }) => at);
  starts.forEach((at, index) => {
    expect(at).toBeCloseTo(0.05 + 2 * index, 9);
  });
  expect(starts.at(-1)).toBeGreaterThan(context.currentTime + 1);
});

test("the playhead is what is heard: the clock less the output's latency", () => {
  context.outputLatency = 0.2;
  transport.setLoop(true);
  transport.play(take(2));
  expect(transport.position()?.seconds).toBe(0);
  run(1);
  expect(transport.position()?.seconds).toBeCloseTo(1 - 0.05 - 0.2);
  run(4);
  expect(transport.position()?.seconds).toBeCloseTo(5 - 0.25 - 4);
});

test("another take comes in at the next bar line, at that bar, and the first is cut with a fade", () => {
  transport.setLoop(true);
  transport.play(take(2));
  run(0.5);
  const other = take(2);
  expect(transport.change(other)).toBeCloseTo(2.05);
  const [first, second] = context.sources;
  expect(second?.started).toEqual({ at: 2.05, offset: 2 });
  expect(first?.gain?.events).toEqual([
    ["set", 1, 2.05],
    ["ramp", 0, expect.closeTo(2.055)],
  ]);
  expect(first?.stopped).toBeCloseTo(2.06);
  // The pass that was started ahead is taken back; the next one follows the new take.
  expect(context.heard.map(({ at, offset }) => [at, offset])).toEqual([
    [0.05, 0],
    [2.05, 2],
  ]);
  run(2);
  expect(context.heard.map(({ at }) => at)).toEqual([0.05, 2.05, 4.05]);
  expect(transport.position()?.take).toBe(other);
  expect(transport.position()?.seconds).toBeCloseTo(2.45);
});

test("a change in the last bar of a loop comes in at its start, without a cut", () => {
  transport.setLoop(true);
  transport.play(take(2));
  run(3);
  expect(transport.change(take(2))).toBeCloseTo(4.05);
  expect(context.sources[0]?.stopped).toBeNull();
  expect(context.heard.map(({ at, offset }) => [at, offset])).toEqual([
    [0.05, 0],
    [4.05, 0],
  ]);
});

test("the last of several changes before one bar line is the one that is heard", () => {
  transport.setLoop(true);
  transport.play(take(4));
  run(0.3);
  transport.change(take(4));
  transport.change(take(4));
  const last = take(4);
  expect(transport.change(last)).toBeCloseTo(2.05);
  expect(context.heard.map(({ at, offset }) => [at, offset])).toEqual([
    [0.05, 0],
    [2.05, 2],
  ]);
  run(2);
  expect(transport.position()?.take).toBe(last);
});

test("a change too near to the bar line waits for the next one", () => {
  transport.setLoop(true);
  transport.play(take(4));
  context.currentTime = 2.03;
  expect(transport.change(take(4))).toBeCloseTo(4.05);
});

test("a new tempo is a new take: the same bar at its own second, and bars of the new length after it", () => {
  transport.setLoop(true);
  transport.play(take(2, 120));
  run(0.5);
  const slow = take(2, 60);
  transport.change(slow);
  expect(context.heard.at(-1)).toMatchObject({ at: 2.05, offset: 4 });
  run(6);
  expect(context.heard.map(({ at }) => at)).toEqual([0.05, 2.05, 6.05]);
});

test("a clip with fewer bars goes on within its own", () => {
  transport.setLoop(true);
  transport.play(take(4));
  run(4.5);
  transport.change(take(2));
  expect(context.heard.at(-1)).toMatchObject({ at: 6.05, offset: 2 });
});

test("a cut through sounding notes is let in over some milliseconds, a cut through silence is not", () => {
  transport.setLoop(true);
  transport.play(take(2));
  run(0.5);
  transport.change(take(2, 120, 0.5));
  expect(context.sources.at(-1)?.gain?.events[0]).toEqual(["set", 0, 2.05]);
  transport.change(take(2, 120, 0));
  expect(context.sources.at(-1)?.gain?.events).toEqual([]);
});

test("where nothing follows the end, a change in the last bar has no bar line to come in at", () => {
  transport.play(take(2));
  run(2.5);
  expect(transport.change(take(2))).toBeUndefined();
});

test("turning the loop off takes back the passes that have not begun", () => {
  transport.setLoop(true);
  transport.play(take(1));
  run(0.5);
  transport.setLoop(false);
  expect(context.heard).toHaveLength(1);
  run(2);
  expect(ended).toHaveBeenCalledOnce();
});

test("turning the loop on in time goes on without a gap", () => {
  transport.play(take(1));
  run(1.5);
  transport.setLoop(true);
  expect(context.heard.map(({ at }) => at)).toEqual([0.05, 2.05, 4.05]);
});

test("stop fades what sounds, tails included, and takes back the rest", () => {
  transport.setLoop(true);
  transport.play(take(1));
  run(2.5);
  transport.stop();
  const [first, second, third] = context.sources;
  for (const source of [first, second]) {
    expect(source?.gain?.events.at(-1)).toEqual(["target", 0, context.currentTime]);
    expect(source?.stopped).toBeCloseTo(context.currentTime + 0.03);
  }
  expect(third?.stopped).toBe(0);
  expect(transport.playing).toBe(false);
  expect(transport.position()).toBeUndefined();
});

test("playing from the middle starts there, and starting anew stops what was", () => {
  transport.play(take(2), 1.5);
  expect(context.heard).toEqual([{ at: 0.05, offset: 1.5, stopped: null }]);
  run(0.5);
  expect(transport.position()?.seconds).toBeCloseTo(1.95);
  transport.play(take(2), 0);
  expect(context.sources[0]?.stopped).not.toBeNull();
  expect(context.heard.at(-1)).toMatchObject({ at: expect.closeTo(0.55), offset: 0 });
});

test("a change that cannot wait goes on at the beat that is heard, also in another tempo", () => {
  transport.setLoop(true);
  transport.play(take(2));
  run(1);
  expect(transport.change(take(2, 60), true)).toBeCloseTo(1.03);
  const begun = context.heard.find(({ at }) => Math.abs(at - 1.03) < 1e-4);
  // 0.98 s at 120 are 1.96 s at 60.
  expect(begun?.offset).toBeCloseTo(1.96, 3);
  expect(context.heard[0]?.stopped).toBeCloseTo(1.04);
  expect(transport.position()?.take.sound.seconds).toBe(4);
  run(0.2);
  expect(transport.position()?.seconds).toBeCloseTo(1.96 + (context.currentTime - 1.03), 2);
  // It loops as before, without a gap.
  run(8);
  const again = context.heard.filter(({ offset }) => offset === 0).map(({ at }) => at);
  expect(again.at(-1)).toBeCloseTo(1.03 + (8 - 1.96), 3);
});

test("of two changes at one moment the second takes the first one's place", () => {
  transport.setLoop(true);
  transport.play(take(2));
  run(1);
  transport.change(take(2), true);
  const last = take(2);
  expect(transport.change(last, true)).toBeCloseTo(1.03);
  run(0.2);
  expect(transport.position()?.take).toBe(last);
});

test("before the first beat it begins there, and past the end of a shorter clip it waits for the bar line", () => {
  transport.setLoop(true);
  transport.play(take(2));
  expect(transport.change(take(2), true)).toBeCloseTo(0.05);
  run(3);
  expect(transport.change(take(1), true)).toBeCloseTo(4.05);
});
