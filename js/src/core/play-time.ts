/** When the quarters of a clip sound: at a tempo, with a swing, from the beginning of a loop region. */

import type { Score } from "./clip";
import { type Bar, MeterMap, TempoMap } from "./time";

/** Share of a beat that its first eighth lasts. */
export const STRAIGHT = 0.5;
export const MOST_SWING = 0.75;

/** Start and end in quarters; null is the whole clip. */
export type Region = readonly [number, number] | null;

/** A loop region is no shorter than this: a 16th. */
export const LEAST_REGION = 0.25;

/** A region within a clip; null where nothing is left of it. */
export function regionWithin(region: Region, quarters: number): Region {
  if (!region) return null;
  const start = Math.max(0, Math.min(region[0], region[1]));
  const end = Math.min(quarters, Math.max(region[0], region[1]));
  return end - start >= LEAST_REGION - 1e-6 ? [start, end] : null;
}

/** The two ends of a drag as a region on whole steps, its shortest one step. */
export function regionBetween(from: number, to: number, step: number, quarters: number): Region {
  const start = Math.floor(Math.min(from, to) / step + 1e-6) * step;
  const end = Math.ceil(Math.max(from, to) / step - 1e-6) * step;
  return regionWithin([start, Math.max(end, start + step)], quarters);
}

/**
 * A place within a beat, 0 to 1, where it sounds: eighths off the beat come late, what lies between
 * them is stretched along. `swing` is the share of the first eighth: 1/2 is straight, 2/3 a triplet's.
 */
export function swung(place: number, swing: number): number {
  return place < 0.5 ? place * 2 * swing : swing + (place - 0.5) * 2 * (1 - swing);
}

/** The inverse of `swung`. */
export function straightened(place: number, swing: number): number {
  return place < swing ? place / (2 * swing) : 0.5 + (place - swing) / (2 * (1 - swing));
}

export class PlayTime {
  readonly #tempo: TempoMap;
  readonly #meter: MeterMap;
  readonly #swing: number;
  readonly #start: number;
  /** Quarters between which it plays. */
  readonly from: number;
  readonly to: number;
  /** Whether that is a part of the clip. */
  readonly partial: boolean;

  constructor(score: Score, tempo: number, swing: number = STRAIGHT, region: Region = null) {
    this.#tempo = new TempoMap(score.tempos, tempo);
    this.#meter = MeterMap.of(score);
    this.#swing = Math.max(STRAIGHT, Math.min(MOST_SWING, swing));
    const part = regionWithin(region, this.#meter.quarters);
    [this.from, this.to] = part ?? [0, this.#meter.quarters];
    this.partial = part !== null;
    this.#start = this.#at(this.from);
  }

  /** Seconds from the beginning to a quarter of the clip. */
  seconds(quarter: number): number {
    return this.#at(quarter) - this.#start;
  }

  /** The quarter of the clip at a second from the beginning. */
  quarters(second: number): number {
    return this.#warp(this.#tempo.quarters(second + this.#start), straightened);
  }

  /** Seconds at which a quarter is taken up: a quarter outside begins at the beginning. */
  enter(quarter: number): number {
    return quarter >= this.from && quarter < this.to - 1e-6 ? this.seconds(quarter) : 0;
  }

  /** Bar lines that lie within, as quarters: the beginning first, the end last; and the first one's bar. */
  lines(): { first: number; quarters: number[] } {
    const inner = this.#meter.lines().filter((line) => line > this.from + 1e-6 && line < this.to - 1e-6);
    return { first: this.#meter.barAt(this.from), quarters: [this.from, ...inner, this.to] };
  }

  /** Beats that lie within, and whether a bar begins with them. */
  beats(): { quarter: number; first: boolean }[] {
    return this.#meter.bars.flatMap((bar) =>
      this.#meter
        .beats(bar)
        .filter((beat) => beat >= this.from - 1e-6 && beat < this.to - 1e-6)
        .map((quarter) => ({ quarter, first: quarter === bar.start })),
    );
  }

  /** Quarters a beat, and beats a bar, where a quarter lies. */
  bar(quarter: number): Bar {
    return this.#meter.bars[this.#meter.barAt(quarter)] as Bar;
  }

  #at(quarter: number): number {
    return this.#tempo.seconds(this.#warp(quarter, swung));
  }

  /** Beats of a quarter swing; an eighth that is a beat itself, as in 6/8, does not. */
  #warp(quarter: number, way: (place: number, swing: number) => number): number {
    if (this.#swing === STRAIGHT) return quarter;
    const bar = this.bar(quarter);
    const whole = Math.floor(quarter - bar.start + 1e-9);
    const beat = bar.start + whole;
    if (bar.beat < 1 || whole < 0 || beat + 1 > bar.end + 1e-6) return quarter;
    return beat + way(quarter - beat, this.#swing);
  }
}
