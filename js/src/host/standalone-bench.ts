/** Attribute knobs without a kernel: what `Bench` does in knob_bench.py, decoding in the page. */

import {
  type Ahead,
  lookUp,
  readGot,
  readTravels,
  type Stop,
  type Travel,
} from "../core/attribute-knobs-props";
import { attributeName } from "../core/attributes";
import { EMPTY_CLIP } from "../core/clip";
import type { Decoded } from "../core/decoding";
import { blend, dot, placeOn, type Vector } from "../core/latent";
import { rowsOf } from "./standalone";
import { decoder, limit, list, numbers, type Parts, record } from "./standalone-parts";

export interface Found {
  readonly z: Vector;
  readonly notes: Decoded["notes"];
  readonly got: readonly (number | null)[];
}

interface Attribute {
  readonly name: string;
  /** One standard step. */
  readonly step: Float32Array;
  /** The vector and the probe of which what is kept is made (latent/attributes.py). */
  readonly vector: Float32Array;
  readonly probe: Float32Array;
}

interface Line {
  readonly moves: string;
  readonly start: Vector;
  readonly ahead: Ahead;
  readonly found: ReadonlyMap<Stop, Found>;
}

/** What moves a point; by knob. */
type Moves = ReadonlyMap<number, Vector>;

const zero = (size: number): Float64Array => new Float64Array(size);

export class PageBench {
  readonly travels: readonly Travel[];
  asked: readonly number[];
  locked: readonly string[];
  readonly #parts: Parts;
  readonly #attributes: readonly Attribute[];
  readonly #rules: Record<string, number>;
  readonly #program: number;
  readonly #own: Found;
  #stand: Vector;
  #standAsked: readonly number[];
  #moves: Moves = new Map();
  #found: Found;
  #lines = new Map<number, Line>();

