/** LSTM layers on top of each other whose first state comes from a vector (nn/lstm.py). */

import type { Weights } from "./weights";

/** `out += matrix x`; the matrix lies row by row, `width` numbers each. */
export function addProduct(out: Float32Array, matrix: Float32Array, x: Float32Array, width: number): void {
  const even = width - (width % 4);
  for (let row = 0, at = 0; row < out.length; row++, at += width) {
    // Four sums side by side: a processor adds the next while it waits for the last.
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    for (let k = 0; k < even; k += 4) {
      a += (matrix[at + k] as number) * (x[k] as number);
      b += (matrix[at + k + 1] as number) * (x[k + 1] as number);
      c += (matrix[at + k + 2] as number) * (x[k + 2] as number);
      d += (matrix[at + k + 3] as number) * (x[k + 3] as number);
    }
    for (let k = even; k < width; k++) a += (matrix[at + k] as number) * (x[k] as number);
    out[row] = (out[row] as number) + (a + b + (c + d));
  }
}

export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

interface Layer {
  readonly units: number;
  readonly inputs: number;
  readonly byInput: Float32Array;
  readonly byState: Float32Array;
  readonly bias: Float32Array;
}

/** Cell and hidden state of each layer. */
export type State = readonly { readonly c: Float32Array; readonly h: Float32Array }[];

export class Stack {
  readonly layers: readonly Layer[];
  readonly #initial: Float32Array;
  readonly #initialBias: Float32Array;

  constructor(weights: Weights) {
    const layers: Layer[] = [];
    for (let k = 0; weights.has(`layers.${k}.weight_ih_l0`); k++) {
      const own = weights.under(`layers.${k}`);
      const [gates = 0, inputs = 0] = own.shape("weight_ih_l0");
      const byState = own.get("weight_hh_l0");
      layers.push({
        units: gates / 4,
        inputs,
        byInput: own.get("weight_ih_l0"),
        byState,
        bias: own.get("bias_ih_l0"),
      });
    }
    this.layers = layers;
    this.#initial = weights.get("initial.weight");
    this.#initialBias = weights.get("initial.bias");
  }

  /** Units of the top layer. */
  get units(): number {
    return this.layers.at(-1)?.units ?? 0;
  }

  /** `tanh` of a linear map of the vector, cut layer by layer into c and h. */
  begin(z: Float32Array): State {
    const all = Float32Array.from(this.#initialBias);
    addProduct(all, this.#initial, z, z.length);
    let at = 0;
    const next = (units: number) => {
      at += units;
      return all.slice(at - units, at).map(Math.tanh);
    };
    return this.layers.map(({ units }) => ({ c: next(units), h: next(units) }));
  }

  /** One step: the gates of the first layer are given but for what its own state adds. The top's hidden state. */
  step(first: Float32Array, state: State): Float32Array {
    let below = first;
    this.layers.forEach(({ units, inputs, byInput, byState, bias }, k) => {
      const { c, h } = state[k] as State[number];
      const gates = k === 0 ? first : Float32Array.from(bias);
      if (k > 0) addProduct(gates, byInput, below, inputs);
      addProduct(gates, byState, h, units);
      for (let i = 0; i < units; i++) {
        const keep = sigmoid(gates[units + i] as number) * (c[i] as number);
        c[i] = keep + sigmoid(gates[i] as number) * Math.tanh(gates[2 * units + i] as number);
        h[i] = sigmoid(gates[3 * units + i] as number) * Math.tanh(c[i] as number);
      }
      below = h;
    });
    return below;
  }
}
