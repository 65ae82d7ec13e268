/** Events that follow what a transport plays - strokes of the metronome, MIDI messages - sent out ahead of time. */

import type { Sound } from "./sound";

/** A stretch of time in which one sound is the one that is heard; context times. */
export interface Stretch {
  readonly sound: Sound;
  /** Time of the sound's second 0. */
  readonly origin: number;
  readonly begin: number;
  readonly until: number;
}

export interface Timed {
  /** Seconds of the sound. */
  readonly second: number;
}

const EPS = 1e-6;

/** Events of the stretches from one context time up to another, each with its time. */
export function eventsBetween<E extends Timed>(
  stretches: readonly Stretch[],
  from: number,
  to: number,
  eventsOf: (sound: Sound) => readonly E[],
): { time: number; event: E }[] {
  return stretches.flatMap(({ sound, origin, begin, until }) => {
    const first = Math.max(from, begin);
    const last = Math.min(to, until);
    if (last <= first - EPS) return [];
    return eventsOf(sound)
      .map((event) => ({ time: origin + event.second, event }))
      .filter(({ time }) => time >= first - EPS && time < last - EPS);
  });
}

/** Context time up to which it is known what is heard. */
export const endOf = (stretches: readonly Stretch[]): number =>
  stretches.at(-1)?.until ?? Number.NEGATIVE_INFINITY;

/** What a transport tells of its passes. */
export interface Follower {
  /** Looks ahead from a context time: called often. */
  tend(stretches: readonly Stretch[], now: number): void;
  /** What was to come from a context time on comes no more. */
  cut(time: number): void;
}
