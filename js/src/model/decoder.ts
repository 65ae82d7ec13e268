/** Decoders: flat, side by side, and under a conductor (nn/decoder.py, nn/hierarchy.py). */

import { type Draw, type Head, headOf } from "./heads";
import { addProduct, Stack } from "./lstm";
import { type Packing, readWeights, type Weights } from "./weights";

/** The shape of a network: what decides it of `nn.config.ModelConfig`. */
export interface Shape {
  readonly steps: number;
  readonly output_depth: number;
  readonly head: string;
  /** Widths of a step's parts. */
  readonly parts: readonly number[];
  /** Segments, and steps a segment; empty without a conductor. */
  readonly decoder_levels: readonly number[];
}

export interface Job {
  readonly steps: number;
  readonly draw: Draw | null;
  /** The step before the first; zeros if null. */
  readonly start: Float32Array | null;
  /** Told the numbers of each step of each flat decoder. */
  readonly watch?: ((numbers: Float32Array) => void) | undefined;
}

/** Rows of all steps, one after another; the way there can be paused after every step. */
export type Run = Generator<undefined, Float32Array, undefined>;

interface Decoder {
  readonly depth: number;
  run(z: Float32Array, job: Job): Run;
}

/** An LSTM that sees z, and the step before, at every step. */
class FlatDecoder implements Decoder {
  readonly depth: number;
  readonly #stack: Stack;
  readonly #head: Head;
  readonly #output: Float32Array;
  readonly #bias: Float32Array;
  /** Row k: what bit or class k of the step before adds to the first layer's gates. */
  readonly #table: Float32Array;
  readonly #byZ: Float32Array;

  constructor(shape: Shape, depth: number, weights: Weights) {
    this.depth = depth;
    this.#stack = new Stack(weights);
    this.#head = headOf(shape.head, depth, shape.parts, weights.under("head"));
    this.#output = weights.get("output.weight");
    this.#bias = weights.get("output.bias");
    const [gates = 0, width = 0] = weights.shape("layers.0.weight_ih_l0");
    const joined = weights.get("layers.0.weight_ih_l0");
    const table = new Float32Array(depth * gates);
    const byZ = new Float32Array((width - depth) * gates);
    for (let gate = 0; gate < gates; gate++) {
      for (let k = 0; k < depth; k++) table[k * gates + gate] = joined[gate * width + k] as number;
      byZ.set(joined.subarray(gate * width + depth, (gate + 1) * width), gate * (width - depth));
    }
    this.#table = table;
    this.#byZ = byZ;
  }

  *run(z: Float32Array, { steps, draw, start, watch }: Job): Run {
    const first = this.#stack.layers[0];
    if (!first) throw new Error("the decoder has no layers");
    const constant = Float32Array.from(first.bias);
    addProduct(constant, this.#byZ, z, z.length);
    const state = this.#stack.begin(z);
    const rows = new Float32Array(steps * this.depth);
    let before = start;
    for (let step = 0; step < steps; step++) {
      const gates = constant.slice();
      if (before) this.#feed(gates, before);
      const hidden = this.#stack.step(gates, state);
      const numbers = Float32Array.from(this.#bias);
      addProduct(numbers, this.#output, hidden, this.#stack.units);
      watch?.(numbers);
      before = this.#head(numbers, draw);
      rows.set(before, step * this.depth);
      yield;
    }
    return rows;
  }

  #feed(gates: Float32Array, row: Float32Array): void {
    row.forEach((x, k) => {
      if (x === 0) return;
      const at = k * gates.length;
      for (let gate = 0; gate < gates.length; gate++)
        gates[gate] = (gates[gate] as number) + x * (this.#table[at + gate] as number);
    });
  }
}

/** Decoders that share z and do not see each other, each for its part of the row. */
class SplitDecoder implements Decoder {
  readonly depth: number;
  readonly #parts: readonly Decoder[];

  constructor(parts: readonly Decoder[]) {
    this.#parts = parts;
    this.depth = parts.reduce((sum, part) => sum + part.depth, 0);
  }

  *run(z: Float32Array, job: Job): Run {
    const rows = new Float32Array(job.steps * this.depth);
    let first = 0;
    for (const part of this.#parts) {
      const start = job.start?.subarray(first, first + part.depth) ?? null;
      const own = yield* part.run(z, { ...job, start });
      for (let step = 0; step < job.steps; step++)
        rows.set(own.subarray(step * part.depth, (step + 1) * part.depth), step * this.depth + first);
      first += part.depth;
    }
    return rows;
  }
}

/** A conductor gives one vector a segment; the core decodes each from it, fed with the end of the one before. */
class HierarchicalDecoder implements Decoder {
  readonly depth: number;
  readonly #conductor: Stack;
  readonly #core: Decoder;
  readonly #segments: number;

  constructor(conductor: Stack, core: Decoder, segments: number) {
    this.#conductor = conductor;
    this.#core = core;
    this.#segments = segments;
    this.depth = core.depth;
  }

  *run(z: Float32Array, job: Job): Run {
    const rows = new Float32Array(job.steps * this.depth);
    const steps = job.steps / this.#segments;
    const state = this.#conductor.begin(z);
    const bias = this.#conductor.layers[0]?.bias ?? new Float32Array();
    let { start } = job;
    for (let segment = 0; segment < this.#segments; segment++) {
      // Its one input is always zero.
      const vector = this.#conductor.step(Float32Array.from(bias), state).slice();
      const own = yield* this.#core.run(vector, { ...job, steps, start });
      rows.set(own, segment * own.length);
      start = own.subarray(own.length - this.depth);
    }
    return rows;
  }
}

export class Network {
  readonly depth: number;
  readonly #decoder: Decoder;
  readonly #steps: number;

  /** Throws where the weights are not those of the shape. */
  constructor(shape: Shape, packing: Packing, bytes: ArrayBuffer) {
    const weights = readWeights(packing, bytes);
    const segments = shape.decoder_levels[0];
    const own = segments ? weights.under("core") : weights;
    const core =
      shape.parts.length > 0 && shape.head !== "multi"
        ? new SplitDecoder(
            shape.parts.map((depth, k) => new FlatDecoder(shape, depth, own.under(`parts.${k}`))),
          )
        : new FlatDecoder(shape, shape.output_depth, own);
    this.#decoder = segments
      ? new HierarchicalDecoder(new Stack(weights.under("conductor")), core, segments)
      : core;
    this.#steps = shape.steps;
    this.depth = this.#decoder.depth;
  }

  /** Rows `[steps, depth]` at a point of latent space. */
  run(z: Float32Array, draw: Draw | null, watch?: Job["watch"]): Run {
    return this.#decoder.run(z, { steps: this.#steps, draw, start: null, watch });
  }
}

/** The end of a way, taken without a pause. */
export function finish(run: Run): Float32Array {
  for (;;) {
    const { done, value } = run.next();
    if (done) return value;
  }
}
