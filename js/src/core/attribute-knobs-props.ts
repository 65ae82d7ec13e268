/** Props of the knobs, and what of the decoded music is shown while the exact answer is on its way. */

import type { Clip, Place } from "./clip";
import type { CommonActions, CommonProps } from "./props";

/** One attribute: its name and its knob's travel. */
export interface Travel {
  readonly name: string;
  /** Ends of the travel, in the attribute's own units. */
  readonly low: number;
  readonly high: number;
  /** Value of the original: where the detent is. */
  readonly centre: number;
  /** Standard deviation over the training clips. */
  readonly std: number;
  /** How the training clips are spread over the travel, 0 to 1 each. */
  readonly comb: readonly number[];
}

/** Music at one setting of all knobs. */
export interface Taken {
  /** What was asked of every attribute. */
  readonly asked: readonly number[];
  /** What the music has of it; null where it cannot be measured. */
  readonly got: readonly (number | null)[];
  readonly clip: Clip;
  readonly place: Place;
}

export interface AttributeKnobsProps extends CommonProps {
  readonly travels: readonly Travel[];
  readonly asked: readonly number[];
  readonly locked: readonly boolean[];
  /** The user's own clip, which sounds while nothing is turned. */
  readonly original: Taken;
  /** What is shown and heard. */
  readonly shown: Taken;
  /** Music about to be asked for, the likeliest first. */
  readonly likely: readonly Clip[];
  /** Where the original comes from. */
  readonly label: string;
}

export interface AttributeKnobsActions extends CommonActions {
  turn(knob: number, value: number): void;
  lock(knob: number, on: boolean): void;
  resetAll(): void;
}

/** Whether every knob stands at its detent. */
export const isUntouched = (travels: readonly Travel[], asked: readonly number[]): boolean =>
  travels.every((travel, knob) => asked[knob] === travel.centre);

/** A place on the line of one knob. */
export interface Stop {
  readonly knob: number;
  /** 0 where the line starts, below 0 what leads to less; ways lie one after another. */
  readonly index: number;
  readonly got: readonly (number | null)[];
  readonly clip: Clip;
  readonly place: Place;
}

/** What the next turn of any knob may ask, decoded ahead. */
export interface Ahead {
  /** What was asked of every attribute when the lines were made. */
  readonly base: readonly number[];
  /** What is asked where a knob's turns are measured from. */
  readonly stand: readonly number[];
  /** What it costs to fall short of what is asked, a standard deviation, and each place away from the start. */
  readonly short: number;
  readonly far: number;
  /** Places of one way on one side. */
  readonly places: number;
  readonly stops: readonly Stop[];
}

/** The side of a knob's line that leads to what is asked: from its start outwards, the start alone where it is there. */
function sideOf({ stops, stand }: Ahead, knob: number, asked: number): Stop[] {
  const line = stops.filter((stop) => stop.knob === knob);
  const start = line.find((stop) => stop.index === 0)?.got[knob];
  const sign = asked === stand[knob] || typeof start !== "number" ? 0 : Math.sign(asked - start);
  return line
    .filter(({ index }) => index === 0 || Math.sign(index) === sign)
    .sort((a, b) => Math.abs(a.index) - Math.abs(b.index));
}

/** What it costs, in squared deviations, that an attribute which is to be held cannot be measured any more. */
const GONE = 100;

/**
 * The place on a knob's line that has what is asked, or null where there is no line.
 *
 * The same rule as the kernel's (`Bench` in knob_bench.py): what the kernel will answer is shown before it does.
 */
export function lookUp(
  ahead: Ahead,
  travels: readonly Travel[],
  locked: readonly boolean[],
  knob: number,
  asked: readonly number[],
): Stop | null {
  const wanted = asked[knob] ?? 0;
  const side = sideOf(ahead, knob, wanted);
  const start = side[0];
  const from = start?.got[knob];
  if (!start || typeof from !== "number" || side.length === 1) return start ?? null;
  const sign = wanted > from ? 1 : -1;
  const held = travels.map(({ centre }, other) => {
    if (other === knob) return null;
    if (locked[other]) return start.got[other] ?? null;
    return asked[other] === centre ? null : (asked[other] ?? null);
  });
  const cost = ({ index, got }: Stop): number => {
    const far = index === 0 ? 0 : ((Math.abs(index) - 1) % ahead.places) + 1;
    const has = got[knob];
    if (typeof has !== "number") return Number.POSITIVE_INFINITY;
    const over = (sign * (has - wanted)) / (travels[knob]?.std ?? 1);
    const drift = held.reduce<number>((sum, value, other) => {
      if (value === null) return sum;
      const there = got[other];
      return sum + (typeof there === "number" ? ((there - value) / (travels[other]?.std ?? 1)) ** 2 : GONE);
    }, 0);
    return ahead.far * far + (over < 0 ? -ahead.short * over : over) + Math.sqrt(drift);
  };
  const costs = side.map(cost);
  return side[costs.indexOf(Math.min(...costs))] ?? start;
}

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const finite = (value: unknown, fallback: number): number =>
  typeof value === "number" && Number.isFinite(value) ? value : fallback;

/** The `_travels` trait, checked. */
export const readTravels = (value: unknown): Travel[] =>
  list(value).map((item) => {
    const raw = (item ?? {}) as Record<string, unknown>;
    const low = finite(raw.low, 0);
    const high = Math.max(finite(raw.high, 1), low + 1e-9);
    return {
      name: typeof raw.name === "string" ? raw.name : "",
      low,
      high,
      std: Math.max(finite(raw.std, 1), 1e-9),
      centre: Math.max(low, Math.min(high, finite(raw.centre, low))),
      comb: list(raw.comb).map((ray) => Math.max(0, Math.min(1, finite(ray, 0)))),
    };
  });

/** A dict of name to number as one number a knob; what it lacks stands at the detent. */
export function readAsked(value: unknown, travels: readonly Travel[]): number[] {
  const raw = (value ?? {}) as Record<string, unknown>;
  return travels.map(({ name, centre }) => finite(raw[name], centre));
}

/** A list of measured numbers; null where there was nothing to measure. */
export const readGot = (value: unknown, count: number): (number | null)[] => {
  const raw = list(value);
  return Array.from({ length: count }, (_, knob) => {
    const got = raw[knob];
    return typeof got === "number" && Number.isFinite(got) ? got : null;
  });
};
