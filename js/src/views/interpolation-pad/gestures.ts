/** Pointer and keyboard on the square: going to cells, resting between them, drawing the path. */

import { cellAt, onCell, type Spot } from "../../core/interpolation-pad-props";
import type { Point } from "./curve";

/** What the gestures act on. */
export interface PadHost {
  readonly n: number;
  readonly value: Spot;
  /** Whether the pointer draws the path. */
  readonly drawing: boolean;
  /** Whether the pointer rests between cells without Shift. */
  readonly free: boolean;
  spotAt(point: Point): Spot;
  cell(cell: number): void;
  between(spot: Spot): void;
  /** A stroke comes to a cell; the first one of a new drawing begins a new path. */
  draw(cell: number): void;
  /** A stroke ends. */
  drawn(): void;
  add(cell: number): void;
  removeLast(): void;
  clear(): void;
  toggleDrawing(): void;
  toggle(): void;
}

/** A stroke takes a cell within this many cells of its middle, so that it can pass between two corners. */
const TAKES = 0.42;
/** A stroke is looked at this often, in cells, however fast it is. */
const SAMPLE = 0.2;
/** Shift and an arrow move by a tenth of a cell. */
const TENTH = 0.1;

/** Cells that a stroke from one place to another comes to. */
export function strokeCells(from: Spot, to: Spot, n: number): number[] {
  const length = Math.hypot(to[0] - from[0], to[1] - from[1]);
  const samples = Math.max(1, Math.ceil(length / SAMPLE));
  const cells: number[] = [];
  for (let k = 1; k <= samples; k++) {
    const at: Spot = [
      from[0] + ((to[0] - from[0]) * k) / samples,
      from[1] + ((to[1] - from[1]) * k) / samples,
    ];
    const off = Math.hypot(at[0] - Math.round(at[0]), at[1] - Math.round(at[1]));
    const cell = cellAt(at, n);
    if (off <= TAKES && cells.at(-1) !== cell) cells.push(cell);
  }
  return cells;
}

export function attachPointer(grid: HTMLElement, host: PadHost): void {
  let last: { readonly spot: Spot; readonly cell: number } | null = null;
  const spotOfEvent = (event: PointerEvent): Spot => {
    const box = grid.getBoundingClientRect();
    return host.spotAt({ x: event.clientX - box.left, y: event.clientY - box.top });
  };
  const go = (event: PointerEvent) => {
    const spot = spotOfEvent(event);
    if (event.shiftKey || host.free)
      host.between([Math.round(1e3 * spot[0]) / 1e3, Math.round(1e3 * spot[1]) / 1e3]);
    else if (cellAt(spot, host.n) !== cellAt(host.value, host.n) || !onCell(host.value))
      host.cell(cellAt(spot, host.n));
  };
  grid.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !event.isPrimary) return;
    event.preventDefault();
    grid.focus({ preventScroll: true });
    grid.setPointerCapture(event.pointerId);
    grid.classList.add("mv-dragging");
    if (!host.drawing) {
      // A click on the current cell makes it what plays.
      if (!event.shiftKey && !host.free) host.cell(cellAt(spotOfEvent(event), host.n));
      else go(event);
      return;
    }
    const spot = spotOfEvent(event);
    last = { spot, cell: cellAt(spot, host.n) };
    host.draw(last.cell);
  });
  grid.addEventListener("pointermove", (event) => {
    if (!grid.hasPointerCapture(event.pointerId)) return;
    if (!last) {
      if (!host.drawing) go(event);
      return;
    }
    const spot = spotOfEvent(event);
    let cell = last.cell;
    for (const next of strokeCells(last.spot, spot, host.n)) {
      if (next === cell) continue;
      cell = next;
      host.draw(cell);
    }
    last = { spot, cell };
  });
  const end = () => {
    grid.classList.remove("mv-dragging");
    if (last) host.drawn();
    last = null;
  };
  grid.addEventListener("pointerup", end);
  grid.addEventListener("pointercancel", end);
  // What a screen reader activates comes as a click without a pointer.
  grid.addEventListener("click", (event) => {
    if (event.detail !== 0) return;
    const cells = [...grid.querySelectorAll("[role=gridcell]")];
    const cell = cells.indexOf((event.target as Element).closest("[role=gridcell]") as Element);
    if (cell < 0) return;
    if (host.drawing) host.draw(cell);
    else host.cell(cell);
  });
}

/** Where a key leads from a place; null for a key that leads nowhere. */
export function keyTarget(key: string, shift: boolean, [row, column]: Spot, n: number): Spot | null {
  const last = n - 1;
  const clamp = (at: number) => Math.max(0, Math.min(last, Math.round(1e3 * at) / 1e3));
  const before = (at: number) => clamp(shift ? at - TENTH : Math.ceil(at) - 1);
  const after = (at: number) => clamp(shift ? at + TENTH : Math.floor(at) + 1);
  // Along one axis by the key, on the other as it is, or to the nearest cell.
  const still = (at: number) => (shift ? at : Math.round(at));
  switch (key) {
    case "ArrowLeft":
      return [still(row), before(column)];
    case "ArrowRight":
      return [still(row), after(column)];
    case "ArrowUp":
      return [before(row), still(column)];
    case "ArrowDown":
      return [after(row), still(column)];
    case "Home":
      return [Math.round(row), 0];
    case "End":
      return [Math.round(row), last];
    case "PageUp":
      return [0, Math.round(column)];
    case "PageDown":
      return [last, Math.round(column)];
    default:
      return null;
  }
}

export function attachKeys(grid: HTMLElement, host: PadHost): void {
  grid.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const now = cellAt(host.value, host.n);
    const others: Record<string, () => void> = {
      " ": () => host.toggle(),
      p: () => host.toggleDrawing(),
      P: () => host.toggleDrawing(),
      Enter: () => host.add(now),
      Backspace: () => host.removeLast(),
      Delete: () => host.clear(),
      Escape: () => (host.drawing ? host.toggleDrawing() : grid.blur()),
    };
    const target = keyTarget(event.key, event.shiftKey && !host.drawing, host.value, host.n);
    const other = others[event.key];
    if (!target && !other) return;
    event.preventDefault();
    event.stopPropagation();
    if (other) other();
    else if (target && host.drawing) {
      if (cellAt(target, host.n) !== now) host.draw(cellAt(target, host.n));
    } else if (target && onCell(target)) host.cell(cellAt(target, host.n));
    else if (target) host.between(target);
  });
}