  /** @param own The clip itself: its notes and what it has of each attribute. */
  constructor(parts: Parts, own: Omit<Found, "z">) {
    const { data, model } = parts;
    this.#parts = parts;
    this.travels = readTravels(model.get("_travels"));
    const size = Number(data.size);
    const [steps, vectors, probes] = [data.steps, data.vectors, data.probes].map((bytes) =>
      rowsOf(bytes, size),
    ) as [Float32Array[], Float32Array[], Float32Array[]];
    this.#attributes = this.travels.map(({ name }, k) => ({
      name,
      step: steps[k] as Float32Array,
      vector: vectors[k] as Float32Array,
      probe: probes[k] as Float32Array,
    }));
    this.#rules = record(data.rules) as Record<string, number>;
    this.#program = Number(data.program);
    const [z = zero(size), stand = z, found = z] = rowsOf(data.z, size);
    this.#own = { ...own, z };
    this.#stand = stand;
    this.#standAsked = numbers(data.stand_asked);
    this.#found = { ...own, z: found };
    this.asked = this.travels.map(({ name }) => Number(record(model.get("_asked"))[name]));
    this.locked = list(model.get("locked")).map(String);
    const moves = rowsOf(data.moves, size);
    this.#moves = new Map(numbers(data.moved).map((knob, k) => [knob, moves[k] as Vector]));
  }

  get centres(): readonly number[] {
    return this.travels.map(({ centre }) => centre);
  }

  /** Music for a whole setting; where nothing is turned, the clip itself. */
  async turn(asked: readonly number[]): Promise<Found> {
    if (asked.every((value, k) => value === this.centres[k])) {
      this.#from(this.#own.z, this.centres);
      this.asked = asked;
      this.#found = this.#own;
      return this.#found;
    }
    const moves = new Map(this.#moves);
    let found: Found | null = null;
    for (const [knob, value] of asked.entries()) {
      if (value === this.asked[knob]) continue;
      moves.delete(knob);
      found = null;
      if (value === this.#standAsked[knob]) continue;
      const line = await this.#line(knob, moves);
      const stop = lookUp(line.ahead, this.travels, this.#locks(), knob, asked);
      found = (stop && line.found.get(stop)) ?? null;
      if (found) moves.set(knob, blend(found.z, 1, line.start, -1));
    }
    found ??= (await this.#decode([this.#where(moves)]))[0] ?? this.#own;
    this.asked = asked;
    this.#moves = moves;
    this.#found = found;
    return found;
  }

  /** Locks these and no others: turns so far stay as they are, those to come start from here. */
  lock(names: readonly string[]): void {
    if (names.join() === this.locked.join()) return;
    this.locked = names;
    this.#from(this.#found.z, this.asked);
  }

  #from(z: Vector, asked: readonly number[]): void {
    this.#stand = z;
    this.#standAsked = asked;
    this.#moves = new Map();
    this.#lines.clear();
  }

  #locks(): boolean[] {
    return this.travels.map(({ name }) => this.locked.includes(name));
  }

  #where(moves: Moves): Vector {
    return [...moves.values()].reduce<Vector>((at, move) => blend(at, 1, move, 1), this.#stand);
  }

  /** The line of a knob, the others moved as they are. */
  async #line(knob: number, moves: Moves): Promise<Line> {
    const name = JSON.stringify([...moves].map(([other, move]) => [other, [...Float32Array.from(move)]]));
    const known = this.#lines.get(knob);
    if (known?.moves === name) return known;
    const start = this.#where(moves);
    const more = this.#away(knob);
    const points = [start];
    for (const way of more) points.push(blend(start, 1, way, -1));
    for (const way of more) points.push(blend(start, 1, way, 1));
    const all = await this.#decode(points);
    const stops = all.map((one, k): Stop => {
      const index = k <= more.length ? -k : k - more.length;
      const place = placeOn(this.#parts.plane, one.z);
      // Only what is measured counts when a place is chosen.
      return { knob, index, got: one.got, clip: { ...EMPTY_CLIP, notes: one.notes }, place };
    });
    const { short = 1, far = 0 } = this.#rules;
    const ahead = { base: this.asked, stand: this.#standAsked, short, far, places: this.#places(), stops };
    const line: Line = {
      moves: name,
      start,
      ahead,
      found: new Map(stops.map((stop, k) => [stop, all[k] as Found])),
    };
    this.#lines.set(knob, line);
    return line;
  }

  #places(): number {
    return (this.locked.length > 0 ? this.#rules.locked_places : this.#rules.places) ?? 1;
  }

  /** Moves along a line to its side with more, way after way, each from its start outwards. */
  #away(knob: number): Float64Array[] {
    const places = this.#places();
    const reach = this.#rules.reach ?? 1;
    const plain = this.#attributes[knob]?.step as Float32Array;
    const kept = this.#keeping(knob);
    const shares = this.locked.length > 0 ? numbers(this.#parts.data.ways) : [0];
    return shares.flatMap((share) =>
      Array.from({ length: places }, (_, k) => {
        const along = (reach * (k + 1)) / places;
        return blend(plain, along * (1 - share), kept, along * share);
      }),
    );
  }

  /** One standard step that the probes of the locked attributes do not notice. */
  #keeping(knob: number): Vector {
    const own = this.#attributes[knob] as Attribute;
    const kept = this.#attributes.filter(({ name }) => this.locked.includes(name));
    if (kept.length === 0) return own.step;
    const noticed = kept.map(({ probe }) => dot(probe, own.step));
    const matrix = kept.map(({ probe }) => kept.map(({ vector }) => dot(probe, vector)));
    const shares = solve(matrix, noticed);
    const free = kept.reduce<Vector>(
      (rest, { vector }, k) => blend(rest, 1, vector, -(shares[k] as number)),
      own.step,
    );
    const before = dot(own.probe, own.step);
    const left = dot(own.probe, free);
    const { least_left = 0, longest = 1 } = this.#rules;
    if (left <= least_left * before)
      throw limit(this.#parts, "page.together", { name: attributeName(this.#parts.t, own.name) });
    const most = longest * Math.sqrt(dot(own.step, own.step) / dot(free, free));
    return blend(free, Math.min(before / left, most), free, 0);
  }

  async #decode(points: readonly Vector[]): Promise<Found[]> {
    const all = await decoder(this.#parts)(points, { programs: [this.#program] });
    return all.map(({ notes, got }, k) => ({
      z: points[k] as Vector,
      notes,
      got: readGot(
        this.travels.map(({ name }) => got[name]),
        this.travels.length,
      ),
    }));
  }
}

/** Solves a small system by elimination with the largest pivot; a direction without one is left alone. */
export function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const rows = matrix.map((row, k) => [...row, right[k] as number]);
  const n = rows.length;
  for (let k = 0; k < n; k++) {
    let best = k;
    for (let i = k + 1; i < n; i++)
      if (Math.abs(rows[i]?.[k] as number) > Math.abs(rows[best]?.[k] as number)) best = i;
    [rows[k], rows[best]] = [rows[best] as number[], rows[k] as number[]];
    const own = rows[k] as number[];
    const pivot = own[k] as number;
    if (Math.abs(pivot) < 1e-12) continue;
    for (let i = 0; i < n; i++) {
      if (i === k) continue;
      const other = rows[i] as number[];
      const share = (other[k] as number) / pivot;
      for (let j = k; j <= n; j++) other[j] = (other[j] as number) - share * (own[j] as number);
    }
  }
  return rows.map((row, k) =>
    Math.abs(row[k] as number) < 1e-12 ? 0 : (row[n] as number) / (row[k] as number),
  );
}
