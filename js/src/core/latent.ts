/** Arithmetic in latent space, as the kernel does it (latent/interpolate.py, colour.py). */

import type { Place } from "./clip";

export type Vector = ArrayLike<number>;

/** Below this sine of the angle an arc is a line. */
const PARALLEL = 1e-6;
/** Distance on the plane at which a place is three quarters of the way to the edge. */
const REACH = 1.25;

export function dot(a: Vector, b: Vector): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

/** `a` times one number plus `b` times another. */
export function blend(a: Vector, share: number, b: Vector, other: number): Float64Array {
  return Float64Array.from(a, (x, i) => share * x + other * (b[i] as number));
}

/** Arc from a to b; a line where an arc is not defined. */
export function slerp(a: Vector, b: Vector, t: number): Float64Array {
  const norms = Math.sqrt(dot(a, a)) * Math.sqrt(dot(b, b));
  if (norms === 0) return blend(a, 1 - t, b, t);
  const angle = Math.acos(Math.max(-1, Math.min(1, dot(a, b) / norms)));
  const sine = Math.sin(angle);
  if (sine < PARALLEL) return blend(a, 1 - t, b, t);
  return blend(a, Math.sin((1 - t) * angle) / sine, b, Math.sin(t * angle) / sine);
}

/** A flat map of latent space: `xy = (weights z + offset) / scale`. */
export interface Flat {
  /** One direction a row. */
  readonly weights: readonly Vector[];
  readonly offset: readonly number[];
  readonly scale: readonly number[];
}

export const project = ({ weights, offset, scale }: Flat, z: Vector): number[] =>
  weights.map((row, k) => (dot(row, z) + (offset[k] as number)) / (scale[k] as number));

/** The place from which a colour comes; null where the model has no plane. */
export function placeOn(plane: Flat | null, z: Vector): Place {
  if (!plane) return null;
  const [u, v] = project(plane, z).map((x) => Math.tanh(x / REACH));
  return [u as number, v as number];
}
