import { expect, test } from "vitest";
import {
  accepted,
  folded,
  mended,
  mendsFor,
  readTakes,
  type Takes,
  topLine,
} from "../../src/core/edits-mend";
import { clip, note } from "../make";

const TAKES: Takes = { name: "melody-2bar", mono: true, low: 21, high: 108, bars: 2, steps: 4 };
const rows = (notes: readonly { start: number; end: number; pitch: number }[]) =>
  notes.map(({ start, end, pitch }) => [start, end, pitch]);

test("the top line is the highest note at a time", () => {
  const chord = [note(0, 2, 60), note(0.05, 2, 64), note(0, 2, 67)];
  expect(rows(topLine(chord, 4))).toEqual([[0, 2, 67]]);
  // A lower note under a sounding one goes, a higher one cuts it off.
  expect(rows(topLine([note(0, 4, 67), note(1, 2, 60), note(3, 5, 72)], 4))).toEqual([
    [0, 3, 67],
    [3, 5, 72],
  ]);
  const drums = [note(0, 1, 36, { drum: true }), note(0, 1, 42, { drum: true })];
  expect(topLine(drums, 4)).toEqual(drums);
  const tracks = [note(0, 1, 60), note(0, 1, 40, { track: 1 })];
  expect(topLine(tracks, 4)).toHaveLength(2);
});

test("folding goes by octaves, to the nearest place within", () => {
  expect(folded([note(0, 1, 10), note(1, 2, 120), note(2, 3, 60)], 21, 108).map((n) => n.pitch)).toEqual([
    22, 108, 60,
  ]);
  expect(folded([note(0, 1, 200)], 0, 127)[0]?.pitch).toBe(116);
});

test("only what helps is offered", () => {
  expect(mendsFor(clip([note(0, 1, 60)]), [], TAKES)).toEqual([]);
  expect(mendsFor(clip([note(0, 1, 60)], 16), [], TAKES)).toEqual(["trim"]);
  const chord = clip([note(0, 1, 60), note(0, 1, 64)]);
  expect(mendsFor(chord, [[0, 1, 60, 0]], TAKES)).toEqual(["top"]);
  expect(mendsFor(chord, [[0, 1, 60, 0]], null)).toEqual([]);
  expect(mendsFor(clip([note(0, 1, 5)]), [[0, 1, 5, 0]], TAKES)).toEqual(["fold"]);
  const drum = clip([note(0, 1, 36, { drum: true }), note(1, 2, 60)]);
  expect(mendsFor(drum, [[0, 1, 36, 0]], TAKES)).toEqual(["drop"]);
  expect(accepted(drum.notes, [[0, 1, 36, 0]])).toEqual([drum.notes[1]]);
});

test("trimming keeps the first bars", () => {
  const long = clip([note(0, 1, 60), note(7, 9, 62), note(8, 9, 64)], 16);
  const cut = mended(long, "trim", [], TAKES);
  expect(rows(cut.notes)).toEqual([
    [0, 1, 60],
    [7, 8, 62],
  ]);
  expect(cut.score.quarters).toBe(8);
});

test("what the trait does not say is not made up", () => {
  expect(readTakes({})).toBeNull();
  expect(readTakes({ low: 1, high: "x", bars: 2, steps: 4 })).toBeNull();
  expect(readTakes({ ...TAKES })).toEqual(TAKES);
});
