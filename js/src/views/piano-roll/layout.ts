/** Which lanes a clip has, and where they lie. */

import { type Clip, type Note, tracksOf } from "../../core/clip";
import { DRUM_ROWS, drumClass } from "../../core/pitch";

export const RULER = 24;
/** Over this width the keyboard is shown. */
const WIDE = 560;
const KEYS = 34;
const LEAST_RANGE = 16;
const PAD = 2;
const LANE_GAP = 6;
/** Height of a lane alone that is given room, however little that is. */
const LEAST_ALONE = 216;
/** Drum classes whose rows are always there. */
const BASIC = [0, 1, 2, 3];

interface Box {
  readonly track: number;
  readonly name: string;
  readonly program: number;
  /** Below the top of the stage, in css px. */
  readonly top: number;
  readonly height: number;
  readonly row: number;
}

export interface PitchLane extends Box {
  readonly kind: "pitch";
  readonly low: number;
  readonly high: number;
}

export interface DrumLane extends Box {
  readonly kind: "drums";
  /** Drum classes from top to bottom. */
  readonly rows: readonly number[];
  /** Blocks parted by gaps, as a drum machine shows them; lanes among others have none. */
  readonly blocks: boolean;
}

export type Lane = PitchLane | DrumLane;

/** What stands left of the notes. */
export type Gutter = "none" | "keys" | "rows" | "names";

export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly gutter: Gutter;
  /** Left edge of the notes. */
  readonly left: number;
  readonly lanes: readonly Lane[];
}

export interface LayoutOptions {
  /** Height of all lanes together; undefined lets the music decide. */
  readonly height?: number | undefined;
  /** Height that there is for all lanes: one alone fills it, several are no lower than the music wants them. */
  readonly room?: number | undefined;
  /** Notes that set the ranges, where rolls share one scale. */
  readonly scale?: readonly Note[] | undefined;
  readonly keys: boolean;
  /** Rows are higher where they are to be hit, and the keyboard is there at any width. */
  readonly edit?: boolean;
}

/** Pitch range of some notes: padded, 16 semitones at least, kept within MIDI. */
export function rangeOf(notes: readonly Note[]): { low: number; high: number } {
  let low = notes.reduce((least, note) => Math.min(least, note.pitch), 128);
  let high = notes.reduce((most, note) => Math.max(most, note.pitch), -1);
  if (high < 0) {
    low = 60;
    high = 71;
  }
  low -= PAD;
  high += PAD;
  while (high - low + 1 < LEAST_RANGE) {
    high++;
    if (high - low + 1 < LEAST_RANGE) low--;
  }
  const shift = Math.max(0, -low) - Math.max(0, high - 127);
  return { low: Math.max(0, low + shift), high: Math.min(127, high + shift) };
}

/** Rows of a drum lane, top to bottom: the basic four and those that are hit. */
export function rowsOf(notes: readonly Note[]): number[] {
  const hit = new Set(notes.map((note) => drumClass(note.pitch)));
  return DRUM_ROWS.filter((index) => hit.has(index) || BASIC.includes(index));
}

const clamp = (value: number, low: number, high: number) => Math.max(low, Math.min(high, value));

interface Plan {
  readonly track: number;
  readonly range: { low: number; high: number } | undefined;
  readonly rows: readonly number[];
  readonly wish: number;
}

export function layoutOf(clip: Clip, width: number, options: LayoutOptions): Layout {
  const tracks = tracksOf(clip);
  const scale = options.scale ?? clip.notes;
  const alone = tracks.length === 1;
  const plans = tracks.map((track, index): Plan => {
    const notes = scale.filter((note) => note.track === index);
    if (track.drum) {
      const rows = rowsOf(notes);
      return { track: index, range: undefined, rows, wish: rows.length * (alone ? 24 : 13) };
    }
    const range = rangeOf(notes);
    const count = range.high - range.low + 1;
    const few = tracks.length <= 4;
    const wish = alone
      ? options.edit
        ? clamp(count * 11, 240, 400)
        : clamp(count * 9.6, 212, 320)
      : few
        ? clamp(count * 4.8, 74, 144)
        : clamp(count * 3, 48, 96);
    return { track: index, range, rows: [], wish: Math.round(wish) };
  });

  const gaps = LANE_GAP * (plans.length - 1);
  const total = plans.reduce((sum, plan) => sum + plan.wish, 0);
  const stretch = stretchOf(options, total, gaps, alone ? LEAST_ALONE : total);

  const gutter: Gutter = !alone
    ? "names"
    : tracks[0]?.drum
      ? "rows"
      : options.keys && (width > WIDE || options.edit)
        ? "keys"
        : "none";
  const left = gutter === "none" ? 0 : gutter === "keys" ? KEYS : width > WIDE ? 86 : 64;

  let top = RULER;
  const lanes = plans.map((plan): Lane => {
    const track = tracks[plan.track] as (typeof tracks)[number];
    const height = plan.wish * stretch;
    const box = { track: plan.track, name: track.name, program: track.program, top, height };
    top += height + LANE_GAP;
    if (!plan.range) {
      return { ...box, kind: "drums", row: height / plan.rows.length, rows: plan.rows, blocks: alone };
    }
    const { low, high } = plan.range;
    return { ...box, kind: "pitch", row: height / (high - low + 1), low, high };
  });
  return { width, height: Math.round(top - LANE_GAP), gutter, left, lanes };
}

function stretchOf({ height, room }: LayoutOptions, total: number, gaps: number, least: number): number {
  if (height !== undefined) return (height - RULER - gaps) / total;
  return room ? Math.max(least, room - RULER - gaps) / total : 1;
}

/** Top of a pitch in its lane. */
export const pitchTop = (lane: PitchLane, pitch: number): number => lane.top + (lane.high - pitch) * lane.row;
