/** Clips for the tests. */

import type { Clip, Note, Score } from "../src/core/clip";

export function note(start: number, end: number, pitch: number, more: Partial<Note> = {}): Note {
  return { start, end, pitch, velocity: 80, track: 0, program: 0, drum: false, ...more };
}

export function score(quarters: number, more: Partial<Score> = {}): Score {
  const tracks = [{ name: "Melody", program: 0, drum: false }];
  return { quarters, tempos: [[0, 120]], meters: [[0, 4, 4]], tracks, ...more };
}

export function clip(notes: Note[], quarters = 8, more: Partial<Score> = {}): Clip {
  return { notes, score: score(quarters, more) };
}

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
