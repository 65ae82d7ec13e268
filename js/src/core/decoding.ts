/** What a page that decodes by itself gives for a latent vector. */

import type { Note } from "./clip";
import type { Vector } from "./latent";

export interface Decoded {
  /** Notes of track 0, times in quarters. */
  readonly notes: readonly Note[];
  /** What is compared when two clips are: so many bytes a step. */
  readonly tokens: Uint8Array;
  /** Bytes a step. */
  readonly width: number;
  /** Attributes by name; NaN where there is no note to measure. */
  readonly got: Readonly<Record<string, number>>;
}

export interface Drawing {
  /** Null for the likeliest at every step; above 0 draws. */
  readonly temperature?: number | null;
  /** The same seed draws the same music, on this page and on any other. */
  readonly seed?: number;
  /** General MIDI sound of the melodies, one each. */
  readonly programs?: readonly number[];
}

/** Music at points of latent space. */
export type Decode = (points: readonly Vector[], drawing?: Drawing) => Promise<Decoded[]>;

/** Share of steps in which two clips differ, 0 to 1. */
export function hamming(a: Uint8Array, b: Uint8Array, width: number): number {
  const steps = Math.floor(a.length / width);
  let differ = 0;
  for (let step = 0; step < steps; step++) {
    for (let k = step * width; k < (step + 1) * width; k++) {
      if (a[k] !== b[k]) {
        differ++;
        break;
      }
    }
  }
  return steps > 0 ? differ / steps : 0;
}
