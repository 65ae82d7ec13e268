/** The map without a kernel: what its Python half answers (latent_scatter.py), of the clips that the page holds. */

import { dot, type Flat, placeOn, project, type Vector } from "../core/latent";
import { type Bytes, COLUMNS, encodeNotes, viewOf } from "../core/notes";
import { type Answers, rowsOf } from "./standalone";
import { decoder, limit, list, numbers, type Parts, record } from "./standalone-parts";

const NEIGHBOURS = 8;

interface Card {
  readonly index: number;
  readonly title: unknown;
  readonly meta: unknown;
  readonly place: unknown;
  readonly score: unknown;
  readonly notes: Bytes;
}

/** The clips that the page holds, by their number: what it has of their music. */
function cardsOf({ data, model }: Parts): Map<number, Card> {
  const shown = viewOf((model.get("_sample") ?? new Uint8Array()) as Bytes);
  const notes = viewOf((data.notes ?? new Uint8Array()) as Bytes);
  const offsets = numbers(data.offsets);
  const scores = list(data.scores);
  const row = 4 * COLUMNS;
  const cards = list(data.cards).map((item, k): Card => {
    const [title, meta, place, score] = list(item);
    const [from = 0, to = 0] = offsets.slice(k, k + 2);
    return {
      index: shown.getUint32(4 * k, true),
      title,
      meta,
      place,
      score: scores[Number(score)],
      notes: new DataView(notes.buffer, notes.byteOffset + row * from, row * (to - from)),
    };
  });
  return new Map(cards.map((card) => [card.index, card]));
}

/** The way back from a place: what the nearest clip has beside the plane, moved within it (latent/project.py). */
function inverse(
  map: Record<string, unknown>,
  points: readonly Vector[],
  at: readonly number[],
): Float64Array {
  const flat = map as unknown as Flat;
  const middle = numbers(map.middle);
  const spread = numbers(map.spread);
  const far = Math.hypot(...at.map((x, k) => (x - (middle[k] as number)) / (spread[k] as number)));
  const shrink = Math.min(1, Number(map.reach) / Math.max(far, 1e-12));
  const place = at.map((x, k) => (middle[k] as number) + (x - (middle[k] as number)) * shrink);
  let from: Vector = numbers(map.centre);
  let start: readonly number[] = middle;
  let least = Number.POSITIVE_INFINITY;
  for (const z of points) {
    const there = project(flat, z);
    const square = there.reduce((sum, x, k) => sum + (x - (place[k] as number)) ** 2, 0);
    if (square >= least) continue;
    least = square;
    from = z;
    start = there;
  }
  // One row a dimension of latent space.
  const back = rowsOf(map.back, at.length);
  return Float64Array.from(back, (row, i) =>
    row.reduce(
      (sum, x, k) => sum + x * ((place[k] as number) - (start[k] as number)),
      (from as number[])[i] as number,
    ),
  );
}

