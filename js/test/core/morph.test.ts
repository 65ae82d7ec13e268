import { expect, test } from "vitest";
import { blend, easeMorph, matchNotes } from "../../src/core/morph";
import { note } from "../make";

test("notes that start together are paired, nearest pitches first", () => {
  const from = [note(0, 1, 60), note(0, 1, 72), note(1, 2, 60)];
  const to = [note(0, 2, 70), note(0, 1, 61), note(2, 3, 60)];
  const pairs = matchNotes(from, to).map(({ from: a, to: b }) => [a?.pitch ?? null, b?.pitch ?? null]);
  expect(pairs).toEqual([
    [60, 61],
    [72, 70],
    [60, null],
    [null, 60],
  ]);
});

test("every note is in exactly one pair", () => {
  const from = [0, 0, 1, 1, 2].map((start, i) => note(start, start + 1, 60 + i));
  const to = [0, 1, 1, 1, 3].map((start, i) => note(start, start + 1, 64 - i));
  const pairs = matchNotes(from, to);
  expect(pairs.flatMap((pair) => (pair.from ? [pair.from] : [])).length).toBe(from.length);
  expect(new Set(pairs.flatMap((pair) => (pair.to ? [pair.to] : []))).size).toBe(to.length);
});

test("tracks stay apart, and a drum does not become another drum", () => {
  const drum = { drum: true };
  expect(matchNotes([note(0, 1, 36, drum)], [note(0, 1, 38, drum)])).toHaveLength(2);
  expect(matchNotes([note(0, 1, 36, drum)], [note(0, 1, 36, drum)])).toHaveLength(1);
  expect(matchNotes([note(0, 1, 60)], [note(0, 1, 60, { track: 1 })])).toHaveLength(2);
});

test("a blend starts at the one clip and ends at the other", () => {
  const from = [note(0, 1, 60), note(1, 2, 62)];
  const to = [note(0, 2, 64), note(3, 4, 65)];
  const pairs = matchNotes(from, to);
  const seen = (k: number) =>
    blend(pairs, k)
      .filter(({ alpha }) => alpha > 0)
      .map((item) => item.note);
  expect(seen(0)).toMatchObject([
    { start: 0, end: 1, pitch: 60 },
    { start: 1, pitch: 62 },
  ]);
  expect(seen(1)).toMatchObject([
    { start: 0, end: 2, pitch: 64 },
    { start: 3, pitch: 65 },
  ]);
  expect(seen(0.5)[0]).toMatchObject({ end: 1.5, pitch: 62 });
});

test("the curve is cubic-bezier(.2, .7, .2, 1)", () => {
  expect(easeMorph(0)).toBeCloseTo(0);
  expect(easeMorph(1)).toBeCloseTo(1);
  // At s = 0.5 of the Bezier, x = 0.275 and y = 0.7625.
  expect(easeMorph(0.275)).toBeCloseTo(0.7625);
});
