/** What page and worker say to each other, and the work itself. */

import { Network, type Run, type Shape } from "./decoder";
import { type Uniform, uniformOf } from "./random";
import type { Packing } from "./weights";

export interface Opening {
  readonly shape: Shape;
  readonly packing: Packing;
  readonly weights: ArrayBuffer;
}

export interface Request {
  readonly id: number;
  readonly points: readonly Float32Array[];
  readonly temperature: number | null;
  readonly seed: number;
}

export type Reply =
  | { readonly ready: true }
  | { readonly id: number; readonly rows: readonly Float32Array[] }
  | { readonly id: number; readonly failed: string };

export const networkOf = ({ shape, packing, weights }: Opening): Network =>
  new Network(shape, packing, weights);

/** One way a point, in order: they share the random numbers of the seed. */
export function* runs(network: Network, { points, temperature, seed }: Request): Generator<Run> {
  const uniform: Uniform = uniformOf(seed);
  for (const z of points) yield network.run(z, temperature === null ? null : { temperature, uniform });
}
