/**
 * What can be done to notes: pure functions from one draft to the next.
 *
 * A note that is not changed stays the same object, so that a selection and an undo step cost nothing.
 *
 * Two notes cannot sound in one voice. A voice is a pitch of a track, a row of drums, or the whole track
 * where the model hears one note at a time. The notes in hand win: a note that still sounds where one of
 * them begins ends there, and a note that begins while one of them sounds gives way.
 */

import type { Clip, Note, Score } from "./clip";
import { cellOf, FINEST, type Snap, snapNear } from "./edits-grid";
import { DRUM_ROWS, drumClass, drumPitch } from "./pitch";
import { MeterMap } from "./time";

export interface Draft {
  readonly notes: readonly Note[];
  /** Some of the notes. */
  readonly selected: ReadonlySet<Note>;
}

export interface Bounds {
  /** Length of the clip. */
  readonly quarters: number;
  /** Whether a pitched track holds one note at a time. */
  readonly mono: boolean;
}

const EPS = 1e-6;
const clamp = (value: number, low: number, high: number) => Math.max(low, Math.min(high, value));

/** As the kernel orders them: by start, track, pitch. */
export const inOrder = (notes: readonly Note[]): Note[] =>
  [...notes].sort((a, b) => a.start - b.start || a.track - b.track || a.pitch - b.pitch);

const voiceOf = (note: Note, mono: boolean): string => {
  if (note.drum) return `${note.track}:d${drumClass(note.pitch)}`;
  return mono ? `${note.track}` : `${note.track}:${note.pitch}`;
};

/** Puts notes in hand among the others, which give way. */
export function place(rest: readonly Note[], hand: readonly Note[], { mono }: Bounds): Draft {
  const voices = new Map<string, Note[]>();
  for (const note of hand) {
    const voice = voiceOf(note, mono);
    const known = voices.get(voice);
    if (known) known.push(note);
    else voices.set(voice, [note]);
  }
  const left: Note[] = [];
  for (const note of rest) {
    const rivals = voices.get(voiceOf(note, mono)) ?? [];
    if (rivals.some((rival) => covers(rival, note.start))) continue;
    const next = rivals.reduce(
      (end, rival) => (rival.start > note.start + EPS && rival.start < end - EPS ? rival.start : end),
      note.end,
    );
    left.push(next < note.end ? { ...note, end: next } : note);
  }
  return { notes: inOrder([...left, ...hand]), selected: new Set(hand) };
}

/** The time that some notes take up, and the pitches or rows between which they lie. */
function extent(numbers: Iterable<number>): [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const number of numbers) {
    low = Math.min(low, number);
    high = Math.max(high, number);
  }
  return [low, high];
}

function stretchOf(notes: readonly Note[]): [number, number] {
  return [extent(notes.map((note) => note.start))[0], extent(notes.map((note) => note.end))[1]];
}

const covers = (note: Note, quarter: number): boolean =>
  Math.abs(note.start - quarter) < EPS || (note.start < quarter && quarter < note.end - EPS);

const unselected = ({ notes, selected }: Draft) => notes.filter((note) => !selected.has(note));

/** Changes the selected notes; where none changes, the draft stays the same. */
function altered(draft: Draft, bounds: Bounds, change: (note: Note) => Note): Draft {
  const hand = draft.notes.filter((note) => draft.selected.has(note));
  const changed = hand.map(change);
  if (changed.every((note, index) => same(note, hand[index] as Note))) return draft;
  return place(unselected(draft), changed, bounds);
}

const same = (a: Note, b: Note): boolean =>
  a === b || (a.start === b.start && a.end === b.end && a.pitch === b.pitch && a.velocity === b.velocity);

export const add = (draft: Draft, note: Note, bounds: Bounds): Draft => place(draft.notes, [note], bounds);

export const remove = (draft: Draft): Draft =>
  draft.selected.size > 0 ? { notes: unselected(draft), selected: new Set() } : draft;

/**
 * Moves the selected notes together, as far as all of them stay within the clip and within MIDI.
 *
 * @param up Semitones; rows for drums.
 */
export function move(draft: Draft, quarters: number, up: number, bounds: Bounds): Draft {
  const hand = [...draft.selected];
  if (hand.length === 0) return draft;
  const [first, last] = stretchOf(hand);
  const along = clamp(quarters, -first, Math.max(0, bounds.quarters - last));
  const [lowest, highest] = extent(hand.filter((note) => !note.drum).map((note) => note.pitch));
  const rise = clamp(up, -lowest, 127 - highest);
  const [top, bottom] = extent(hand.filter((note) => note.drum).map((note) => rowOf(note.pitch)));
  const climb = clamp(up, bottom - (DRUM_ROWS.length - 1), top);
  return altered(draft, bounds, (note) => ({
    ...note,
    start: note.start + along,
    end: note.end + along,
    pitch: note.drum ? raised(note.pitch, climb) : note.pitch + rise,
  }));
}

