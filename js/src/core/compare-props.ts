/** What the views of Compare are given. */

import type { Clip, Note, Place } from "./clip";
import type { CommonActions, CommonProps } from "./props";

export const KINDS = ["pair", "mean", "routes", "samples", "playlist"] as const;
export type Kind = (typeof KINDS)[number];

export const ROWS = [
  "original",
  "other",
  "reconstruction",
  "latent",
  "data",
  "a",
  "mean",
  "b",
  "playlist",
] as const;
export type RowName = (typeof ROWS)[number];

export interface CompareRow {
  readonly name: RowName;
  /** The user's own word; "" takes the page's for the row's name. */
  readonly label: string;
  /** Indices of its clips among all. */
  readonly items: readonly number[];
}

/** Start and end in quarters, and how many notes differ in it. */
export type Beat = readonly [number, number, number];

export interface CompareDifference {
  readonly same: number;
  readonly missing: readonly Note[];
  readonly added: ReadonlySet<Note>;
  readonly beats: readonly Beat[];
}

export interface CompareProps extends CommonProps {
  readonly kind: Kind;
  readonly rows: readonly CompareRow[];
  readonly clips: readonly Clip[];
  readonly places: readonly Place[];
  /** Bits a step of each clip; none where there are none. */
  readonly costs: readonly number[];
  /** Only 1 % of the training clips cost more; null where that is not known. */
  readonly limit: number | null;
  /** How the second clip differs from the first, where that is shown. */
  readonly difference: CompareDifference | null;
  /** Which clip plays. */
  readonly value: number;
}

export interface CompareActions extends CommonActions {
  choose(value: number): void;
}

/** Clips side by side in one line of a width: all of them, or as many as make even lines. */
export function perLine(count: number, width: number, narrowest: number, gap: number): number {
  const room = Math.max(1, Math.floor((width + gap) / (narrowest + gap)));
  return Math.max(1, Math.ceil(count / Math.ceil(count / room)));
}

/** Bits a step of a bar of full length. */
export function costScale(costs: readonly number[], limit: number | null): number {
  const known = [...costs, limit ?? 0].filter(Number.isFinite);
  return Math.max(1, Math.ceil(known.reduce((a, b) => Math.max(a, b), 0) + 0.25));
}
