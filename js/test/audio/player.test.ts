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
  delete (globalThis as Record<string, unknown>).__mvae_widgets_audio_1;
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
  page.soundfont = {
    render: async () => [new Float32Array(4500).fill(0.1), new Float32Array(4500)],
  } as never;
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