const rowOf = (pitch: number): number => DRUM_ROWS.indexOf(drumClass(pitch));

/** The drum so many rows above another. */
const raised = (pitch: number, rows: number): number =>
  rows === 0 ? pitch : drumPitch(DRUM_ROWS[rowOf(pitch) - rows] as number);

/** Moves the ends, or the starts, of the selected notes; drums have no length. */
export function resize(
  draft: Draft,
  edge: "start" | "end",
  quarters: number,
  least: number,
  bounds: Bounds,
): Draft {
  return altered(draft, bounds, (note) => {
    if (note.drum) return note;
    const shortest = Math.min(least, Math.max(FINEST, note.end - note.start));
    return edge === "end"
      ? {
          ...note,
          end: clamp(note.end + quarters, note.start + shortest, Math.max(bounds.quarters, note.end)),
        }
      : { ...note, start: clamp(note.start + quarters, 0, Math.max(0, note.end - shortest)) };
  });
}

/** Gives every selected note the velocity that a function says, kept within 1 to 127. */
export const strike = (draft: Draft, velocity: (note: Note) => number, bounds: Bounds): Draft =>
  altered(draft, bounds, (note) => ({ ...note, velocity: clamp(Math.round(velocity(note)), 1, 127) }));

/** Puts starts and ends of the selected notes, or of all, on the grid. */
export function quantise(draft: Draft, meter: MeterMap, snap: Snap, bounds: Bounds): Draft {
  if (snap === "off") return draft;
  const all = draft.selected.size === 0;
  const hand = all ? { notes: draft.notes, selected: new Set(draft.notes) } : draft;
  const moved = altered(hand, bounds, (note) => {
    const near = snapNear(meter, snap, note.start);
    const start = near < bounds.quarters - EPS ? near : near - cellOf(meter, snap, near - EPS);
    const cell = cellOf(meter, snap, start);
    const end = note.drum
      ? start + note.end - note.start
      : Math.max(start + cell, snapNear(meter, snap, note.end));
    return { ...note, start, end: Math.min(end, Math.max(bounds.quarters, note.end)) };
  });
  return all && moved !== hand ? { notes: moved.notes, selected: new Set() } : all ? draft : moved;
}

/** The selected notes, in order: what a clipboard holds. */
export const copied = (draft: Draft): Note[] => draft.notes.filter((note) => draft.selected.has(note));

/** Notes as they are when the first of them begins at a quarter. */
export function startingAt(notes: readonly Note[], quarter: number): Note[] {
  const shift = quarter - stretchOf(notes)[0];
  return notes.map((note) => ({ ...note, start: note.start + shift, end: note.end + shift }));
}

/** Where some notes would go on: the first beat line at or after their end, as far from a beat as they began. */
export function after(notes: readonly Note[], meter: MeterMap): number {
  const [first, last] = stretchOf(notes);
  const bar = meter.bars[meter.barAt(first)] as MeterMap["bars"][number];
  const into = (first - bar.start) % bar.beat;
  const beats = Math.max(1, Math.ceil((last - (first - into)) / bar.beat - EPS));
  return first + beats * bar.beat;
}

/** Quarters of a bar that would follow the last. */
function lastBar(score: Score): number {
  const [, numerator, denominator] = score.meters.at(-1) ?? [0, 4, 4];
  return (4 * numerator) / denominator;
}

/** The score with as many whole bars as it takes to hold a quarter. */
export function holding(score: Score, quarter: number): Score {
  if (quarter <= score.quarters + EPS) return score;
  const bar = lastBar(score);
  return { ...score, quarters: score.quarters + bar * Math.ceil((quarter - score.quarters) / bar - EPS) };
}

/** One bar of silence more. */
export const longer = ({ notes, score }: Clip): Clip => ({
  notes,
  score: { ...score, quarters: score.quarters + lastBar(score) },
});

/** The clip up to a bar line: later notes go, notes across it end there. */
export function upTo({ notes, score }: Clip, bars: number): Clip {
  const meter = MeterMap.of(score);
  const quarters = (meter.bars[bars - 1] ?? meter.bars[0])?.end ?? score.quarters;
  const kept = notes
    .filter((note) => note.start < quarters - EPS)
    .map((note) => (note.end > quarters + EPS ? { ...note, end: quarters } : note));
  return { notes: kept, score: { ...score, quarters } };
}
