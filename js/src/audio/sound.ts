/** A clip at a tempo, in seconds: what a synth is given. */

import { type Clip, tracksOf } from "../core/clip";
import { hashNumbers } from "../core/notes";
import { MeterMap, TempoMap } from "../core/time";

export interface SoundNote {
  /** Seconds. */
  readonly start: number;
  readonly end: number;
  readonly pitch: number;
  /** 1 to 127. */
  readonly velocity: number;
  /** Notes of one part share a MIDI channel. */
  readonly part: number;
  readonly program: number;
  readonly drum: boolean;
}

export interface Sound {
  readonly notes: readonly SoundNote[];
  /** Length in seconds, to the last bar line. */
  readonly seconds: number;
  /** Seconds of every bar line, the first being 0 and the last `seconds`. */
  readonly bars: readonly number[];
  readonly tempo: TempoMap;
  /** Equal for equal sounds. */
  readonly key: string;
}

/** A hit shorter than this still gets its stroke. */
const SHORTEST = 0.03;

export function soundOf(clip: Clip, qpm: number): Sound {
  const tempo = new TempoMap(clip.score.tempos, qpm);
  const meter = MeterMap.of(clip.score);
  const tracks = tracksOf(clip);
  const last = meter.quarters;
  const notes = clip.notes
    .filter((note) => note.start < last)
    .map((note) => {
      const start = Math.max(0, tempo.seconds(note.start));
      const end = Math.max(start + SHORTEST, tempo.seconds(Math.min(note.end, last)));
      const drum = note.drum || (tracks[note.track]?.drum ?? false);
      const { pitch, velocity, program } = note;
      return { start, end, pitch, velocity, part: note.track, program, drum };
    });
  const bars = meter.lines().map((quarter) => tempo.seconds(quarter));
  const numbers: number[] = [...bars, -1];
  for (const note of notes) {
    numbers.push(note.start, note.end, note.pitch, note.velocity, note.part, note.program, note.drum ? 1 : 0);
  }
  return { notes, seconds: bars.at(-1) as number, bars, tempo, key: hashNumbers(numbers) };
}
