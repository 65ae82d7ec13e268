/** What would make a model take a clip: found and done on the notes themselves, without the kernel. */

import type { Clip, Note, Refused } from "./clip";
import { inOrder, upTo } from "./edits";
import { MeterMap } from "./time";

/** What one input of a model holds. */
export interface Takes {
  /** The model's name. */
  readonly name: string;
  /** Whether pitched tracks hold one note at a time. */
  readonly mono: boolean;
  /** Lowest and highest pitch. */
  readonly low: number;
  readonly high: number;
  readonly bars: number;
  /** Steps a quarter: what starts in one step starts together. */
  readonly steps: number;
}

export const MENDS = ["top", "fold", "trim", "drop"] as const;
export type Mend = (typeof MENDS)[number];

const EPS = 1e-6;

/** The `_takes` trait, checked. */
export function readTakes(value: unknown): Takes | null {
  const raw = (value ?? {}) as Record<string, unknown>;
  const { low, high, bars, steps } = raw;
  const known = [low, high, bars, steps].every((item) => typeof item === "number" && Number.isFinite(item));
  if (!known) return null;
  return {
    name: typeof raw.name === "string" ? raw.name : "",
    mono: raw.mono === true,
    low: low as number,
    high: high as number,
    bars: bars as number,
    steps: steps as number,
  };
}

/**
 * The highest notes of each pitched track, one at a time: of those that start in one step the highest is
 * kept, one that starts under a higher one goes, and one that sounds on into the next ends there.
 */
export function topLine(notes: readonly Note[], steps: number): Note[] {
  const stepOf = (note: Note) => Math.floor(note.start * steps + 0.5);
  const kept = notes.filter((note) => note.drum);
  const tracks = new Map<number, Note[]>();
  for (const note of notes) if (!note.drum) tracks.set(note.track, [...(tracks.get(note.track) ?? []), note]);
  for (const track of tracks.values()) {
    const line: Note[] = [];
    for (const note of track.sort((a, b) => stepOf(a) - stepOf(b) || b.pitch - a.pitch)) {
      const last = line.at(-1);
      if (last && stepOf(last) === stepOf(note)) continue;
      if (last && last.end > note.start + EPS) {
        if (last.pitch > note.pitch) continue;
        line[line.length - 1] = { ...last, end: note.start };
      }
      line.push(note);
    }
    kept.push(...line);
  }
  return inOrder(kept);
}

/** Pitches outside a range moved in by octaves. */
export const folded = (notes: readonly Note[], low: number, high: number): Note[] =>
  inOrder(notes.map((note) => (note.drum ? note : within(note, low, high))));

function within(note: Note, low: number, high: number): Note {
  if (note.pitch < low) return { ...note, pitch: note.pitch + 12 * Math.ceil((low - note.pitch) / 12) };
  if (note.pitch > high) return { ...note, pitch: note.pitch - 12 * Math.ceil((note.pitch - high) / 12) };
  return note;
}

/** The notes that are not refused; one refused in part keeps the rest. */
export function accepted(notes: readonly Note[], refused: readonly Refused[]): Note[] {
  const gone = (note: Note) =>
    refused.some(
      ([start, , pitch, track]) =>
        track === note.track && pitch === note.pitch && Math.abs(start - note.start) < 1e-3,
    );
  return notes.filter((note) => !gone(note));
}

/** What helps, the most telling first. */
export function mendsFor(clip: Clip, refused: readonly Refused[], takes: Takes | null): Mend[] {
  if (!takes) return [];
  const { notes, score } = clip;
  const found: Mend[] = [];
  const pitched = notes.filter((note) => !note.drum);
  const hit = refused.length > 0;
  if (hit && takes.mono && differs(topLine(notes, takes.steps), notes)) found.push("top");
  if (
    pitched.some((note) => note.pitch < takes.low || note.pitch > takes.high) &&
    takes.high - takes.low >= 11
  )
    found.push("fold");
  if (MeterMap.of(score).bars.length > takes.bars) found.push("trim");
  if (
    hit &&
    !found.includes("top") &&
    !found.includes("fold") &&
    accepted(notes, refused).length < notes.length
  )
    found.push("drop");
  return found;
}

const differs = (a: readonly Note[], b: readonly Note[]): boolean =>
  a.length !== b.length || a.some((note) => !b.includes(note));

export function mended(clip: Clip, mend: Mend, refused: readonly Refused[], takes: Takes): Clip {
  switch (mend) {
    case "top":
      return { ...clip, notes: topLine(clip.notes, takes.steps) };
    case "fold":
      return { ...clip, notes: folded(clip.notes, takes.low, takes.high) };
    case "trim":
      return upTo(clip, takes.bars);
    default:
      return { ...clip, notes: accepted(clip.notes, refused) };
  }
}
