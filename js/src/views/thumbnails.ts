/** The tiny rolls of the steps: which are shown, where, and how they are painted. */

import type { Note, Place } from "../core/clip";
import type { Look } from "../core/palette";
import { drumClass } from "../core/pitch";
import { rangeOf, rowsOf } from "./piano-roll/layout";

export const THUMB_HEIGHT = 44;
/** Narrower thumbnails are thinned out, wider ones are not drawn. */
const NARROWEST = 34;
const WIDEST = 200;
const GAP = 6;

export interface Slots {
  /** Width of a thumbnail, in css px. */
  readonly width: number;
  /** Steps that have a thumbnail, first and last among them. */
  readonly steps: readonly number[];
}

/** As many thumbnails as have room, evenly spread over the steps. */
export function slotsOf(steps: number, width: number): Slots {
  const room = Math.max(2, Math.floor((width + GAP) / (NARROWEST + GAP)));
  let count = Math.min(steps, room);
  if (count < steps) {
    // Prefer a spacing in whole steps, so that every thumbnail stands over its own ring.
    for (let stride = 1; stride < steps; stride++) {
      if ((steps - 1) % stride === 0 && (steps - 1) / stride + 1 <= room) {
        const even = (steps - 1) / stride + 1;
        if (even > room / 2) count = even;
        break;
      }
    }
  }
  const each = Math.min(WIDEST, (width - GAP * (count - 1)) / count);
  const at = Array.from({ length: count }, (_, slot) =>
    Math.round((slot * (steps - 1)) / Math.max(1, count - 1)),
  );
  return { width: each, steps: at };
}

export interface ThumbStyle {
  readonly look: Look;
  readonly place: Place;
  /** Alpha of the ground; the theme's own if not given. */
  readonly ground?: number;
}

export interface Scale {
  /** Nothing but drums. */
  readonly drums: boolean;
  /** Drums under pitches. */
  readonly mixed: boolean;
  readonly low: number;
  readonly high: number;
  readonly rows: readonly number[];
  readonly quarters: number;
}

/** One scale for all thumbnails: the range of all notes of all steps. */
export function scaleOf(notes: readonly Note[], quarters: number): Scale {
  const pitched = notes.filter((note) => !note.drum);
  const hits = notes.filter((note) => note.drum);
  const drums = pitched.length === 0 && hits.length > 0;
  const mixed = pitched.length > 0 && hits.length > 0;
  return { drums, mixed, ...rangeOf(pitched), rows: rowsOf(hits), quarters };
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Part of a thumbnail's height that pitches have where drums stand under them. */
const PITCHES = 0.68;

/** Paints a clip into a box: its colour as ground, its notes without a grid, drums under the pitches. */
export function paintThumb(
  context: CanvasRenderingContext2D,
  box: Box,
  notes: readonly Note[],
  scale: Scale,
  { look, place, ground = look.theme === "dark" ? 0.15 : 0.1 }: ThumbStyle,
): void {
  const colour = look.clip(place);
  context.save();
  context.beginPath();
  context.roundRect(box.x, box.y, box.width, box.height, 4);
  context.clip();
  context.fillStyle = colour;
  context.globalAlpha = look.forced ? 0 : ground;
  context.fillRect(box.x, box.y, box.width, box.height);
  context.globalAlpha = 1;
  const padX = Math.min(5, box.width * 0.1);
  const padY = Math.min(6, box.height * 0.15);
  const perQuarter = (box.width - 2 * padX) / scale.quarters;
  const room = box.height - 2 * padY;
  const band = (drums: boolean) => {
    const share = !scale.mixed ? 1 : drums ? 1 - PITCHES : PITCHES;
    const count = drums ? scale.rows.length : scale.high - scale.low + 1;
    const least = scale.mixed ? 1.2 : 2;
    return {
      top: box.y + padY + (drums ? room * (1 - share) : 0),
      step: (room * share) / count,
      height: Math.max(least, Math.min(drums ? 3 : 4, ((room * share) / count) * 1.25)),
    };
  };
  const bands = { pitches: band(false), hits: band(true) };
  for (const note of notes) {
    if (!scale.mixed && note.drum !== scale.drums) continue;
    const row = note.drum ? scale.rows.indexOf(drumClass(note.pitch)) : scale.high - note.pitch;
    if (row < 0) continue;
    const { top, step, height } = note.drum ? bands.hits : bands.pitches;
    const y = top + (row + 0.5) * step - height / 2;
    const length = note.drum ? 0.25 : note.end - note.start;
    const gap = perQuarter > 8 ? 0.8 : 0.3;
    const widest = note.drum ? height : Number.POSITIVE_INFINITY;
    const width = Math.max(1, Math.min(length * perQuarter - gap, widest));
    const x = box.x + padX + note.start * perQuarter;
    context.beginPath();
    context.roundRect(x, y, width, height, Math.min(1, height / 2, width / 2));
    context.fill();
  }
  context.restore();
}
