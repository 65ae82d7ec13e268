/** Pitch ranges while editing: room above and below to draw in, which never shrinks under the hand. */

import { type Clip, type Note, tracksOf } from "../../core/clip";
import { DRUM_ROWS, drumPitch } from "../../core/pitch";

/** Semitones left free above and below, and the least range there is; the layout adds two on either side. */
const ROOM = 2;
const LEAST = 25;
const MIDDLE = 66;
/** A range by so many semitones too large is made anew: what held it open is gone. */
const SPARE = 14;

interface Range {
  readonly low: number;
  readonly high: number;
}

export class EditRange {
  #ranges: (Range | null)[] = [];

  /** Forgets what it has shown: another piece is edited. */
  reset(): void {
    this.#ranges = [];
  }

  /** Notes that hold the ranges open: a lowest and a highest one for each pitched track, all drums for others. */
  notes(clip: Clip, more: readonly Note[] = []): Note[] {
    return tracksOf(clip).flatMap(({ drum, program }, track) => {
      const stand = (pitch: number): Note => {
        return { start: 0, end: 0, pitch, velocity: 1, track, program, drum };
      };
      if (drum) return DRUM_ROWS.map((index) => stand(drumPitch(index)));
      const { low, high } = this.#grow(track, [...clip.notes, ...more]);
      return [stand(low), stand(high)];
    });
  }

  #grow(track: number, notes: readonly Note[]): Range {
    const pitches = notes.filter((note) => note.track === track).map((note) => note.pitch);
    const lowest = pitches.reduce((least, pitch) => Math.min(least, pitch), 128);
    const highest = pitches.reduce((most, pitch) => Math.max(most, pitch), -1);
    const held = this.#ranges[track];
    const needed = highest < 0 ? { low: MIDDLE, high: MIDDLE } : { low: lowest - ROOM, high: highest + ROOM };
    const known =
      held && (needed.low - held.low > SPARE || held.high - needed.high > SPARE) && highest >= 0
        ? null
        : held;
    const range = {
      low: Math.min(known?.low ?? needed.low, needed.low),
      high: Math.max(known?.high ?? needed.high, needed.high),
    };
    const short = Math.max(0, LEAST - 4 - (range.high - range.low + 1));
    const open = {
      low: Math.max(0, range.low - Math.ceil(short / 2)),
      high: Math.min(127, range.high + Math.floor(short / 2)),
    };
    this.#ranges[track] = open;
    return open;
  }
}
