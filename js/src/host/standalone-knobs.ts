/** Attribute knobs without a kernel: what their Python half answers (attribute_knobs.py). */

import { isUntouched, lookUp, readAsked, readGot } from "../core/attribute-knobs-props";
import { placeOn } from "../core/latent";
import { type Bytes, decodeSteps } from "../core/notes";
import { readAhead } from "./attribute-knobs-traits";
import type { Answers } from "./standalone";
import { PageBench } from "./standalone-bench";
import { tableOf } from "./standalone-interpolation";
import { limit, list, numbers, type Parts } from "./standalone-parts";

/** Music of a setting, as the traits tell it. */
interface Shown {
  readonly notes: Parameters<typeof tableOf>[0][number]["notes"];
  readonly got: readonly (number | null)[];
  readonly place: unknown;
}

export function knobAnswers(parts: Parts): Answers {
  const { model, plane } = parts;
  const [notes = []] = decodeSteps(model.get("_notes") as Bytes, numbers(model.get("_offsets")));
  const ownPlace = list(model.get("_places"))[0] ?? [];
  const own: Shown = {
    notes,
    got: readGot(model.get("_own"), list(model.get("_own")).length),
    place: ownPlace,
  };
  const bench = new PageBench(parts, own);
  const ahead = readAhead(model.get("_ahead"), model.get("_ahead_notes"), model.get("_ahead_table"));

  const show = (asked: readonly number[], { notes, got, place }: Shown) => {
    const table = tableOf([own, { notes }]);
    const named = Object.fromEntries(bench.travels.map(({ name }, k) => [name, asked[k] as number]));
    model.put({
      _asked: named,
      value: named,
      _got: got,
      _notes: table.notes,
      _offsets: table.offsets,
      _places: [ownPlace, place],
      _setting: Number(model.get("_setting")) + 1,
    });
    return {};
  };

  /** Without a decoder: one knob, on the line that the page holds. */
  const known = (asked: readonly number[]): Shown => {
    const turned = asked.flatMap((value, knob) => (value === ahead.base[knob] ? [] : [knob]));
    const [knob] = turned;
    const locks = bench.travels.map(({ name }) => bench.locked.includes(name));
    const stop =
      knob !== undefined && turned.length === 1 ? lookUp(ahead, bench.travels, locks, knob, asked) : null;
    if (!stop) throw limit(parts, "page.notebook");
    return { notes: stop.clip.notes, got: stop.got, place: stop.place ?? [] };
  };

  const turn = async (asked: readonly number[]) => {
    if (isUntouched(bench.travels, asked)) {
      if (parts.decode) await bench.turn(asked);
      return show(asked, own);
    }
    if (!parts.decode) return show(asked, known(asked));
    const found = await bench.turn(asked);
    return show(asked, { ...found, place: placeOn(plane, found.z) ?? [] });
  };

  return {
    turn({ value, locked }) {
      bench.lock(list(locked).map(String));
      const asked = readAsked(value, bench.travels).map((wanted, k) => {
        const { low = wanted, high = wanted, name = "" } = bench.travels[k] ?? {};
        return bench.locked.includes(name)
          ? (bench.asked[k] as number)
          : Math.min(high, Math.max(low, wanted));
      });
      return turn(asked);
    },
    reset: () => turn(bench.centres),
    // The next turns are decoded when they are made.
    ahead: () => ({}),
  };
}
