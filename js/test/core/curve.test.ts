import { expect, test } from "vitest";
import { costScale, perLine } from "../../src/core/compare-props";
import { curveOf } from "../../src/core/curve";
import { waypointLetter } from "../../src/core/interpolation-props";

const points: [number, number][] = [
  [0, 0],
  [1, 0.1],
  [2, 0.9],
  [3, 1],
  [4, 1],
];

test("a curve goes through its points and never beyond them", () => {
  const curve = curveOf(points);
  for (const [x, y] of points) expect(curve?.at(x)).toBeCloseTo(y, 12);
  let before = 0;
  for (let x = 0; x <= 4; x += 0.01) {
    const y = curve?.at(x) as number;
    expect(y).toBeGreaterThanOrEqual(before - 1e-12);
    expect(y).toBeLessThanOrEqual(1 + 1e-12);
    before = y;
  }
  expect([curve?.at(-3), curve?.at(9)]).toEqual([0, 1]);
});

test("a straight line stays straight, and a peak stays a peak", () => {
  const line = curveOf([
    [0, 1],
    [2, 3],
    [3, 4],
  ]);
  for (const x of [0.3, 1.7, 2.5]) expect(line?.at(x)).toBeCloseTo(1 + x, 12);
  const peak = curveOf([
    [0, 0],
    [1, 1],
    [2, 0],
  ]);
  for (const x of [0.9, 0.99, 1.01, 1.1]) expect(peak?.at(x)).toBeLessThan(1);
});

test("the path is the same curve", () => {
  const curve = curveOf(points);
  const path = curve?.path(
    (x) => x,
    (y) => y,
  );
  const [, b, c, d] = (path?.split("C")[2] ?? "").split(" ").reduce<number[][]>(
    (all, part, index) => {
      if (index % 2 === 0) all.push([Number(part)]);
      else all.at(-1)?.push(Number(part));
      return all;
    },
    [[0, 0]],
  );
  const t = 0.5;
  const bezier = (axis: number) =>
    (1 - t) ** 3 * (points[1]?.[axis] as number) +
    3 * t * (1 - t) ** 2 * (b?.[axis] as number) +
    3 * t * t * (1 - t) * (c?.[axis] as number) +
    t ** 3 * (d?.[axis] as number);
  expect(curve?.at(bezier(0))).toBeCloseTo(bezier(1), 1);
});

test("damaged, doubled and missing points do no harm", () => {
  expect(curveOf([])).toBeNull();
  expect(curveOf([[0, Number.NaN]])).toBeNull();
  expect(curveOf([[2, 5]])?.at(0)).toBe(5);
  const curve = curveOf([
    [1, 2],
    [0, 1],
    [1, 2],
    [2, Number.NaN],
  ]);
  expect(curve?.at(0.5)).toBeCloseTo(1.5, 12);
});

test("waypoints have letters", () => {
  expect([0, 1, 25, 26, 27].map(waypointLetter)).toEqual(["A", "B", "Z", "A1", "B1"]);
});

test("small rolls stand in even lines, bars of cost on one scale", () => {
  expect([perLine(9, 900, 36, 6), perLine(9, 300, 36, 6), perLine(1, 20, 36, 6)]).toEqual([9, 5, 1]);
  expect([costScale([1.5, 4.2], 3.25), costScale([], null), costScale([Number.NaN], 2)]).toEqual([5, 1, 3]);
});
