/** How one clip differs from another, note by note (music/difference.py). */

import type { Clip, Note } from "./clip";
import type { Beat } from "./compare-props";
import { drumClass } from "./pitch";
import { MeterMap } from "./time";

/** Quarters: half a step of a 16th. Onsets that lie further apart belong to different notes. */
const NEAR = 0.125;
const EPSILON = 1e-4;

export interface Difference {
  /** How many notes both have. */
  readonly same: number;
  /** Indices of the first clip's notes that the second lacks, and of the second's that the first lacks. */
  readonly missing: readonly number[];
  readonly added: readonly number[];
  /** Every beat of the longer clip, and how many of those notes begin in it. */
  readonly beats: readonly Beat[];
}

const keyOf = ({ track, pitch, drum }: Note): string =>
  `${track} ${drum ? `drum ${drumClass(pitch)}` : pitch}`;

/** Each note is the same as one other at most: on its track, of its pitch or drum, and no further than `NEAR`. */
export function difference(first: Clip, second: Clip): Difference {
  const waiting = new Map<string, number[]>();
  second.notes.forEach((note, k) => {
    waiting.set(keyOf(note), [...(waiting.get(keyOf(note)) ?? []), k]);
  });
  const startOf = (k: number | undefined) => (k === undefined ? Number.NaN : (second.notes[k] as Note).start);
  const added = new Set(second.notes.keys());
  const missing = first.notes.flatMap((note, k) => {
    const queue = waiting.get(keyOf(note)) ?? [];
    // Notes are in order of time: what begins too early for this one is too early for all that follow.
    while (startOf(queue[0]) < note.start - NEAR - EPSILON) queue.shift();
    if (!(startOf(queue[0]) <= note.start + NEAR + EPSILON)) return [k];
    added.delete(queue.shift() as number);
    return [];
  });
  const onsets = [...missing.map((k) => (first.notes[k] as Note).start), ...[...added].map(startOf)];
  const longer = second.score.quarters > first.score.quarters ? second : first;
  const same = first.notes.length - missing.length;
  return { same, missing, added: [...added], beats: beatsOf(longer, onsets) };
}

function beatsOf({ score }: Clip, onsets: readonly number[]): Beat[] {
  const meter = MeterMap.of(score);
  return meter.bars.flatMap((bar) => {
    const starts = meter.beats(bar);
    return starts.map((start, k): Beat => {
      const end = starts[k + 1] ?? bar.end;
      const within = onsets.filter((onset) => onset + EPSILON >= start && onset + EPSILON < end);
      return [start, end, within.length];
    });
  });
}
