/** Which note of one clip becomes which note of the next: matched by onset, then by pitch. */

import type { Note } from "./clip";

export interface Pair {
  readonly from: Note | null;
  readonly to: Note | null;
}

/** A note in mid-flight; `alpha` falls for a note that goes and rises for one that comes. */
export interface Flying {
  readonly note: Note;
  readonly alpha: number;
}

const SAME = 1e-3;

/**
 * Pairs notes of one track that start together, nearest pitches first; the rest stand alone and fade.
 * Drum hits pair only with hits of the same pitch: a kick does not slide into a hat.
 */
export function matchNotes(from: readonly Note[], to: readonly Note[]): Pair[] {
  const waiting = new Map<string, Note[]>();
  const key = (note: Note) => `${note.track}:${Math.round(note.start / SAME)}`;
  for (const note of to) waiting.set(key(note), [...(waiting.get(key(note)) ?? []), note]);

  const options: { from: Note; to: Note; distance: number }[] = [];
  for (const note of from) {
    for (const other of waiting.get(key(note)) ?? []) {
      if (note.drum !== other.drum || (note.drum && note.pitch !== other.pitch)) continue;
      options.push({ from: note, to: other, distance: Math.abs(note.pitch - other.pitch) });
    }
  }
  options.sort((a, b) => a.distance - b.distance);

  const used = new Set<Note>();
  const pairs: Pair[] = [];
  for (const option of options) {
    if (used.has(option.from) || used.has(option.to)) continue;
    used.add(option.from).add(option.to);
    pairs.push({ from: option.from, to: option.to });
  }
  for (const note of from) if (!used.has(note)) pairs.push({ from: note, to: null });
  for (const note of to) if (!used.has(note)) pairs.push({ from: null, to: note });
  return pairs;
}

/** The pairs at `k` of the way, 0 to 1. */
export function blend(pairs: readonly Pair[], k: number): Flying[] {
  const mix = (a: number, b: number) => a + (b - a) * k;
  const flying: Flying[] = [];
  for (const { from, to } of pairs) {
    if (from && to) {
      const note = {
        ...to,
        start: mix(from.start, to.start),
        end: mix(from.end, to.end),
        pitch: mix(from.pitch, to.pitch),
        velocity: mix(from.velocity, to.velocity),
      };
      flying.push({ note, alpha: 1 });
    } else if (from) flying.push({ note: from, alpha: 1 - k });
    else if (to) flying.push({ note: to, alpha: k });
  }
  return flying;
}

/** cubic-bezier(.2, .7, .2, 1), the curve of every morph (LOOK.md 9). */
export function easeMorph(time: number): number {
  const bezier = (s: number, a: number, b: number) =>
    3 * a * s * (1 - s) ** 2 + 3 * b * s * s * (1 - s) + s ** 3;
  let low = 0;
  let high = 1;
  for (let i = 0; i < 24; i++) {
    const middle = (low + high) / 2;
    if (bezier(middle, 0.2, 0.2) < time) low = middle;
    else high = middle;
  }
  return bezier((low + high) / 2, 0.7, 1);
}
