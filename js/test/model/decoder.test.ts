import { describe, expect, test } from "vitest";
import { hamming } from "../../src/core/decoding";
import { decodeNotes } from "../../src/core/notes";
import { openDecoder, read } from "../../src/model/client";
import { finish, Network, type Shape } from "../../src/model/decoder";
import { runs } from "../../src/model/messages";
import type { Speech } from "../../src/model/music";
import { uniformOf } from "../../src/model/random";
import { halfOf, type Packing } from "../../src/model/weights";
import { type Scope, serve } from "../../src/model/worker";
// What PyTorch makes of small random decoders (tests/export/make_decoders.py).
import cases from "./decoders.json";

interface Case {
  readonly name: string;
  readonly z: number[][];
  readonly rows: string;
  readonly numbers: string;
  readonly speech: Speech | null;
  readonly notes?: string[];
  readonly got?: Record<string, (number | null)[]>;
  readonly distance?: number;
  readonly parcel: { shape: Shape; packing: Packing; weights: string };
}

const CASES = cases as unknown as Case[];
const bytesOf = (text: string) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer;
const floats = (text: string) => new Float32Array(bytesOf(text));
const networkOf = ({ parcel: { shape, packing, weights } }: Case) =>
  new Network(shape, packing, bytesOf(weights));

/** Numbers of flat decoders side by side, as PyTorch joins them: step by step, part by part. */
function joined(seen: readonly Float32Array[], shape: Shape): Float32Array {
  const parts = shape.head === "multi" || shape.parts.length === 0 ? 1 : shape.parts.length;
  const [segments = 1] = shape.decoder_levels;
  const steps = shape.steps / segments;
  const out: number[] = [];
  for (let segment = 0; segment < segments; segment++)
    for (let step = 0; step < steps; step++)
      for (let part = 0; part < parts; part++)
        out.push(...(seen[(segment * parts + part) * steps + step] as Float32Array));
  return Float32Array.from(out);
}

describe.each(CASES)("$name", (told) => {
  const network = networkOf(told);
  const rows = floats(told.rows);
  const numbers = floats(told.numbers);
  const decoded = told.z.map((z) => {
    const seen: Float32Array[] = [];
    const own = finish(network.run(Float32Array.from(z), null, (step) => seen.push(step.slice())));
    return { own, numbers: joined(seen, told.parcel.shape) };
  });

  test("numbers are PyTorch's within 1e-4, and so is every choice", () => {
    const size = rows.length / told.z.length;
    const wide = numbers.length / told.z.length;
    decoded.forEach((one, k) => {
      const far = one.numbers.map((x, i) => Math.abs(x - (numbers[k * wide + i] as number)));
      expect(Math.max(...far)).toBeLessThan(1e-4);
      const expected = rows.subarray(k * size, (k + 1) * size);
      if (["groove", "strokes"].includes(told.parcel.shape.head))
        for (let i = 0; i < size; i++) expect(one.own[i]).toBeCloseTo(expected[i] as number, 5);
      else expect([...one.own]).toEqual([...expected]);
    });
    expect(new Set(decoded.map(({ own }) => own.join())).size).toBe(told.z.length);
  });

  test.runIf(told.speech)("notes, attributes and distances are the kernel's", () => {
    const speech = told.speech as Speech;
    const clips = decoded.map(({ own }) => read(speech, own, network.depth, 7));
    clips.forEach((clip, k) => {
      const expected = decodeNotes(bytesOf(told.notes?.[k] as string));
      expect(clip.notes).toHaveLength(expected.length);
      clip.notes.forEach((note, i) => {
        const { start, end, ...rest } = expected[i] as (typeof expected)[number];
        expect(note).toMatchObject({ ...rest, program: rest.drum ? 0 : 7 });
        expect(note.start).toBeCloseTo(start, 4);
        expect(note.end).toBeCloseTo(end, 4);
      });
      for (const [name, column] of Object.entries(told.got ?? {})) {
        const expectedValue = column[k] ?? Number.NaN;
        if (Number.isNaN(expectedValue)) expect(clip.got[name], name).toBeNaN();
        else expect(clip.got[name], name).toBeCloseTo(expectedValue, 6);
      }
    });
    expect(Object.keys(clips[0]?.got ?? {}).sort()).toEqual(Object.keys(told.got ?? {}).sort());
    const [a, b] = clips;
    if (a && b) expect(hamming(a.tokens, b.tokens, a.width)).toBeCloseTo(told.distance as number, 9);
  });

  test("a seed draws the same again, another seed something else, and a low temperature the likeliest", () => {
    const z = Float32Array.from(told.z[0] as number[]);
    const draw = (seed: number, temperature: number) =>
      finish(network.run(z, { temperature, uniform: uniformOf(seed) }));
    expect(draw(3, 1)).toEqual(draw(3, 1));
    expect(draw(3, 1)).not.toEqual(draw(4, 1));
    expect(draw(3, 1e-9)).toEqual(decoded[0]?.own);
  });
});

