/** A clip as a small picture: its place as ground, its notes on a scale that all share. */

import type { Note } from "../../core/clip";
import type { Look } from "../../core/palette";
import type { Kept } from "../../core/studio-props";
import { h } from "../../ui/dom";
import { paintThumb, type Scale, scaleOf } from "../thumbnails";

/** One scale for all kept clips, so that a height is a pitch everywhere. */
export function scaleOfAll(kept: readonly Kept[]): Scale {
  const notes = kept.flatMap(({ clip }) => clip.notes);
  return scaleOf(notes as Note[], Math.max(1, ...kept.map(({ clip }) => clip.score.quarters)));
}

export class Thumb {
  readonly el = h("canvas", "mv-thumb", { "aria-hidden": "true" });
  #painted = "";

  /** @param ground Alpha of the ground; the theme's own if not given. */
  paint(kept: Kept, scale: Scale, look: Look, width: number, height: number, ground?: number): void {
    const dense = globalThis.devicePixelRatio || 1;
    const { clip, place } = kept;
    // A clip as long as it is, not as the longest.
    const own: Scale = { ...scale, quarters: clip.score.quarters };
    const key = [width, height, dense, place, look.theme, look.forced, own.low, own.high, own.rows].join();
    if (this.#painted === key && this.#clip === clip) return;
    this.#painted = key;
    this.#clip = clip;
    this.el.width = Math.round(width * dense);
    this.el.height = Math.round(height * dense);
    this.el.style.width = `${width}px`;
    this.el.style.height = `${height}px`;
    const context = this.el.getContext("2d");
    if (!context) return;
    context.scale(dense, dense);
    const style = ground === undefined ? { look, place } : { look, place, ground };
    paintThumb(context, { x: 0, y: 0, width, height }, clip.notes, own, style);
  }

  #clip: Kept["clip"] | undefined;
}
