/** Slider and pad without a kernel: what their Python halves answer (interpolation_slider.py, interpolation_pad.py). */

import type { Decoded } from "../core/decoding";
import { placeOn, slerp, type Vector } from "../core/latent";
import { type Bytes, decodeSteps, encodeNotes, viewOf } from "../core/notes";
import { type Answers, distancesTo, rowsOf, tokensOf } from "./standalone";
import { decoder, limit, list, numbers, type Parts, record } from "./standalone-parts";

/** Music and its cuts of several clips, as `_notes` and `_offsets` hold them. */
export function tableOf(clips: readonly { readonly notes: Decoded["notes"] }[]): {
  notes: Bytes;
  offsets: number[];
} {
  const offsets = [0];
  for (const { notes } of clips) offsets.push((offsets.at(-1) as number) + notes.length);
  return { notes: encodeNotes(clips.flatMap(({ notes }) => notes)), offsets };
}

/** Tables of notes that were too many for a trait. */
export const tables = ({ data }: Parts): Answers => ({
  notes: ({ table }) => ({ result: { table }, buffers: [record(data.tables)[String(table)] as Bytes] }),
});

export function sliderAnswers(parts: Parts): Answers {
  const { model, data, plane } = parts;
  const stops = numbers(model.get("_stops"));
  const points = rowsOf(data.z, Number(data.size));
  const programs = numbers(data.programs);
  const waypoints = tokensOf(data.tokens, points.length);
  const last = Math.max(1, Number(model.get("steps")) - 1);

  /** The waypoint before a place, and the share of the way from it to the next. */
  const segment = (position: number): [number, number] => {
    const before = stops.slice(0, -1).findLastIndex((stop) => stop <= position);
    const k = Math.max(0, before);
    const [from = 0, to = 1] = stops.slice(k, k + 2);
    return [k, (position - from) / (to - from)];
  };
  const at = (position: number): { z: Vector; program: number } => {
    const [k, t] = segment(position);
    const z = slerp(points[k] as Vector, points[k + 1] as Vector, t);
    return { z, program: programs[t <= 0.5 ? k : k + 1] ?? 0 };
  };
  const decodeAt = async (positions: readonly number[], temperature: number | null, seed: number) => {
    const places = positions.map(at);
    const decoded = await decoder(parts)(
      places.map(({ z }) => z),
      { temperature, seed, programs: places.map(({ program }) => program) },
    );
    return decoded.map((clip, k) => ({
      clip,
      place: placeOn(plane, places[k]?.z as Vector) ?? [],
      distances: distancesTo(waypoints, clip),
    }));
  };

  /** Notes of all steps as they are: at the waypoints stand the clips themselves. */
  const steps = () => {
    const saved = model.get("_notes") as Bytes | null;
    const all = saved && viewOf(saved).byteLength > 0 ? saved : (record(data.tables).latent as Bytes);
    return decodeSteps(all, numbers(model.get("_offsets")));
  };

  return {
    ...tables(parts),
    async decode({ value }) {
      if (parts.decode && model.get("space") === "data") throw limit(parts, "page.data");
      const temperature = model.get("temperature") as number | null;
      const [found] = await decodeAt([Number(value) * last], temperature, Number(model.get("seed")));
      if (!found) return {};
      const { place, distances, clip } = found;
      model.put({
        _exact: { at: value, space: "latent", place, cost: null, distances },
        _exact_notes: encodeNotes(clip.notes),
      });
      return { result: { value } };
    },
    async draw({ temperature, seed }) {
      const inner = Array.from({ length: last + 1 }, (_, step) => step).filter(
        (step) => !stops.includes(step),
      );
      const drawn = await decodeAt(inner, temperature as number | null, Number(seed));
      const own = steps();
      const curves = record(model.get("_curves"));
      const latent = record(curves.latent);
      const distances = list(latent.distances).map((row) => [...numbers(row)]);
      const clips = Array.from({ length: last + 1 }, (_, step) => {
        const found = drawn[inner.indexOf(step)];
        found?.distances.forEach((far, k) => {
          if (distances[k]) distances[k][step] = far;
        });
        return { notes: found ? found.clip.notes : (own[step] ?? []) };
      });
      const { notes, offsets } = tableOf(clips);
      model.put({
        temperature,
        seed,
        _notes: notes,
        _offsets: offsets,
        // What the language model would say of these, the page does not know.
        _curves: { ...curves, latent: { ...latent, distances, costs: [] } },
        _exact: {},
        _exact_notes: new Uint8Array(),
      });
      return { result: { temperature, seed } };
    },
  };
}

export function padAnswers(parts: Parts): Answers {
  const { model, data, plane } = parts;
  const [a, b, c, d] = rowsOf(data.z, Number(data.size)) as unknown as [Vector, Vector, Vector, Vector];
  const programs = numbers(data.programs);
  const last = Number(model.get("n")) - 1;
  return {
    cells: () => ({
      result: { version: model.get("_elsewhere"), offsets: data.offsets },
      buffers: [data.cells as Bytes],
    }),
    async decode({ row, column }) {
      const [x, y] = [Number(column) / last, Number(row) / last];
      const z = slerp(slerp(a, c, y), slerp(b, d, y), x);
      const shares = [(1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y];
      const program = programs[shares.indexOf(Math.max(...shares))] ?? 0;
      const [found] = await decoder(parts)([z], { programs: [program] });
      const told = { value: [row, column], place: placeOn(plane, z), cost: null, score: model.get("_score") };
      return { result: told, buffers: [encodeNotes(found?.notes ?? [])] };
    },
  };
}