test("draws follow the softmax", () => {
  const melody = CASES[0] as Case;
  const network = networkOf(melody);
  const z = Float32Array.from(melody.z[0] as number[]);
  let first: Float32Array | undefined;
  finish(
    network.run(z, null, (step) => {
      first ??= step.slice();
    }),
  );
  const logits = first as Float32Array;
  const total = logits.reduce((sum, x) => sum + Math.exp(x), 0);
  const n = 400;
  const counts = new Float64Array(logits.length);
  const request = {
    id: 0,
    points: Array.from({ length: n }, () => z),
    temperature: 1,
    seed: 5,
  };
  for (const run of runs(network, request)) {
    // The first step alone is compared: what it is fed with is the same each time.
    const row = finish(run).subarray(0, logits.length);
    const chosen = row.indexOf(1);
    counts[chosen] = (counts[chosen] as number) + 1;
  }
  logits.forEach((x, k) => {
    const p = Math.exp(x) / total;
    // Five standard deviations.
    expect(Math.abs((counts[k] as number) / n - p)).toBeLessThan(5 * Math.sqrt((p * (1 - p)) / n) + 2 / n);
  });
});

test("half numbers", () => {
  const known: [number, number][] = [
    [0x3c00, 1],
    [0xc000, -2],
    [0x0001, 2 ** -24],
    [0x0400, 2 ** -14],
    [0x7bff, 65504],
    [0x3555, 0.333251953125],
    [0x7c00, Number.POSITIVE_INFINITY],
  ];
  for (const [bits, number] of known) expect(halfOf(bits)).toBe(number);
});

test("weights that are cut off, or of another shape, are refused", () => {
  const { parcel } = CASES[0] as Case;
  const bytes = bytesOf(parcel.weights);
  expect(() => new Network(parcel.shape, parcel.packing, bytes.slice(2))).toThrow("damaged");
  const { "output.weight": _, ...lacking } = parcel.packing.tensors;
  expect(() => new Network(parcel.shape, { ...parcel.packing, tensors: lacking }, bytes)).toThrow(
    "output.weight",
  );
  expect(() => new Network({ ...parcel.shape, head: "other" }, parcel.packing, bytes)).toThrow("other");
});

test("the worker's side decodes as the page does, and says what goes wrong", () => {
  const { parcel, z } = CASES[0] as Case;
  const said: unknown[] = [];
  const scope: Scope = { onmessage: null, postMessage: (reply) => said.push(reply) };
  serve(scope);
  const send = (data: unknown) => scope.onmessage?.({ data } as MessageEvent);
  const opening = { shape: parcel.shape, packing: parcel.packing, weights: bytesOf(parcel.weights) };
  send(opening);
  const points = z.map((point) => Float32Array.from(point));
  send({ id: 7, points, temperature: null, seed: 0 });
  send({ id: 8, points: null, temperature: null, seed: 0 });
  const network = networkOf(CASES[0] as Case);
  expect(said).toEqual([
    { ready: true },
    { id: 7, rows: points.map((point) => finish(network.run(point, null))) },
    { id: 8, failed: expect.stringContaining("TypeError") },
  ]);
});

test("without workers the page decodes by itself, one request after another", async () => {
  const told = CASES[0] as Case;
  const { parcel } = told;
  const opening = { shape: parcel.shape, packing: parcel.packing, weights: bytesOf(parcel.weights) };
  // happy-dom has no Worker.
  expect("Worker" in globalThis).toBe(false);
  const { decode, where } = openDecoder(opening, told.speech as Speech, "");
  expect(await where).toBe("page");
  const [first, second] = await Promise.all([decode(told.z, { programs: [7] }), decode(told.z.slice(1))]);
  expect(first.map(({ notes }) => notes.length)).toEqual(
    told.notes?.map((table) => decodeNotes(bytesOf(table)).length),
  );
  expect(second[0]?.tokens).toEqual(first[1]?.tokens);
});
