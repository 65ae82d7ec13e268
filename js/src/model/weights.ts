/** Packed weights of a decoder: one run of little-endian float16 or float32, and an index of what lies where. */

/** A tensor's shape, and where it begins, counted in numbers. */
export type Entry = readonly [shape: readonly number[], start: number];

export interface Packing {
  readonly dtype: "float16" | "float32";
  readonly tensors: Readonly<Record<string, Entry>>;
}

/** Tensors by name; `under` is the same of one part, its prefix left out. */
export class Weights {
  readonly #all: Readonly<Record<string, Entry>>;
  readonly #numbers: Float32Array;
  readonly #prefix: string;

  constructor(all: Readonly<Record<string, Entry>>, numbers: Float32Array, prefix = "") {
    this.#all = all;
    this.#numbers = numbers;
    this.#prefix = prefix;
  }

  under(prefix: string): Weights {
    return new Weights(this.#all, this.#numbers, `${this.#prefix}${prefix}.`);
  }

  has(name: string): boolean {
    return `${this.#prefix}${name}` in this.#all;
  }

  shape(name: string): readonly number[] {
    return this.#entry(name)[0];
  }

  get(name: string): Float32Array {
    const [shape, start] = this.#entry(name);
    return this.#numbers.subarray(start, start + shape.reduce((size, n) => size * n, 1));
  }

  #entry(name: string): Entry {
    const entry = this.#all[`${this.#prefix}${name}`];
    if (!entry) throw new Error(`the weights lack "${this.#prefix}${name}"`);
    return entry;
  }
}

/** Unpacks; throws where numbers are missing. */
export function readWeights({ dtype, tensors }: Packing, bytes: ArrayBuffer): Weights {
  const size = Object.values(tensors).reduce(
    (end, [shape, start]) => Math.max(end, shape.reduce((count, n) => count * n, 1) + start),
    0,
  );
  const width = dtype === "float16" ? 2 : 4;
  if (bytes.byteLength !== size * width) throw new Error("the weights are damaged");
  const view = new DataView(bytes);
  const numbers = new Float32Array(size);
  for (let i = 0; i < size; i++)
    numbers[i] = width === 4 ? view.getFloat32(4 * i, true) : halfOf(view.getUint16(2 * i, true));
  return new Weights(tensors, numbers);
}

/** The number that 16 bits stand for (IEEE 754 binary16). */
export function halfOf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
