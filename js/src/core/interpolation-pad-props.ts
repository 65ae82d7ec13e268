/** What the pad's view is given, and the arithmetic of its square. */

import type { Clip, Meter, Place, Tempo } from "./clip";
import type { CommonActions, CommonProps } from "./props";
import { MeterMap } from "./time";

/** Row and column from the top left: whole numbers on a cell, fractions between cells. */
export type Spot = readonly [row: number, column: number];

/** What stands where the pad stands. */
export interface Shown {
  readonly clip: Clip;
  readonly place: Place;
  /** Bits a step; null where the model has no measure of it. */
  readonly cost: number | null;
  /** Whether the nearest cell stands in until the kernel has decoded the place itself. */
  readonly preview: boolean;
}

export interface PadProps extends CommonProps {
  /** Cells a side. */
  readonly n: number;
  /** Clips row by row; a clip that has not arrived yet has no notes. */
  readonly cells: readonly Clip[];
  readonly places: readonly Place[];
  /** Titles of A, B, C, D. */
  readonly labels: readonly string[];
  readonly value: Spot;
  readonly shown: Shown;
  /** Cells by their number in `cells`. */
  readonly path: readonly number[];
  /** Whether the path plays, and not the current cell. */
  readonly along: boolean;
  /** The path's clips as one; null without a path. */
  readonly piece: Clip | null;
}

export interface PadActions extends CommonActions {
  /** The reader goes to a cell, which then is what plays. */
  cell(cell: number): void;
  /** The reader rests between cells. */
  between(spot: Spot): void;
  /** The path has come to a cell. */
  follow(cell: number): void;
  /** Makes another path of the present one; gives back how many cells it has. */
  path(change: (cells: readonly number[]) => readonly number[]): number;
  along(on: boolean): void;
}

export const LETTERS = ["A", "B", "C", "D"] as const;

export const cornersOf = (n: number): number[] => [0, n - 1, n * (n - 1), n * n - 1];

export const spotOf = (cell: number, n: number): Spot => [Math.floor(cell / n), cell % n];

/** The nearest cell. */
export const cellAt = ([row, column]: Spot, n: number): number => Math.round(row) * n + Math.round(column);

export const onCell = ([row, column]: Spot): boolean => Number.isInteger(row) && Number.isInteger(column);

/** Shares of A, B, C and D; they sum to 1. */
export function weightsAt([row, column]: Spot, n: number): [number, number, number, number] {
  const x = column / (n - 1);
  const y = row / (n - 1);
  return [(1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y];
}

/** Whole percentages that sum to 100: those with the largest remainders are rounded up. */
export function percentages(shares: readonly number[]): number[] {
  const whole = shares.map((share) => Math.floor(100 * share + 1e-9));
  const left = 100 - whole.reduce((sum, one) => sum + one, 0);
  const order = shares.map((share, index) => ({ index, rest: 100 * share - (whole[index] as number) }));
  order.sort((a, b) => b.rest - a.rest || a.index - b.index);
  for (const { index } of order.slice(0, left)) (whole[index] as number)++;
  return whole;
}

/** A path is played as one piece: so many bars at most, or so many cells where clips are long. */
const PATH_BARS = 128;
const PATH_CELLS = 16;

/** Most cells that a path of such clips may have; the kernel takes no more. */
export const longestPath = (clip: Clip): number =>
  Math.max(PATH_CELLS, Math.floor(PATH_BARS / MeterMap.of(clip.score).bars.length));

/** Clips of one length one after another, in the score of the first. */
export function joinClips(clips: readonly Clip[]): Clip | null {
  const score = clips[0]?.score;
  if (!score) return null;
  const length = score.quarters;
  const notes = clips.flatMap((clip, k) =>
    clip.notes
      .filter((note) => note.start < length)
      // A note that rings over its own bar line would sound into the next clip.
      .map((note) => ({
        ...note,
        start: note.start + k * length,
        end: Math.min(note.end, length) + k * length,
      })),
  );
  const repeat = <Row extends Meter | Tempo>(rows: readonly Row[]): Row[] =>
    clips.flatMap((_, k) => rows.map((row) => [row[0] + k * length, ...row.slice(1)] as unknown as Row));
  return {
    notes,
    score: {
      ...score,
      quarters: clips.length * length,
      tempos: repeat(score.tempos),
      meters: repeat(score.meters),
    },
  };
}
