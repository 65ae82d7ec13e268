import { expect, test } from "vitest";
import { MeterMap, TempoMap } from "../../src/core/time";

test("one tempo: a quarter at 120 is half a second", () => {
  const map = new TempoMap([[0, 120]], 120);
  expect(map.seconds(3)).toBeCloseTo(1.5);
  expect(map.quarters(1.5)).toBeCloseTo(3);
});

test("a tempo map is scaled as a whole by the reader's tempo", () => {
  const tempos = [
    [0, 120],
    [4, 60],
    [6, 240],
  ] as const;
  const asWritten = new TempoMap(tempos, 120);
  // 4 quarters at 120 = 2 s, 2 at 60 = 2 s, 1 at 240 = 0.25 s
  expect(asWritten.seconds(7)).toBeCloseTo(4.25);
  const half = new TempoMap(tempos, 60);
  expect(half.seconds(7)).toBeCloseTo(8.5);
  for (const quarter of [0, 1.5, 4, 5, 6, 6.75])
    expect(half.quarters(half.seconds(quarter))).toBeCloseTo(quarter);
});

test("bars follow the meter, and a new meter starts a new bar", () => {
  const map = new MeterMap(
    [
      [0, 4, 4],
      [8, 6, 8],
      [11, 3, 4],
    ],
    17,
  );
  expect(map.lines()).toEqual([0, 4, 8, 11, 14, 17]);
  expect(map.position(0)).toEqual({ bar: 1, beat: 1 });
  expect(map.position(7.9)).toEqual({ bar: 2, beat: 4 });
  expect(map.position(9.5)).toEqual({ bar: 3, beat: 4 });
  expect(map.position(13)).toEqual({ bar: 4, beat: 3 });
});

test("a bar that a meter cuts short stays short", () => {
  const map = new MeterMap(
    [
      [0, 4, 4],
      [6, 3, 4],
    ],
    9,
  );
  expect(map.lines()).toEqual([0, 4, 6, 9]);
  expect(map.position(5.9)).toEqual({ bar: 2, beat: 2 });
});

test("positions outside belong to the first and last bar", () => {
  const map = new MeterMap([[0, 4, 4]], 8);
  expect(map.position(-1)).toEqual({ bar: 1, beat: 1 });
  expect(map.position(99)).toEqual({ bar: 2, beat: 4 });
});

test("stepping by beats goes over bar lines both ways and stops at the ends", () => {
  const map = new MeterMap([[0, 3, 4]], 6);
  expect(map.stepBeat(2, 1)).toBe(3);
  expect(map.stepBeat(3, -1)).toBe(2);
  expect(map.stepBeat(2.4, -1)).toBe(2);
  expect(map.stepBeat(0, -1)).toBe(0);
  expect(map.stepBeat(5, 1)).toBe(6);
});
