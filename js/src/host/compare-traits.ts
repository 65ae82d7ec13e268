/** Traits of a comparison as props. */

import type { Clip, Note } from "../core/clip";
import type { Beat, CompareDifference, CompareProps, CompareRow, Kind, RowName } from "../core/compare-props";
import { KINDS, ROWS } from "../core/compare-props";
import type { Later } from "./later";
import type { Model } from "./model";
import { COMMON, memo, number, type Reader, readCommon, readPlaces, readSteps, text } from "./traits";

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const figures = (value: unknown): number[] => list(value).map((item) => number(item, Number.NaN));

function readRows(value: unknown): CompareRow[] {
  let at = 0;
  return list(value).map((item) => {
    const row = (item ?? {}) as Record<string, unknown>;
    const items = Array.from({ length: Math.max(0, number(row.count, 0)) }, () => at++);
    const name = ROWS.find((known) => known === row.name) ?? ("other" as RowName);
    return { name, label: text(row.label), items };
  });
}

function readDifference(value: unknown, clips: unknown): CompareDifference | null {
  const raw = (value ?? {}) as Record<string, unknown>;
  if (!Array.isArray(raw.missing)) return null;
  const [first, second] = clips as Clip[];
  const notes = (clip: Clip | undefined, rows: unknown) =>
    figures(rows)
      .map((row) => clip?.notes[row])
      .filter((note): note is Note => note !== undefined);
  const beats = list(raw.beats)
    .map(figures)
    .filter((row) => row.length === 3);
  return {
    same: number(raw.same, 0),
    missing: notes(first, raw.missing),
    added: new Set(notes(second, raw.added)),
    beats: beats as unknown as Beat[],
  };
}

export function compareReader(model: Model, later: Later<"all">): Reader<CompareProps> {
  const clips = memo(readSteps);
  const places = memo(readPlaces);
  const rows = memo(readRows);
  const difference = memo(readDifference);
  const costs = memo(figures);
  return {
    traits: [...COMMON, "_kind", "_rows", "_notes", "_score", "_offsets", "_places", "_costs"].concat([
      "_limit",
      "_difference",
      "value",
    ]),
    read() {
      const all = clips(later.bytes("all"), model.get("_score"), model.get("_offsets"));
      const kind = model.get("_kind");
      const limit = model.get("_limit");
      return {
        ...readCommon(model),
        kind: KINDS.find((known) => known === kind) ?? ("pair" as Kind),
        rows: rows(model.get("_rows")),
        clips: all,
        places: places(model.get("_places")),
        costs: costs(model.get("_costs")),
        limit: typeof limit === "number" && Number.isFinite(limit) ? limit : null,
        difference: difference(model.get("_difference"), all),
        value: Math.max(0, Math.min(all.length - 1, Math.round(number(model.get("value"), 0)))),
      };
    },
  };
}
