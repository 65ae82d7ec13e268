/** Which note is meant: neighbours for the arrow keys, and sets of notes. */

import type { Note } from "./clip";
import { DRUM_ROWS, drumClass } from "./pitch";

export type Direction = "left" | "right" | "up" | "down";

const EPS = 1e-6;

/** Height of a note among those of its track. */
const heightOf = (note: Note): number =>
  note.drum ? DRUM_ROWS.length - DRUM_ROWS.indexOf(drumClass(note.pitch)) : note.pitch;

const nearest = (notes: readonly Note[], far: (note: Note) => number): Note | undefined =>
  notes.reduce<Note | undefined>((best, note) => (best && far(best) <= far(note) ? best : note), undefined);

/**
 * The note that an arrow leads to: left and right in order of time within the track; up and down to the
 * nearest pitch among the notes nearest in time, and from the outermost into the next track.
 */
export function neighbour(notes: readonly Note[], from: Note, direction: Direction): Note | undefined {
  const track = notes.filter((note) => note.track === from.track && note !== from);
  const height = heightOf(from);
  if (direction === "left" || direction === "right") {
    const sign = direction === "right" ? 1 : -1;
    const rank = (note: Note) => sign * (note.start - from.start || (heightOf(note) - height) * 1e-9);
    return nearest(
      track.filter((note) => rank(note) > 0),
      rank,
    );
  }
  const sign = direction === "up" ? 1 : -1;
  const far = (note: Note) => Math.abs(note.start - from.start) * 1000 + Math.abs(heightOf(note) - height);
  const beyond = track.filter((note) => sign * (heightOf(note) - height) > EPS);
  const together = beyond.filter((note) => note.start < from.end - EPS && note.end > from.start + EPS);
  const inTrack = nearest(together, (note) => Math.abs(heightOf(note) - height));
  if (inTrack) return inTrack;
  const others = notes.filter((note) => sign * (from.track - note.track) > 0);
  const next = nearest(others, (note) => Math.abs(note.track - from.track));
  if (next)
    return nearest(
      others.filter((note) => note.track === next.track),
      far,
    );
  return nearest(beyond, far);
}

/** The first note at or after a quarter in a track, else the last before it, else any. */
export function noteNear(notes: readonly Note[], quarter: number, track: number): Note | undefined {
  const own = notes.filter((note) => note.track === track);
  return own.find((note) => note.end > quarter + EPS) ?? own.at(-1) ?? notes[0];
}

export function toggled(selected: ReadonlySet<Note>, note: Note): Set<Note> {
  const next = new Set(selected);
  if (!next.delete(note)) next.add(note);
  return next;
}

/** The selected notes that are still there. */
export function kept(selected: ReadonlySet<Note>, notes: readonly Note[]): ReadonlySet<Note> {
  if (selected.size === 0) return selected;
  const there = notes.filter((note) => selected.has(note));
  return there.length === selected.size ? selected : new Set(there);
}

/** Notes of one clip that another does not hold. */
export function fresh(notes: readonly Note[], before: readonly Note[]): Set<Note> {
  const known = new Set(before);
  return new Set(notes.filter((note) => !known.has(note)));
}

/** The cell that the arrow keys move where the pencil is in hand. */
export interface Caret {
  readonly quarter: number;
  readonly track: number;
  readonly pitch: number;
}

/** Whether a note is the one that a caret of so many quarters stands on: of drums what is nearest to its step. */
export function stands(note: Note, { quarter, track, pitch }: Caret, cell: number): boolean {
  if (note.track !== track) return false;
  if (!note.drum)
    return note.pitch === pitch && note.start < quarter + cell - EPS && note.end > quarter + EPS;
  return drumClass(note.pitch) === drumClass(pitch) && Math.abs(note.start - quarter) < cell / 2;
}
