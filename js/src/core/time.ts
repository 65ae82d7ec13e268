/** Musical time: quarters, seconds, bars and beats. */

import type { Meter, Score, Tempo } from "./clip";

interface Stretch {
  readonly quarter: number;
  readonly second: number;
  /** Seconds a quarter. */
  readonly pace: number;
}

/** Quarters to seconds and back, the whole tempo map scaled so that it starts at `tempo`. */
export class TempoMap {
  readonly #stretches: Stretch[] = [];

  constructor(tempos: readonly Tempo[], tempo: number) {
    const first = tempos[0]?.[1] ?? 120;
    let second = 0;
    let quarter = 0;
    let pace = 60 / tempo;
    for (const [start, qpm] of tempos.length > 0 ? tempos : ([[0, 120]] as const)) {
      second += (start - quarter) * pace;
      quarter = start;
      pace = (60 / qpm) * (first / tempo);
      this.#stretches.push({ quarter, second, pace });
    }
  }

  seconds(quarter: number): number {
    const stretch = this.#find((item) => item.quarter <= quarter);
    return stretch.second + (quarter - stretch.quarter) * stretch.pace;
  }

  quarters(second: number): number {
    const stretch = this.#find((item) => item.second <= second);
    return stretch.quarter + (second - stretch.second) / stretch.pace;
  }

  #find(holds: (item: Stretch) => boolean): Stretch {
    let found = this.#stretches[0] as Stretch;
    for (const item of this.#stretches) if (holds(item)) found = item;
    return found;
  }
}

export interface Bar {
  /** Quarters of the bar's two lines. */
  readonly start: number;
  readonly end: number;
  /** Quarters a beat: 1 in 4/4, 0.5 in 6/8. */
  readonly beat: number;
}

export interface Position {
  /** Both counted from 1. */
  readonly bar: number;
  readonly beat: number;
}

const EPS = 1e-6;

/** Bars and beats of a score. */
export class MeterMap {
  readonly bars: readonly Bar[];

  constructor(meters: readonly Meter[], quarters: number) {
    const bars: Bar[] = [];
    meters.forEach(([start, numerator, denominator], index) => {
      const end = Math.min(meters[index + 1]?.[0] ?? quarters, quarters);
      const beat = 4 / denominator;
      for (let bar = start; bar < end - EPS; bar += numerator * beat) {
        bars.push({ start: bar, end: Math.min(bar + numerator * beat, end), beat });
      }
    });
    this.bars = bars.length > 0 ? bars : [{ start: 0, end: quarters, beat: 1 }];
  }

  static of(score: Score): MeterMap {
    return new MeterMap(score.meters, score.quarters);
  }

  get quarters(): number {
    return (this.bars.at(-1) as Bar).end;
  }

  /** Quarters of every bar line, the last line included. */
  lines(): number[] {
    return [...this.bars.map((bar) => bar.start), this.quarters];
  }

  /** Index of the bar that holds a quarter; quarters outside belong to the first or last bar. */
  barAt(quarter: number): number {
    let low = 0;
    let high = this.bars.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.bars[middle] as Bar).start <= quarter + EPS) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  position(quarter: number): Position {
    const index = this.barAt(quarter);
    const bar = this.bars[index] as Bar;
    const beats = Math.max(1, Math.ceil((bar.end - bar.start) / bar.beat - EPS));
    const beat = Math.floor((quarter - bar.start) / bar.beat + EPS);
    return { bar: index + 1, beat: Math.max(0, Math.min(beats - 1, beat)) + 1 };
  }

  /** Quarters of every beat of a bar. */
  beats(bar: Bar): number[] {
    const beats: number[] = [];
    for (let at = bar.start; at < bar.end - EPS; at += bar.beat) beats.push(at);
    return beats;
  }

  /** The beat line before or after a quarter, within the score. */
  stepBeat(quarter: number, direction: -1 | 1): number {
    const bar = this.bars[this.barAt(quarter)] as Bar;
    if (direction > 0) return this.beats(bar).find((beat) => beat > quarter + EPS) ?? bar.end;
    const before = this.beats(bar).findLast((beat) => beat < quarter - EPS);
    if (before !== undefined) return before;
    const previous = this.bars[this.barAt(quarter) - 1];
    return previous ? (this.beats(previous).at(-1) as number) : 0;
  }
}
