import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { audioPage } from "../../src/audio/page";
import { Player } from "../../src/audio/player";
import { clip, note } from "../make";
import { FakeContext } from "./fake";

let context: FakeContext;
const players: Player[] = [];

const tune = (pitch: number) => clip([note(0, 1, pitch), note(4, 5, pitch)], 8);
const programme = (pitch = 60) => ({ clip: tune(pitch), tempo: 120, loop: true, volume: 0.8 });

function player(assets: () => Promise<ArrayBuffer> = () => new Promise(() => {}), pitch = 60): Player {
  const made = new Player(assets, programme(pitch));
  players.push(made);
  return made;
}

/** Lets promises and timers of some ms run, and the audio clock with them. */
async function pass(ms: number) {
  for (let at = 0; at < ms; at += 50) {
    context.currentTime += 0.05;
    await vi.advanceTimersByTimeAsync(50);
  }
}

beforeEach(() => {
  vi.useFakeTimers();
  context = new FakeContext();
  vi.stubGlobal(
    "AudioContext",
    class {
      constructor() {
        // biome-ignore lint/correctness/noConstructorReturn: the test's own context stands in.
        return context;
      }
    },
  );
});
afterEach(() => {
  for (const made of players.splice(0)) made.dispose();
  vi.unstubAllGlobals();
  vi.useRealTimers();
  delete (globalThis as Record<string, unknown>).__mvae_widgets_audio_2;
});

test("a click plays at once with the built-in sound", async () => {
  const one = player();
  void one.play();
  expect(one.playing).toBe(true);
  await pass(50);
  expect(context.heard[0]?.offset).toBe(0);
  expect(one.engine).toBe("builtin");
  await pass(500);
  expect(one.position).toBeGreaterThan(0.8);
});

test("the page has one context, and starting one player stops the other", async () => {
  const [one, two] = [player(), player()];
  void one.play();
  await pass(500);
  void two.play();
  await pass(100);
  expect([one.playing, two.playing]).toEqual([false, true]);
  expect(one.position).toBeGreaterThan(0);
  expect(audioPage().context).toBe(context);
});

test("pause keeps the place, stop goes back to the beginning", async () => {
  const one = player();
  void one.play();
  await pass(1100);
  one.pause();
  const paused = one.position;
  expect(paused).toBeGreaterThan(1.5);
  await pass(200);
  expect(one.position).toBe(paused);
  void one.play();
  await pass(50);
  expect(context.heard.map(({ offset }) => offset)).toContainEqual(expect.closeTo(paused / 2, 2));
  one.stop();
  expect(one.position).toBe(0);
});

test("a browser that waits for a click gets a quiet word, no exception", async () => {
  context.wakes = false;
  const one = player();
  void one.play();
  await pass(1200);
  expect(one.playing).toBe(false);
  expect(one.notice).toEqual({ kind: "blocked" });
});

test("so does a browser without sound", async () => {
  vi.stubGlobal("AudioContext", undefined);
  const one = player();
  await one.play();
  expect(one.playing).toBe(false);
  expect(one.notice).toEqual({ kind: "none" });
});

test("a kernel that does not answer is named after a while, and playing goes on", async () => {
  const one = player(
    () =>
      new Promise((_, reject) =>
        setTimeout(() => reject(Object.assign(new Error("late"), { code: "timeout" })), 4000),
      ),
  );
  void one.play();
  await pass(1000);
  expect(one.notice).toBeNull();
  await pass(1000);
  expect(one.notice).toEqual({ kind: "waiting" });
  await pass(3000);
  expect(one.notice).toEqual({ kind: "gone" });
  expect(one.playing).toBe(true);
  expect(audioPage().loading).toBeUndefined();
});

test("what the kernel said about a file that it lacks is passed on", async () => {
  const error = Object.assign(new Error("No SoundFont."), { code: "asset", hint: "Install pretty_midi." });
  const one = player(() => Promise.reject(error));
  void one.play();
  await pass(100);
  expect(one.notice).toEqual({ kind: "failed", text: "No SoundFont.", hint: "Install pretty_midi." });
});

test("instruments that arrive come in at the next bar line", async () => {
  const page = audioPage();
  const one = player();
  void one.play();
  await pass(500);
  const render = async () => [new Float32Array(4500).fill(0.1), new Float32Array(4500)];
  page.soundfont = { bank: "", soundfont: { render } as never };
  one.set(programme(61));
  await pass(200);
  expect(one.engine).toBe("soundfont");
  expect(context.heard.at(-1)).toMatchObject({ at: expect.closeTo(2.1, 2), offset: 2 });
});

test("a clip that changes while it plays comes in at the bar line; the last one wins", async () => {
  const one = player();
  void one.play();
  await pass(500);
  for (const pitch of [61, 62, 63]) one.set(programme(pitch));
  await pass(200);
  const cuts = context.heard.filter(({ offset }) => offset === 2);
  expect(cuts).toHaveLength(1);
});

test("without a loop the end puts the playhead back", async () => {
  const one = player();
  one.set({ ...programme(), loop: false });
  void one.play();
  await pass(4600);
  expect(one.playing).toBe(false);
  expect(one.position).toBe(0);
});

test("seeking moves a silent playhead, and a sounding one at once", async () => {
  const one = player();
  one.seek(3);
  expect(one.position).toBe(3);
  one.seek(99);
  expect(one.position).toBe(8);
  one.seek(2);
  void one.play();
  await pass(50);
  expect(context.heard[0]?.offset).toBe(1);
  one.seek(6);
  expect(context.heard.at(-2)?.offset).toBe(3);
});

