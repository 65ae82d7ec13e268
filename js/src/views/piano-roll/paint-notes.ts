/** Notes as the look has them: an onset head in full colour, a body whose alpha is the velocity. */

import type { Note, Refused } from "../../core/clip";
import { drumClass } from "../../core/pitch";
import { type DrumLane, type Lane, type PitchLane, pitchTop } from "./layout";
import { dot, type Scene } from "./paint-grid";

const HEAD = 2.5;
const RADIUS = 2.5;
const LEAST = 4;

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Where a pitched note is drawn: its row less 1.5 (never under 4), its time less 1.5. */
export function noteBox(
  { axis }: Pick<Scene, "axis">,
  lane: PitchLane,
  note: { start: number; end: number; pitch: number },
): Box {
  const height = Math.max(LEAST, lane.row - 1.5);
  const x = axis.x(note.start) + 0.5;
  const time = (note.end - note.start) * axis.scale;
  // Where a note is only some pixels long, the gap after it is a quarter of it at most.
  const width = Math.max(1, time - Math.min(1.5, time / 4));
  return { x, y: pitchTop(lane, note.pitch) + (lane.row - height) / 2, width, height };
}

/** Steps narrower than this have no room for discs: hits are upright bars there. */
const DISC_ROOM = 7;

/** Where a hit is drawn: its disc's middle is half a step after the hit, its area is the velocity. */
export function hitDisc(
  { axis }: Pick<Scene, "axis">,
  lane: DrumLane,
  note: Note,
): { x: number; y: number; r: number } | null {
  const row = lane.rows.indexOf(drumClass(note.pitch));
  if (row < 0) return null;
  const step = axis.scale / 4;
  const most = Math.max(1.5, Math.min(lane.row, step) / 2 - (lane.row > 16 ? 1 : 0.5));
  const v = note.velocity / 127;
  const r = most * Math.sqrt(0.2 + 0.8 * v);
  return { x: axis.x(note.start) + step / 2, y: lane.top + (row + 0.5) * lane.row, r };
}

export interface NoteStyle {
  readonly colour: string;
  /** Whole body in full colour: the note sounds. */
  readonly full?: boolean;
  /** Of the whole note, for one that comes or goes. */
  readonly alpha?: number;
}

export function paintNote(scene: Scene, lane: Lane, note: Note, style: NoteStyle): void {
  if (lane.kind === "drums") paintHit(scene, lane, note, style);
  else paintPitched(scene, lane, note, style);
}

function paintPitched(scene: Scene, lane: PitchLane, note: Note, style: NoteStyle): void {
  const { context, axis } = scene;
  const { x, y, width, height } = noteBox(scene, lane, note);
  if (x + width < axis.left || x > axis.right) return;
  const radius = Math.min(RADIUS, height / 2, width / 2);
  const alpha = style.alpha ?? 1;
  const body = style.full || width <= HEAD ? 1 : 0.42 + 0.5 * (note.velocity / 127);
  context.fillStyle = style.colour;
  context.globalAlpha = alpha * body;
  context.beginPath();
  context.roundRect(x, y, width, height, radius);
  context.fill();
  if (body < 1) {
    context.save();
    context.globalAlpha = alpha;
    context.clip();
    context.fillRect(x, y, HEAD, height);
    context.restore();
  }
  context.globalAlpha = 1;
}

function paintHit(scene: Scene, lane: DrumLane, note: Note, style: NoteStyle): void {
  const disc = hitDisc(scene, lane, note);
  const { context, axis } = scene;
  if (!disc || disc.x + disc.r < axis.left || disc.x - disc.r > axis.right) return;
  const velocity = note.velocity / 127;
  const step = axis.scale / 4;
  context.fillStyle = style.colour;
  context.globalAlpha = (style.alpha ?? 1) * (style.full ? 1 : 0.62 + 0.33 * velocity);
  if (step >= DISC_ROOM) dot(context, disc.x, disc.y, disc.r);
  else {
    const width = Math.max(1.25, step * 0.7);
    const height = Math.max(3, lane.row * 0.72 * Math.sqrt(0.2 + 0.8 * velocity));
    context.beginPath();
    context.roundRect(disc.x - width / 2, disc.y - height / 2, width, height, Math.min(1.5, width / 2));
    context.fill();
  }
  context.globalAlpha = 1;
}

/** A note that is not there: its outline alone, a ghost or one that is missed. */
export function paintOutline(scene: Scene, lane: Lane, note: Note, colour: string, width: number): void {
  const { context, axis } = scene;
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.beginPath();
  if (lane.kind === "drums") {
    const disc = hitDisc(scene, lane, note);
    if (!disc) return;
    context.arc(disc.x, disc.y, Math.max(1, disc.r - width / 2), 0, 2 * Math.PI);
  } else {
    const box = noteBox(scene, lane, note);
    if (box.x + box.width < axis.left || box.x > axis.right) return;
    const inner = { width: Math.max(1, box.width - width), height: Math.max(2, box.height - width) };
    const radius = Math.min(RADIUS, inner.height / 2, inner.width / 2);
    context.roundRect(box.x + width / 2, box.y + width / 2, inner.width, inner.height, radius);
  }
  context.stroke();
}

/** Smaller than this, dashes would run into one another. */
const MARK_ROOM = { width: 12, height: 6 };

/** A note the model would refuse: dashed, with one stroke rising across it; struck through where it is small. */
export function paintRefused(scene: Scene, lane: Lane, refused: Refused): void {
  const { context, look } = scene;
  const [start, end, pitch] = refused;
  let box: Box;
  if (lane.kind === "pitch") box = noteBox(scene, lane, { start, end, pitch });
  else {
    const disc = hitDisc(scene, lane, { start, end, pitch, velocity: 127, track: 0, program: 0, drum: true });
    if (!disc) return;
    box = { x: disc.x - disc.r, y: disc.y - disc.r, width: 2 * disc.r, height: 2 * disc.r };
  }
  if (box.width < MARK_ROOM.width || box.height < MARK_ROOM.height) {
    const middle = box.y + box.height / 2;
    context.strokeStyle = look.tokens.signal;
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(box.x, middle);
    context.lineTo(box.x + Math.max(2, box.width), middle);
    context.stroke();
    return;
  }
  const height = Math.max(6, box.height);
  const y = box.y - (height - box.height) / 2;
  const width = Math.max(6, box.width);
  context.save();
  context.strokeStyle = look.tokens.signal;
  context.lineWidth = 1.25;
  context.lineCap = "butt";
  context.setLineDash([2.5, 2]);
  context.beginPath();
  context.roundRect(box.x, y, width, height, Math.min(2.5, height / 2));
  context.stroke();
  context.setLineDash([]);
  context.lineCap = "round";
  context.beginPath();
  context.moveTo(box.x + 3, y + height - 2.5);
  context.lineTo(box.x + width - 3, y + 2.5);
  context.stroke();
  context.restore();
}

/** One dashed ghost cell where the first note would be. */
export function paintInvitation(scene: Scene, lane: Lane): void {
  const { context, axis, look, meter } = scene;
  const beat = meter.bars[0]?.beat ?? 1;
  const width = Math.max(10, Math.min(32, (axis.scale * beat) / 2 - 2));
  context.save();
  context.strokeStyle = look.tokens.ink3;
  context.setLineDash([3, 2]);
  context.beginPath();
  context.roundRect(axis.x(beat) + 1.5, Math.round(lane.top + lane.height / 2) - 4.5, width, 9, 2.5);
  context.stroke();
  context.restore();
}
