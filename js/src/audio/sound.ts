/** A clip at a tempo, in seconds: what a synth is given. */

import { type Clip, tracksOf } from "../core/clip";
import { heardLevel, type Mix, mixOf } from "../core/mix";
import { hashNumbers } from "../core/notes";
import { PlayTime, type Region } from "../core/play-time";

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
  /** Level of the part, above 0 and at most 1. */
  readonly level: number;
}

/** A stroke of the metronome. */
export interface Beat {
  /** Seconds. */
  readonly second: number;
  /** Whether a bar begins with it. */
  readonly first: boolean;
}

/** How a clip is played; all that is left out is as the clip has it. */
export interface Manner {
  readonly swing?: number | undefined;
  readonly region?: Region;
  readonly mix?: Mix;
}

export interface Sound {
  readonly notes: readonly SoundNote[];
  /** Length in seconds, to the last bar line or the end of the region. */
  readonly seconds: number;
  /** Seconds of every bar line within, the first being 0 and the last `seconds`. */
  readonly bars: readonly number[];
  /** Number of the bar that `bars` begin with, from 0. */
  readonly firstBar: number;
  readonly beats: readonly Beat[];
  readonly tempo: PlayTime;
  /** Equal for equal sounds. */
  readonly key: string;
  /** All tracks of the whole clip, whose loudness is this one's scale; undefined where that is this sound. */
  readonly whole: Sound | undefined;
}

/** A hit shorter than this still gets its stroke. */
const SHORTEST = 0.03;

export function soundOf(clip: Clip, qpm: number, manner: Manner = {}): Sound {
  const { swing, region = null, mix = [] } = manner;
  const tempo = new PlayTime(clip.score, qpm, swing, region);
  const tracks = tracksOf(clip);
  const notes: SoundNote[] = [];
  for (const note of clip.notes) {
    const level = heardLevel(mix, note.track);
    if (level <= 0 || note.start < tempo.from - 1e-6 || note.start >= tempo.to - 1e-6) continue;
    const start = Math.max(0, tempo.seconds(note.start));
    const end = Math.max(start + SHORTEST, tempo.seconds(Math.min(note.end, tempo.to)));
    const drum = note.drum || (tracks[note.track]?.drum ?? false);
    const program = mixOf(mix, note.track).program ?? note.program;
    const { pitch, velocity } = note;
    notes.push({ start, end, pitch, velocity, part: note.track, program, drum, level });
  }
  const lines = tempo.lines();
  const bars = lines.quarters.map((quarter) => Math.max(0, tempo.seconds(quarter)));
  const beats = tempo.beats().map(({ quarter, first }) => ({ second: tempo.seconds(quarter), first }));
  const numbers: number[] = [...bars, -1];
  for (const note of notes) {
    const { start, end, pitch, velocity, part, program, drum, level } = note;
    numbers.push(start, end, pitch, velocity, part, program, drum ? 1 : 0, level);
  }
  return {
    notes,
    seconds: bars.at(-1) as number,
    bars,
    firstBar: lines.first,
    beats,
    tempo,
    key: hashNumbers(numbers),
    whole: tempo.partial || mix.length > 0 ? soundOf(clip, qpm, { swing }) : undefined,
  };
}
