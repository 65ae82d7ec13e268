/** Pointer and wheel on the stage: seek and pan in the ruler, zoom about the pointer, pinch and swipe. */

import type { Axis } from "./axis";
import { RULER } from "./layout";

export interface GestureActions {
  /** `done` is false while the pointer is still down. */
  seek(quarter: number, done: boolean): void;
  /** The axis has moved. */
  moved(): void;
  /** A drag in the ruler from one quarter to another; where nothing is to be looped it seeks or pans. */
  readonly loop?: ((from: number, to: number, done: boolean) => void) | undefined;
  /** A double click in the ruler. */
  whole(): void;
  /** Whether a finger on the notes pans; else it is an editor's. */
  swipes(): boolean;
}

const CLICK = 4;

export function attachGestures(element: HTMLElement, axis: Axis, actions: GestureActions): () => void {
  const fingers = new Map<number, number>();
  let drag: { id: number; from: number; scroll: number; mode: "ruler" | "swipe"; moved: boolean } | null =
    null;

  const local = (event: MouseEvent) => {
    const box = element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };

  const down = (event: PointerEvent) => {
    if (event.button !== 0) return;
    const { x, y } = local(event);
    if (event.pointerType === "touch") fingers.set(event.pointerId, x);
    if (fingers.size > 1) {
      drag = null;
      return;
    }
    const ruler = y < RULER && x >= axis.left - 4;
    if (!ruler && (event.pointerType !== "touch" || !actions.swipes())) return;
    drag = {
      id: event.pointerId,
      from: x,
      scroll: axis.scroll,
      mode: ruler ? "ruler" : "swipe",
      moved: false,
    };
    if (ruler) element.setPointerCapture(event.pointerId);
  };

  const pinch = (event: PointerEvent, x: number) => {
    const before = [...fingers.values()];
    fingers.set(event.pointerId, x);
    const after = [...fingers.values()];
    const spread = (xs: number[]) => Math.max(8, Math.abs((xs[0] as number) - (xs[1] as number)));
    const middle = ((after[0] as number) + (after[1] as number)) / 2;
    axis.zoomAt(middle, spread(after) / spread(before));
    actions.moved();
  };

  const move = (event: PointerEvent) => {
    const { x } = local(event);
    if (fingers.size === 2 && fingers.has(event.pointerId)) {
      pinch(event, x);
      return;
    }
    if (!drag || drag.id !== event.pointerId) return;
    if (!drag.moved && Math.abs(x - drag.from) < CLICK) return;
    drag.moved = true;
    if (drag.mode === "ruler" && actions.loop) {
      actions.loop(axis.quarter(drag.from), axis.quarter(x), false);
      return;
    }
    if (axis.zoomed) {
      if (axis.scrollTo(drag.scroll + drag.from - x)) actions.moved();
    } else if (drag.mode === "ruler") actions.seek(axis.quarter(x), false);
  };

  const up = (event: PointerEvent) => {
    fingers.delete(event.pointerId);
    if (!drag || drag.id !== event.pointerId) return;
    if (drag.moved && drag.mode === "ruler" && actions.loop) {
      actions.loop(axis.quarter(drag.from), axis.quarter(local(event).x), true);
    } else if (drag.mode === "ruler" && event.type === "pointerup" && !(drag.moved && axis.zoomed)) {
      actions.seek(axis.quarter(local(event).x), true);
    }
    drag = null;
  };

  const wheel = (event: WheelEvent) => {
    const { x, y } = local(event);
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      const unit = event.deltaMode === 0 ? 1 : 16;
      if (axis.zoomAt(x, Math.exp(-Math.max(-60, Math.min(60, event.deltaY * unit)) / 160))) actions.moved();
      return;
    }
    // A plain vertical wheel belongs to the notebook, save over the ruler.
    const sideways = event.shiftKey || y < RULER ? event.deltaX || event.deltaY : event.deltaX;
    if (sideways !== 0 && axis.scrollTo(axis.scroll + sideways * (event.deltaMode === 0 ? 1 : 24))) {
      event.preventDefault();
      actions.moved();
    }
  };

  const double = (event: MouseEvent) => {
    const { x, y } = local(event);
    if (y < RULER && x >= axis.left) actions.whole();
  };

  element.addEventListener("dblclick", double);
  element.addEventListener("pointerdown", down);
  element.addEventListener("pointermove", move);
  element.addEventListener("pointerup", up);
  element.addEventListener("pointercancel", up);
  element.addEventListener("wheel", wheel, { passive: false });
  return () => {
    element.removeEventListener("dblclick", double);
    element.removeEventListener("pointerdown", down);
    element.removeEventListener("pointermove", move);
    element.removeEventListener("pointerup", up);
    element.removeEventListener("pointercancel", up);
    element.removeEventListener("wheel", wheel);
  };
}
