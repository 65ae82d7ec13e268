/** Pointer and wheel on the notes while the roll is an editor. */

import type { Note } from "../../core/clip";
import type { Editor } from "./editor";
import { drawing, type Grip, type Hand, lassoing, moving, pulling, stepping } from "./grips";
import { RULER } from "./layout";
import { laneAt, noteAt, type Places, pitchAt } from "./places";

export interface EditGestureHost {
  readonly editor: Editor;
  /** Whether the roll is an editor now, and has been laid out. */
  places(): Places | undefined;
  hear(note: Note): void;
}

/** Velocity of one notch of the wheel. */
const NOTCH = 6;
/** A note that was drawn so many milliseconds ago is not deleted by the second click of a double one. */
const DOUBLE = 600;

export class EditGestures {
  readonly #box: HTMLElement;
  readonly #host: EditGestureHost;
  #grip: { readonly id: number; readonly grip: Grip } | null = null;
  readonly #fingers = new Set<number>();
  #drawn = -1e9;
  readonly #leave: (() => void)[] = [];

  constructor(box: HTMLElement, host: EditGestureHost) {
    this.#box = box;
    this.#host = host;
    const on = <K extends keyof HTMLElementEventMap>(
      type: K,
      heard: (event: HTMLElementEventMap[K]) => void,
      options?: AddEventListenerOptions,
    ) => {
      box.addEventListener(type, heard, options);
      this.#leave.push(() => box.removeEventListener(type, heard, options));
    };
    on("pointerdown", (event) => this.#down(event));
    on("pointermove", (event) => this.#move(event));
    on("pointerup", (event) => this.#up(event));
    on("pointercancel", (event) => this.#lost(event));
    on("lostpointercapture", (event) => this.#lost(event));
    on("dblclick", (event) => this.#double(event));
    on("wheel", (event) => this.#wheel(event), { passive: false });
  }

  get active(): boolean {
    return this.#grip !== null;
  }

  /** Lets go of what is in hand; nothing of it stays. */
  cancel(): boolean {
    if (!this.#grip) return false;
    this.#grip = null;
    this.#host.editor.lasso = null;
    this.#host.editor.preview(null);
    return true;
  }

  dispose(): void {
    for (const leave of this.#leave) leave();
  }

  #at(event: MouseEvent): { x: number; y: number } {
    const box = this.#box.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  #down(event: PointerEvent): void {
    const places = this.#host.places();
    if (!places) return;
    if (event.pointerType === "touch") this.#fingers.add(event.pointerId);
    // A second finger zooms: what the first began is not meant.
    if (this.#fingers.size > 1) {
      this.cancel();
      return;
    }
    if (event.button !== 0 || this.#grip) return;
    const { x, y } = this.#at(event);
    const lane = laneAt(places, y);
    if (y < RULER || !lane) return;
    if (x < places.axis.left) {
      if (lane.kind === "pitch")
        this.#host.hear(this.#host.editor.note(0, 1, pitchAt(lane, y), 90, lane.track));
      return;
    }
    const { editor } = this.#host;
    const touch = event.pointerType === "touch";
    const hand: Hand = { editor, places, hear: (note) => this.#host.hear(note) };
    const found = noteAt(places, editor.base.notes, x, y, touch);
    editor.caret = null;
    this.#box.setPointerCapture(event.pointerId);
    let grip: Grip;
    if (event.shiftKey) grip = lassoing(hand, x, y, true, found?.note);
    else if (editor.tool === "draw" && lane.kind === "drums") grip = stepping(hand, lane, x, y);
    else if (found && found.part !== "body") grip = pulling(hand, found.note, found.part, x);
    else if (found) grip = moving(hand, found.note, x, y);
    else if (editor.tool === "draw" && lane.kind === "pitch") {
      grip = drawing(hand, lane, x, y);
      this.#drawn = event.timeStamp;
    } else grip = lassoing(hand, x, y, false, undefined);
    this.#grip = { id: event.pointerId, grip };
  }

  #move(event: PointerEvent): void {
    const { x, y } = this.#at(event);
    if (this.#grip?.id === event.pointerId) this.#grip.grip.move(x, y);
    else if (!this.#grip) this.#point(x, y);
  }

  /** The pointer says what a press would do. */
  #point(x: number, y: number): void {
    const places = this.#host.places();
    const { editor } = this.#host;
    if (!places) {
      this.#box.style.cursor = "";
      return;
    }
    const inside = y >= RULER && x >= places.axis.left;
    const found = inside ? noteAt(places, editor.base.notes, x, y, false) : undefined;
    const pull = found && found.part !== "body";
    const free = editor.tool === "draw" ? "crosshair" : "default";
    this.#box.style.cursor = !inside ? "" : pull ? "ew-resize" : found ? "move" : free;
  }

  #up(event: PointerEvent): void {
    this.#fingers.delete(event.pointerId);
    if (this.#grip?.id !== event.pointerId) return;
    const { grip } = this.#grip;
    this.#grip = null;
    grip.up();
  }

  /** The browser took the pointer away, as for a scroll: nothing was meant. */
  #lost(event: PointerEvent): void {
    this.#fingers.delete(event.pointerId);
    if (this.#grip?.id === event.pointerId) this.cancel();
  }

  #double(event: MouseEvent): void {
    const places = this.#host.places();
    const { editor } = this.#host;
    if (!places || event.timeStamp - this.#drawn < DOUBLE) return;
    const { x, y } = this.#at(event);
    const found = noteAt(places, editor.base.notes, x, y, false);
    if (!found || (found.note.drum && editor.tool === "draw")) return;
    editor.select(new Set([found.note]), found.note);
    editor.remove();
  }

  /** Alt and wheel over a note: its velocity, or that of all selected ones if it is one of them. */
  #wheel(event: WheelEvent): void {
    const places = this.#host.places();
    if (!places || !event.altKey || event.deltaY === 0) return;
    const { x, y } = this.#at(event);
    const { editor } = this.#host;
    const found = noteAt(places, editor.base.notes, x, y, false);
    event.preventDefault();
    event.stopImmediatePropagation();
    if (!found) return;
    const notes = editor.selected.has(found.note) ? editor.selected : new Set([found.note]);
    editor.louder(event.deltaY < 0 ? NOTCH : -NOTCH, notes);
  }
}
