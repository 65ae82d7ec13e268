import { expect, test } from "vitest";
import { renderBuiltin } from "../../src/audio/builtin";
import { amplify, type Channels, gainOf, heardLength, PEAK } from "../../src/audio/level";
import { soundOf } from "../../src/audio/sound";
import type { Note } from "../../src/core/clip";
import { clip, note } from "../make";

const RATE = 22050;
const mono = (notes: Note[], quarters = 8): Float32Array<ArrayBuffer> =>
  renderBuiltin(soundOf(clip(notes, quarters), 120), RATE, new Map())[0] as Float32Array<ArrayBuffer>;
const normalise = (channels: Channels, length: number) => amplify(channels, gainOf(channels, length));
const peakOf = (samples: Float32Array) =>
  samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);

test("a sound is the clip in seconds, with every bar line", () => {
  const sound = soundOf(clip([note(0, 1, 60), note(5, 6, 62)], 8), 60);
  expect(sound.seconds).toBe(8);
  expect(sound.bars).toEqual([0, 4, 8]);
  expect(sound.notes.map(({ start, end }) => [start, end])).toEqual([
    [0, 1],
    [5, 6],
  ]);
});

test("notes beyond the last bar line do not sound, notes over it end there", () => {
  const sound = soundOf(clip([note(7, 12, 60), note(8, 9, 62)], 8), 120);
  expect(sound.notes.map(({ end }) => end)).toEqual([4]);
});

test("equal clips at one tempo have one key, other notes or tempos another", () => {
  const key = (pitch: number, tempo: number) => soundOf(clip([note(0, 1, pitch)]), tempo).key;
  expect(key(60, 120)).toBe(key(60, 120));
  expect(new Set([key(60, 120), key(61, 120), key(60, 121)]).size).toBe(3);
});

/** First sample after `from` seconds above a tenth of the peak. */
function onsetAfter(samples: Float32Array, from: number): number {
  const start = Math.round(from * RATE);
  const level = peakOf(samples.subarray(start, start + RATE / 4)) / 10;
  return (start + samples.subarray(start).findIndex((sample) => Math.abs(sample) > level)) / RATE;
}

test("the built-in sound begins each note within some milliseconds of its time", () => {
  const starts = [0.5, 2, 3.25, 5];
  const notes = starts.map((start, i) => note(start, start + 0.25, 60 + 5 * i));
  const samples = mono(notes);
  for (const start of starts) {
    const wanted = start / 2;
    expect(Math.abs(onsetAfter(samples, wanted - 0.01) - wanted), String(start)).toBeLessThan(0.005);
  }
});

test("every drum class has a stroke of its own, and strokes are clean numbers", () => {
  const drums = [36, 38, 42, 46, 45, 48, 50, 49, 51].map((pitch, i) =>
    note(2 * i, 2 * i + 0.25, pitch, { drum: true }),
  );
  const samples = mono(drums, 20);
  expect(samples.every(Number.isFinite)).toBe(true);
  const strokes = drums.map((_, i) => samples.slice(i * RATE, i * RATE + RATE / 2));
  for (const stroke of strokes) expect(peakOf(stroke)).toBeGreaterThan(0.05);
  for (const [i, a] of strokes.entries()) {
    for (const b of strokes.slice(i + 1)) {
      const apart = a.reduce((sum, sample, at) => sum + Math.abs(sample - (b[at] as number)), 0);
      expect(apart / a.length).toBeGreaterThan(0.001);
    }
  }
});

test("many notes at once, and the softest one, come to the same peak and never over it", () => {
  const cluster = [...Array(40).keys()].map((i) => note(0, 4, 40 + i, { velocity: 127 }));
  for (const notes of [cluster, [note(0, 1, 60, { velocity: 1 })]]) {
    const samples = mono(notes);
    normalise([samples], 4 * RATE);
    expect(peakOf(samples)).toBeCloseTo(PEAK, 3);
  }
});