export function mapAnswers(parts: Parts): Answers {
  const { model, data, plane } = parts;
  const cards = cardsOf(parts);
  const points = rowsOf(data.z, Number(data.size));
  const sample = viewOf((model.get("_sample") ?? new Uint8Array()) as Bytes);
  const numbersOf = points.map((_, k) => sample.getUint32(4 * k, true));
  const map = data.map ? record(data.map) : null;
  const marks = rowsOf(data.marks, Number(data.size));
  /** Where the current music lies in latent space. */
  let here: Vector | null = data.here ? (rowsOf(data.here, Number(data.size))[0] ?? null) : null;

  const score = () => ({ ...record(data.score), tempos: [[0, model.get("tempo")]] });
  /** Of a corpus that nobody had decoded the page has the latent vectors alone: it decodes what is asked for. */
  const found = async (indexes: readonly number[]): Promise<Card[]> => {
    const wanted = indexes.filter((index) => numbersOf.includes(index));
    const missing = wanted.filter((index) => !cards.has(index));
    if (missing.length > 0) {
      const z = missing.map((index) => points[numbersOf.indexOf(index)] as Vector);
      (await decoder(parts)(z)).forEach(({ notes }, k) => {
        const index = missing[k] as number;
        const title = index.toLocaleString("en");
        const place = placeOn(plane, z[k] as Vector) ?? [];
        cards.set(index, { index, title, meta: "", place, score: score(), notes: encodeNotes(notes) });
      });
    }
    return wanted.map((index) => cards.get(index) as Card);
  };

  const nearest = (index: number | null): number[] => {
    if (!here || model.get("neighbours") !== true) return [];
    const z = here;
    const far = points.map((point, k) => ({ k, square: dot(point, point) - 2 * dot(point, z) }));
    const others = far.filter(({ k }) => numbersOf[k] !== index).sort((a, b) => a.square - b.square);
    return others.slice(0, NEIGHBOURS).map(({ k }) => numbersOf[k] as number);
  };
  const stand = (now: Record<string, unknown>, z: Vector, score: unknown, notes: Bytes) => {
    here = z;
    const index = (now.index ?? null) as number | null;
    model.put({
      value: index,
      _score: score,
      _notes: notes,
      _here: { index, ...now, near: nearest(index) },
      ...(data.tempo ? {} : { tempo: list(list(record(score).tempos)[0])[1] ?? model.get("tempo") }),
    });
  };
  model.on("change:neighbours", () => {
    const now = record(model.get("_here"));
    if (here) model.put({ _here: { ...now, near: nearest((now.index ?? null) as number | null) } });
  });
  let selected = { version: 0, bits: new Uint8Array() };

  return {
    points() {
      throw limit(parts, "page.some", {
        some: points.length,
        all: Number(record(model.get("_points")).count),
      });
    },
    async cards({ indexes }) {
      const told = await found(numbers(indexes));
      return { result: { cards: told }, buffers: told.map(({ notes }) => notes) };
    },
    async pick({ index, mark }) {
      const k = Number(index);
      if (mark) {
        const { title, at, place } = record(list(model.get("_marks"))[k]);
        const own = viewOf(model.get("_mark_notes") as Bytes);
        const [from = 0, to = 0] = numbers(model.get("_mark_offsets")).slice(k, k + 2);
        const row = 4 * COLUMNS;
        const notes = new DataView(own.buffer, own.byteOffset + row * from, row * (to - from));
        stand({ title, at, place }, marks[k] as Vector, model.get("_mark_score"), notes);
        return {};
      }
      const [card] = await found([k]);
      const at = numbersOf.indexOf(k);
      if (!card) return {};
      const xy = rowsOf(model.get("_sample_xy"), Number(record(model.get("_points")).dimensions))[at];
      stand(
        { index: k, title: card.title, place: card.place, at: [...(xy ?? [])] },
        points[at] as Vector,
        card.score,
        card.notes,
      );
      return {};
    },
    async decode({ at }) {
      if (!map) throw limit(parts, "page.notebook");
      const z = inverse(map, points, numbers(at));
      const [music] = await decoder(parts)([z]);
      const place = placeOn(plane, z) ?? [];
      const there = project(map as unknown as Flat, z);
      stand({ title: "", at: there, place }, z, score(), encodeNotes(music?.notes ?? []));
      return { result: { at: there } };
    },
    select({ bits }) {
      const held = Uint8Array.from(atob(String(bits)), (char) => char.charCodeAt(0));
      const count = held.reduce((sum, byte) => sum + byte.toString(2).replaceAll("0", "").length, 0);
      selected = { version: Number(record(model.get("_selection")).version) + 1, bits: held };
      model.put({ _selection: { version: selected.version, count } });
      return { result: { version: selected.version, count } };
    },
    selection: () => ({
      result: model.get("_selection"),
      buffers: [selected.version > 0 ? selected.bits : (data.selection as Bytes)],
    }),
  };
}
