/** What an editor shows over the notes: what is selected, the lasso, the cell of the arrow keys, the fine grid. */

import type { Note } from "../../core/clip";
import { cellOf, type Snap } from "../../core/edits-grid";
import { drumClass } from "../../core/pitch";
import type { Caret } from "../../core/selection";
import type { Lane } from "./layout";
import { pitchTop } from "./layout";
import type { Scene } from "./paint-grid";
import { type Box, hitDisc, noteBox } from "./paint-notes";

export interface EditPaint {
  readonly selected: ReadonlySet<Note>;
  readonly lasso: Box | null;
  readonly caret: Caret | null;
  readonly snap: Snap;
  /** Quarters of the cell that the caret stands on. */
  readonly cell: number;
}

/** Lines of a grid finer than beats, where they stand apart. */
const APART = 9;

export function paintFineGrid({ context, axis, meter, look, ratio }: Scene, lane: Lane, snap: Snap): void {
  if (lane.kind === "drums" || snap === "off" || snap === "bar") return;
  const hair = Math.max(1, Math.round(ratio)) / ratio;
  context.fillStyle = look.tokens.grid;
  for (const bar of meter.bars) {
    const cell = cellOf(meter, snap, bar.start);
    if (cell * axis.scale < APART || axis.x(bar.end) < axis.left || axis.x(bar.start) > axis.right) continue;
    for (let at = bar.start + cell; at < bar.end - 1e-6; at += cell) {
      const beats = (at - bar.start) / bar.beat;
      if (Math.abs(beats - Math.round(beats)) < 1e-6) continue;
      context.fillRect(Math.round(axis.x(at) * ratio) / ratio, lane.top, hair, lane.height);
    }
  }
}

/** Ink outline 1.5, 2 px outside (LOOK.md 6), on paper so that it stands off its neighbours. */
export function paintSelected(scene: Scene, lane: Lane, note: Note): void {
  const { context, axis, look } = scene;
  context.beginPath();
  if (lane.kind === "drums") {
    const disc = hitDisc(scene, lane, note);
    if (!disc) return;
    context.arc(disc.x, disc.y, disc.r + 2, 0, 2 * Math.PI);
  } else {
    const box = noteBox(scene, lane, note);
    if (box.x + box.width < axis.left || box.x > axis.right) return;
    context.roundRect(box.x - 2, box.y - 2, box.width + 4, box.height + 4, 4);
  }
  context.strokeStyle = look.tokens.ink;
  context.lineWidth = 1.5;
  context.stroke();
}

/** Dashed 4/3 ink over a 6 % fill, as on the map. */
export function paintLasso({ context, look }: Scene, area: Box): void {
  context.save();
  context.fillStyle = look.tokens.ink;
  context.globalAlpha = 0.06;
  context.fillRect(area.x, area.y, area.width, area.height);
  context.globalAlpha = 1;
  context.strokeStyle = look.tokens.ink;
  context.lineWidth = 1;
  context.setLineDash([4, 3]);
  context.strokeRect(area.x + 0.5, area.y + 0.5, area.width, area.height);
  context.restore();
}

export function paintCaret({ context, axis, look }: Scene, lane: Lane, caret: Caret, cell: number): void {
  let top: number;
  if (lane.kind === "pitch") top = pitchTop(lane, caret.pitch);
  else {
    const row = lane.rows.indexOf(drumClass(caret.pitch));
    if (row < 0) return;
    top = lane.top + row * lane.row;
  }
  context.strokeStyle = look.tokens.focus;
  context.lineWidth = 2;
  context.beginPath();
  context.roundRect(axis.x(caret.quarter), top - 1, Math.max(4, cell * axis.scale), lane.row + 2, 3);
  context.stroke();
}
