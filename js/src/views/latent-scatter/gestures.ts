/** What a pointer does on the map: point, click, pan, zoom, lasso, turn. */

import type { Px } from "./overlay";

export type Tool = "point" | "lasso" | "turn";

export interface Gestures {
  tool(): Tool;
  /** Whether the map can be turned. */
  deep(): boolean;
  hover(at: Px | null): void;
  click(at: Px): void;
  pan(dx: number, dy: number): void;
  zoom(at: Px, factor: number): void;
  turn(dx: number, dy: number): void;
  /** The pointer lets go of the map. */
  rest(): void;
  lasso(points: readonly Px[], done: boolean): void;
}

const SLOP = 4;
const SPACING = 3;

export function attachGestures(el: HTMLElement, on: Gestures): () => void {
  const down = new Map<number, Px>();
  let start: Px | null = null;
  let doing: "click" | "pan" | "lasso" | "turn" | null = null;
  let line: Px[] = [];

  const at = (event: { clientX: number; clientY: number }): Px => {
    const box = el.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const spread = () => {
    const [a, b] = [...down.values()];
    return a && b ? Math.hypot(a[0] - b[0], a[1] - b[1]) : 0;
  };
  const press = (event: PointerEvent) => {
    if (event.button !== 0 || (event.target as Element).closest("button")) return;
    // A pointer that has the focus needs no ring, also while Shift is held.
    el.focus({ preventScroll: true, focusVisible: false } as FocusOptions);
    el.setPointerCapture(event.pointerId);
    const point = at(event);
    down.set(event.pointerId, point);
    if (down.size > 1) {
      doing = "pan";
      return;
    }
    start = point;
    const tool = on.tool();
    if (event.shiftKey || tool === "lasso") {
      doing = "lasso";
      line = [point];
    } else if (on.deep() && (event.altKey || tool === "turn")) doing = "turn";
    else doing = "click";
    if (event.pointerType !== "mouse") on.hover(point);
  };
  const move = (event: PointerEvent) => {
    const point = at(event);
    const before = down.get(event.pointerId);
    if (!before) {
      if (event.pointerType === "mouse") on.hover(point);
      return;
    }
    const [dx, dy] = [point[0] - before[0], point[1] - before[1]];
    if (doing === "click" && start && Math.hypot(point[0] - start[0], point[1] - start[1]) > SLOP) {
      doing = "pan";
      on.hover(null);
    }
    if (doing === "lasso") {
      const last = line.at(-1) ?? point;
      if (Math.hypot(point[0] - last[0], point[1] - last[1]) < SPACING) return;
      line.push(point);
      down.set(event.pointerId, point);
      on.hover(null);
      on.lasso(line, false);
      return;
    }
    const apart = spread();
    down.set(event.pointerId, point);
    if (doing === "turn") {
      on.hover(null);
      on.turn(dx, dy);
    } else if (doing === "pan") {
      on.pan(dx / down.size, dy / down.size);
      if (down.size === 2 && apart > 0) {
        const [a, b] = [...down.values()];
        if (a && b) on.zoom([(a[0] + b[0]) / 2, (a[1] + b[1]) / 2], spread() / apart);
      }
    }
  };
  const lift = (event: PointerEvent) => {
    if (!down.delete(event.pointerId)) return;
    const point = at(event);
    const done = doing;
    if (down.size > 0) return;
    doing = null;
    if (event.type === "pointercancel") on.lasso([], false);
    else if (done === "lasso") {
      on.lasso(line.length > 2 ? line : [], line.length > 2);
      if (line.length <= 2) on.click(point);
    } else if (done === "click") on.click(point);
    else on.rest();
    line = [];
  };
  const leave = () => {
    if (down.size === 0) on.hover(null);
  };
  const wheel = (event: WheelEvent) => {
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 16 : 1;
    on.zoom(at(event), Math.exp(-Math.max(-200, Math.min(200, event.deltaY * lines)) / 300));
  };
  el.addEventListener("pointerdown", press);
  el.addEventListener("pointermove", move);
  el.addEventListener("pointerup", lift);
  el.addEventListener("pointercancel", lift);
  el.addEventListener("pointerleave", leave);
  el.addEventListener("wheel", wheel, { passive: false });
  return () => {
    el.removeEventListener("pointerdown", press);
    el.removeEventListener("pointermove", move);
    el.removeEventListener("pointerup", lift);
    el.removeEventListener("pointercancel", lift);
    el.removeEventListener("pointerleave", leave);
    el.removeEventListener("wheel", wheel);
  };
}
