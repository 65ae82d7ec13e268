/** What lies where on the stage: lanes, pitches and notes under a pointer. */

import type { Note } from "../../core/clip";
import type { Axis } from "./axis";
import type { DrumLane, Lane, Layout, PitchLane } from "./layout";
import { type Box, hitDisc, noteBox } from "./paint-notes";

export interface Places {
  readonly axis: Axis;
  readonly layout: Layout;
}

export interface Found {
  readonly note: Note;
  /** Which part of it: its ends can be pulled. */
  readonly part: "start" | "body" | "end";
}

const clamp = (value: number, low: number, high: number) => Math.max(low, Math.min(high, value));

/** The lane at a height; between two lanes the upper one, outside the nearest. */
export function laneAt({ layout }: Places, y: number): Lane | undefined {
  return layout.lanes.findLast((lane) => y >= lane.top) ?? layout.lanes[0];
}

export const pitchAt = (lane: PitchLane, y: number): number =>
  clamp(lane.high - Math.floor((y - lane.top) / lane.row), lane.low, lane.high);

/** Drum class of the row at a height. */
export const classAt = (lane: DrumLane, y: number): number =>
  lane.rows[clamp(Math.floor((y - lane.top) / lane.row), 0, lane.rows.length - 1)] as number;

/** Where a note is drawn; undefined for a drum that has no row. */
export function boxOf(places: Places, note: Note): Box | undefined {
  const lane = places.layout.lanes.find(({ track }) => track === note.track);
  if (!lane) return undefined;
  if (lane.kind === "pitch") return noteBox(places, lane, note);
  const disc = hitDisc(places, lane, note);
  return disc ? { x: disc.x - disc.r, y: disc.y - disc.r, width: 2 * disc.r, height: 2 * disc.r } : undefined;
}

/** Pixels of a note's ends that pull; a finger needs more. */
const GRIP = { mouse: 6, touch: 12 };

/** The note under a pointer, the one drawn last; a finger need not hit it exactly. */
export function noteAt(
  places: Places,
  notes: readonly Note[],
  x: number,
  y: number,
  touch: boolean,
): Found | undefined {
  const slack = touch ? 6 : 1;
  const note = notes.findLast((item) => {
    const box = boxOf(places, item);
    return (
      box &&
      x >= box.x - slack &&
      x <= box.x + Math.max(box.width, 4) + slack &&
      y >= box.y - slack &&
      y <= box.y + box.height + slack
    );
  });
  if (!note) return undefined;
  const box = boxOf(places, note) as Box;
  const grip = Math.min(touch ? GRIP.touch : GRIP.mouse, box.width / 3);
  if (note.drum) return { note, part: "body" };
  if (x >= box.x + box.width - grip) return { note, part: "end" };
  if (x <= box.x + Math.min(grip, 4) && box.width > 18) return { note, part: "start" };
  return { note, part: "body" };
}

/** Notes that a rectangle touches. */
export function notesIn(places: Places, notes: readonly Note[], area: Box): Note[] {
  return notes.filter((note) => {
    const box = boxOf(places, note);
    return (
      box &&
      box.x < area.x + area.width &&
      box.x + box.width > area.x &&
      box.y < area.y + area.height &&
      box.y + box.height > area.y
    );
  });
}