test("a loop region plays alone and round and round; without the loop the clip goes on after it", async () => {
  const one = player();
  one.set({ ...programme(), region: [4, 6] });
  void one.play();
  await pass(50);
  expect(one.position).toBe(4);
  await pass(2500);
  const starts = context.heard.map(({ at }) => at);
  starts.forEach((at, index) => {
    expect(at).toBeCloseTo((starts[0] as number) + index, 6);
  });
  expect(one.position).toBeGreaterThanOrEqual(4);
  expect(one.position).toBeLessThanOrEqual(6);
  one.set({ ...programme(), region: [4, 6], loop: false });
  await pass(200);
  const last = context.heard.at(-1);
  expect(last?.offset).toBe(3);
  expect(last?.at).toBeCloseTo((starts[0] as number) + 3, 6);
});

test("seeking out of the region goes to its beginning", async () => {
  const one = player();
  one.set({ ...programme(), region: [4, 8] });
  void one.play();
  await pass(300);
  one.seek(1);
  expect(context.heard.findLast(({ at }) => at <= context.currentTime + 0.06)?.offset).toBe(0);
  one.seek(5);
  expect(context.heard.findLast(({ at }) => at <= context.currentTime + 0.06)?.offset).toBe(0.5);
});

test("a hand on the mixer is heard at once, not from the bar line, and what is left keeps its loudness", async () => {
  const two = [note(0, 8, 60), note(0, 8, 64, { track: 1 })];
  const tracks = [0, 1].map((index) => ({ name: `${index}`, program: 0, drum: false }));
  const both = { ...programme(), clip: clip(two, 8, { tracks }) };
  const one = player();
  one.set(both);
  void one.play();
  await pass(500);
  one.set({ ...both, mix: [{ mute: true, solo: false, level: 1, program: null }] });
  await pass(150);
  const cut = context.heard.find(({ at, offset }) => offset > 0.3 && offset < 1 && at < 0.8);
  expect(cut).toBeDefined();
  const alone = player();
  alone.set({ ...both, clip: clip([two[1] as never], 8, { tracks }) });
  void alone.play();
  await pass(100);
  const peakOf = (buffer: AudioBuffer) =>
    buffer.getChannelData(0).reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  const full = context.sources.at(-1)?.buffer as AudioBuffer;
  const muted = context.sources.find(({ started }) => started?.at === cut?.at)?.buffer as AudioBuffer;
  expect(peakOf(full)).toBeCloseTo(0.9);
  expect(peakOf(muted)).toBeLessThan(0.75);
  expect(peakOf(muted)).toBeGreaterThan(0.2);
});

test("a bar is counted before the music, and until then the quarter that is heard is negative", async () => {
  const one = player();
  one.set({ ...programme(), countIn: true });
  void one.play();
  await pass(50);
  const music = context.sources.filter(({ started }) => started && started.at > 1.9);
  expect(music[0]?.started).toEqual({ at: expect.closeTo(0.05 + 0.05 + 2, 1), offset: 0 });
  const strokes = context.sources.filter(({ started }) => started && started.at < 1.9);
  expect(strokes).toHaveLength(4);
  expect(one.position).toBe(0);
  await pass(1000);
  expect(one.quarterAt(performance.now())).toBeCloseTo(-2, 0);
  await pass(1500);
  expect(one.position).toBeGreaterThan(0);
  one.seek(2);
  expect(context.heard.findLast(({ at }) => at <= context.currentTime + 0.06)?.offset).toBe(1);
});

test("players of one group start together on one clock, and stop together", async () => {
  const [one, two, other] = [player(), player(), player()];
  for (const mate of [one, two]) mate.set({ ...programme(), group: "g" });
  void other.play();
  await pass(200);
  void one.play();
  await pass(200);
  expect([one.playing, two.playing, other.playing]).toEqual([true, true, false]);
  const begun = context.heard.filter(({ offset }) => offset === 0).map(({ at }) => at);
  expect(begun.filter((at) => at === begun.at(-1))).toHaveLength(2);
  expect(one.since).toBe(two.since);
  expect(one.since).toBeGreaterThan(0);
  two.pause();
  expect([one.playing, two.playing]).toEqual([false, false]);
  expect([one.since, two.since]).toEqual([0, 0]);
  expect(one.position).toBeCloseTo(two.position, 6);
});

test("one in another frame falls in where the group is", async () => {
  const one = player();
  one.set({ ...programme(), group: "g" });
  const began = performance.timeOrigin + performance.now() - 5000;
  void one.play({ since: began });
  await pass(50);
  // Eight quarters at 120 last 4 s: after 5 s it is in the second round.
  expect(context.heard[0]?.offset).toBeCloseTo(1.05, 1);
  expect(one.since).toBe(began);
});

test("another SoundFont takes the place of the one that plays", async () => {
  const page = audioPage();
  const render = (level: number) => async () => [new Float32Array(4500).fill(level), new Float32Array(4500)];
  page.bank = "";
  page.soundfont = { bank: "", soundfont: { render: render(0.1) } as never };
  const asked: string[] = [];
  const one = player((async (name: string) => {
    asked.push(name);
    return new ArrayBuffer(0);
  }) as never);
  void one.play();
  await pass(100);
  expect(asked).toEqual([]);
  one.set({ ...programme(), bank: "mine" });
  await pass(200);
  expect(asked).toEqual(["engine.js", "soundfont.sf2"]);
});
