/** The grid that notes snap to: from a bar to a 32nd, counted from the bar line. */

import type { MeterMap } from "./time";

export const SNAPS = ["bar", "2", "4", "8", "16", "32", "off"] as const;
export type Snap = (typeof SNAPS)[number];

/** Quarters of the shortest note that is made where nothing snaps. */
export const FINEST = 1 / 16;
const EPS = 1e-6;

/** Quarters of a grid cell at a place; 0 where nothing snaps. */
export function cellOf(meter: MeterMap, snap: Snap, quarter: number): number {
  if (snap === "off") return 0;
  if (snap !== "bar") return 4 / Number(snap);
  const bar = barOf(meter, quarter);
  return bar.end - bar.start;
}

/** The grid line at or before a place. */
export function snapDown(meter: MeterMap, snap: Snap, quarter: number): number {
  const cell = cellOf(meter, snap, quarter);
  if (cell === 0) return quarter;
  const { start } = barOf(meter, quarter);
  return start + Math.floor((quarter - start) / cell + EPS) * cell;
}

/** The grid line after a place; a bar's last cell ends with the bar. */
export function snapUp(meter: MeterMap, snap: Snap, quarter: number): number {
  const cell = cellOf(meter, snap, quarter);
  if (cell === 0) return quarter;
  return Math.min(snapDown(meter, snap, quarter) + cell, Math.max(quarter, barOf(meter, quarter).end));
}

/** The nearest grid line; bar lines are lines of every grid. */
export function snapNear(meter: MeterMap, snap: Snap, quarter: number): number {
  if (snap === "off") return quarter;
  const before = snapDown(meter, snap, quarter);
  const after = snapUp(meter, snap, quarter);
  return after - quarter < quarter - before - EPS ? after : before;
}

const barOf = (meter: MeterMap, quarter: number) =>
  meter.bars[meter.barAt(quarter)] as MeterMap["bars"][number];