test("a tail that rings into the next pass is counted", () => {
  const samples = Float32Array.of(0.5, 0, 0.5, 0.1);
  normalise([samples, new Float32Array(4)], 2);
  // In a loop of two samples the first sounds with the third.
  expect((samples[0] as number) + (samples[2] as number)).toBeCloseTo(PEAK);
});

test("silence stays silent, and silent tails are cut", () => {
  const [left, right] = [new Float32Array(100), new Float32Array(100)];
  normalise([left, right], 50);
  expect(peakOf(left)).toBe(0);
  right[70] = 0.5;
  expect(heardLength([left, right], 50)).toBe(71);
  expect(heardLength([new Float32Array(100), new Float32Array(100)], 50)).toBe(50);
});

test("the built-in sound has a family for every General MIDI program, of much the same loudness", () => {
  const families = new Map<string, number>();
  for (let program = 0; program < 128; program++) {
    const samples = mono([note(0, 1, 60, { program, velocity: 100 })], 4);
    expect(samples.every(Number.isFinite), String(program)).toBe(true);
    const loud = Math.sqrt(samples.subarray(0, RATE / 2).reduce((sum, x) => sum + x * x, 0) / (RATE / 2));
    expect(loud, String(program)).toBeGreaterThan(0.05);
    expect(loud, String(program)).toBeLessThan(0.7);
    families.set(samples.subarray(0, 400).join(), program);
  }
  expect(families.size).toBeGreaterThan(25);
});

test("a held tone lasts as long as its note, and ends without a click", () => {
  const samples = mono([note(0, 60, 60, { program: 48 })], 64);
  const around = (second: number) => peakOf(samples.subarray(second * RATE - 500, second * RATE + 500));
  for (const second of [1, 6, 15]) expect(around(second)).toBeGreaterThan(0.1);
  let step = 0;
  for (let i = 1; i < samples.length; i++)
    step = Math.max(step, Math.abs((samples[i] as number) - (samples[i - 1] as number)));
  expect(step).toBeLessThan(0.2);
});

test("a drum is louder where it is hit harder", () => {
  const hit = (velocity: number) => peakOf(mono([note(0, 0.25, 38, { drum: true, velocity })], 4));
  expect(hit(40)).toBeLessThan(0.4 * hit(120));
});

test("a region holds the notes that begin in it, cut at its end, on the scale of the whole clip", () => {
  const sound = soundOf(clip([note(0, 4, 60), note(3, 6, 62), note(5, 6, 64)], 8), 60, { region: [2, 5] });
  expect(sound.notes.map(({ start, end, pitch }) => [start, end, pitch])).toEqual([[1, 3, 62]]);
  expect([sound.seconds, sound.bars, sound.firstBar]).toEqual([3, [0, 2, 3], 0]);
  expect(sound.whole?.notes).toHaveLength(3);
});

test("a mix leaves out what is silent, and says at which level and by what the rest plays", () => {
  const tracks = [0, 1, 2].map((index) => ({ name: `${index}`, program: 0, drum: false }));
  const three = clip(
    [0, 1, 2].map((track) => note(0, 1, 60 + track, { track })),
    4,
    { tracks },
  );
  const mix = [
    { mute: true, solo: false, level: 1, program: null },
    { mute: false, solo: false, level: 0.5, program: 73 },
  ];
  const { notes } = soundOf(three, 120, { mix });
  expect(notes.map(({ pitch, level, program }) => [pitch, level, program])).toEqual([
    [61, 0.5, 73],
    [62, 1, 0],
  ]);
  const [soft, full] = [0.5, 1].map((level) => {
    const only = [{ mute: false, solo: false, level, program: null }];
    return peakOf(
      renderBuiltin(soundOf(clip([note(0, 1, 60)], 4), 120, { mix: only }), RATE, new Map())[0] as never,
    );
  });
  expect((soft as number) / (full as number)).toBeCloseTo(0.25, 2);
});
