/** A lane under the notes: one bar a note of the active track, as high as its velocity; drag them. */

import type { Note } from "../../core/clip";
import * as edits from "../../core/edits";
import type { Translate } from "../../core/i18n";
import type { Look } from "../../core/palette";
import { h, put, say } from "../../ui/dom";
import type { Editor } from "./editor";
import type { Places } from "./places";

const HEIGHT = 52;
const BAR = 3;
/** Pixels between a pointer and the bar that it takes. */
const REACH = 7;

interface Drag {
  readonly id: number;
  readonly before: edits.Draft;
  /** Whether the selection goes together. */
  readonly together: boolean;
  draft: edits.Draft;
  /** Where the pointer began or, one by one, where it was last. */
  from: { readonly x: number; readonly y: number };
}

export class VelocityLane {
  readonly el: HTMLElement;
  readonly #canvas = h("canvas", "mv-layer", { "aria-hidden": "true" });
  readonly #name = h("span", "mv-velocity-name");
  readonly #editor: Editor;
  readonly #places: () => Places | undefined;
  #drag: Drag | null = null;

  constructor(editor: Editor, places: () => Places | undefined) {
    this.#editor = editor;
    this.#places = places;
    this.el = h("div", "mv-velocity", {}, this.#canvas, this.#name);
    this.el.style.height = `${HEIGHT}px`;
    this.el.addEventListener("pointerdown", (event) => this.#down(event));
    this.el.addEventListener("pointermove", (event) => this.#move(event));
    this.el.addEventListener("pointerup", (event) => this.#end(event, true));
    this.el.addEventListener("pointercancel", (event) => this.#end(event, false));
  }

  cancel(): boolean {
    if (!this.#drag) return false;
    this.#drag = null;
    this.#editor.preview(null);
    return true;
  }

  update(t: Translate): void {
    this.el.hidden = this.#editor.active.drum;
    say(this.#name, t("edit.velocity.short"));
    put(this.el, "title", t("edit.velocity.hint"));
  }

  paint(look: Look, colour: string): void {
    const places = this.#places();
    if (!places || this.el.hidden) return;
    const { axis, layout } = places;
    const ratio = Math.max(1, globalThis.devicePixelRatio || 1);
    const width = Math.round(layout.width * ratio);
    if (this.#canvas.width !== width) this.#canvas.width = width;
    this.#canvas.height = HEIGHT * ratio;
    this.#canvas.style.width = `${layout.width}px`;
    this.#canvas.style.height = `${HEIGHT}px`;
    this.#name.style.width = `${Math.max(0, axis.left - 6)}px`;
    this.#name.hidden = axis.left < 30;
    const context = this.#canvas.getContext("2d");
    if (!context) return;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, layout.width, HEIGHT);
    context.fillStyle = look.tokens.stage;
    context.beginPath();
    context.roundRect(axis.left, 0, axis.width, HEIGHT, 4);
    context.fill();
    context.save();
    context.beginPath();
    context.rect(axis.left, 0, axis.width, HEIGHT);
    context.clip();
    const chosen = this.#editor.chosen;
    const own = this.#own(this.#editor.clip.notes);
    // The bars of a chord lie on one another: what is selected is to be seen.
    for (const note of [
      ...own.filter((item) => !chosen.has(item)),
      ...own.filter((item) => chosen.has(item)),
    ]) {
      const top = this.#top(note.velocity);
      const x = axis.x(note.start) + 1;
      context.fillStyle = chosen.has(note) ? look.tokens.ink : colour;
      context.fillRect(x, top, BAR, HEIGHT - top);
      context.beginPath();
      context.arc(x + BAR / 2, top, 3, 0, 2 * Math.PI);
      context.fill();
    }
    context.restore();
  }

  #own(notes: readonly Note[]): Note[] {
    return notes.filter((note) => note.track === this.#editor.track && !note.drum);
  }

  readonly #top = (velocity: number): number => 4 + (1 - velocity / 127) * (HEIGHT - 6);
  readonly #velocity = (y: number): number => (1 - (y - 4) / (HEIGHT - 6)) * 127;

  #at(event: PointerEvent): { x: number; y: number } {
    const box = this.el.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  /** Notes whose bar lies nearest to a place, of a chord all. */
  #near(notes: readonly Note[], x: number): Note[] {
    const places = this.#places();
    if (!places) return [];
    const far = (note: Note) => Math.abs(places.axis.x(note.start) + 1 + BAR / 2 - x);
    const own = this.#own(notes).filter((note) => far(note) <= REACH);
    const least = own.reduce((best, note) => Math.min(best, far(note)), Number.POSITIVE_INFINITY);
    return own.filter((note) => far(note) < least + 0.5);
  }

  #down(event: PointerEvent): void {
    if (event.button !== 0 || this.#drag) return;
    const { x, y } = this.#at(event);
    const { base } = this.#editor;
    const near = this.#near(base.notes, x);
    if (near.length === 0) return;
    const together = base.selected.size > 1 && near.some((note) => base.selected.has(note));
    const before = together ? base : { ...base, selected: new Set(near) };
    this.el.setPointerCapture(event.pointerId);
    this.#drag = { id: event.pointerId, before, draft: before, from: { x, y }, together };
    this.#set(x, y);
  }

  #move(event: PointerEvent): void {
    if (this.#drag?.id !== event.pointerId) return;
    const { x, y } = this.#at(event);
    this.#set(x, y);
  }

  /** The selected together by as much as the pointer has moved; else each note that it passed to where it was. */
  #set(x: number, y: number): void {
    const drag = this.#drag;
    const places = this.#places();
    if (!drag || !places) return;
    const { bounds } = this.#editor;
    if (drag.together) {
      const by = this.#velocity(y) - this.#velocity(drag.from.y);
      drag.draft = edits.strike(drag.before, (note) => note.velocity + by, bounds);
    } else {
      const { from } = drag;
      const middle = (note: Note) => places.axis.x(note.start) + 1 + BAR / 2;
      const [left, right] = [Math.min(from.x, x), Math.max(from.x, x)];
      const passed = this.#own(drag.draft.notes).filter(
        (note) => middle(note) >= left && middle(note) <= right,
      );
      const under = [...new Set([...passed, ...this.#near(drag.draft.notes, x)])];
      if (under.length > 0) {
        // A quick pointer skips notes: they lie on the line that it drew.
        const height = (note: Note) => {
          const share = x === from.x ? 1 : (middle(note) - from.x) / (x - from.x);
          return from.y + (y - from.y) * Math.max(0, Math.min(1, share));
        };
        const chosen = { ...drag.draft, selected: new Set(under) };
        drag.draft = edits.strike(chosen, (note) => this.#velocity(height(note)), bounds);
      }
      drag.from = { x, y };
    }
    this.#editor.preview(drag.draft);
  }

  #end(event: PointerEvent, done: boolean): void {
    const drag = this.#drag;
    if (drag?.id !== event.pointerId) return;
    if (!done) {
      this.cancel();
      return;
    }
    this.#drag = null;
    this.#editor.commit(drag.draft);
    const first = edits.copied(drag.draft)[0];
    if (first) this.#editor.sayVelocity(first);
  }
}
