import { expect, test } from "vitest";
import { PlayTime, regionBetween, regionWithin, straightened, swung } from "../../src/core/play-time";
import { score } from "../make";

test("a swing of two thirds is a triplet: the second eighth sounds at two thirds of the beat", () => {
  expect(swung(0.5, 2 / 3)).toBeCloseTo(2 / 3);
  const time = new PlayTime(score(8), 60, 2 / 3);
  expect([0, 0.5, 1, 1.5, 2].map((quarter) => time.seconds(quarter))).toEqual([
    0,
    expect.closeTo(2 / 3),
    1,
    expect.closeTo(1 + 2 / 3),
    2,
  ]);
});

test("sixteenths are stretched along with their eighth", () => {
  expect([0.25, 0.75].map((place) => swung(place, 0.6))).toEqual([expect.closeTo(0.3), expect.closeTo(0.8)]);
});

test.each([0.5, 0.6, 2 / 3, 0.75])(
  "what is swung by %f can be read back, and time never runs back",
  (swing) => {
    let before = -1;
    for (let place = 0; place < 1; place += 0.01) {
      const late = swung(place, swing);
      expect(late).toBeGreaterThan(before);
      before = late;
      expect(straightened(late, swing)).toBeCloseTo(place, 9);
    }
  },
);

test("the playhead follows the swing: quarters of seconds of quarters are the quarters, over tempo changes too", () => {
  const changing = score(16, {
    tempos: [
      [0, 120],
      [5, 60],
    ],
  });
  const time = new PlayTime(changing, 90, 0.62, [2, 11]);
  for (let quarter = 2; quarter < 11; quarter += 0.1)
    expect(time.quarters(time.seconds(quarter))).toBeCloseTo(quarter, 6);
  expect(time.seconds(2)).toBe(0);
});

test("before the first beat, while a bar is counted, quarters are negative", () => {
  expect(new PlayTime(score(8), 120, 0.7).quarters(-1)).toBeCloseTo(-2);
});

test("eighths that are beats themselves do not swing, as in 6/8", () => {
  const time = new PlayTime(score(6, { meters: [[0, 6, 8]] }), 60, 0.75);
  expect([0.5, 1, 1.5].map((quarter) => time.seconds(quarter))).toEqual([0.5, 1, 1.5]);
});

test("a region is a clip of its own: it begins at 0, with the bar lines and beats within", () => {
  const time = new PlayTime(score(16), 60, 0.5, [2, 10]);
  expect([time.from, time.to, time.partial]).toEqual([2, 10, true]);
  expect(time.lines()).toEqual({ first: 0, quarters: [2, 4, 8, 10] });
  expect(time.beats().map(({ quarter, first }) => (first ? `|${quarter}` : `${quarter}`))).toEqual([
    "2",
    "3",
    "|4",
    "5",
    "6",
    "7",
    "|8",
    "9",
  ]);
  expect([time.enter(5), time.enter(1), time.enter(10)]).toEqual([3, 0, 0]);
});

test("a region that the clip does not hold is the whole clip, one that stands out is cut", () => {
  expect(regionWithin([12, 16], 8)).toBeNull();
  expect(regionWithin([4, 16], 8)).toEqual([4, 8]);
  expect(regionWithin([4, 4.1], 8)).toBeNull();
  expect(new PlayTime(score(8), 60, 0.5, [12, 16]).partial).toBe(false);
});

test("a drag covers the steps that it touches, to either side, one at least", () => {
  expect(regionBetween(1.2, 3.4, 1, 8)).toEqual([1, 4]);
  expect(regionBetween(3.4, 1.2, 1, 8)).toEqual([1, 4]);
  expect(regionBetween(2, 2, 1, 8)).toEqual([2, 3]);
  expect(regionBetween(7.5, 20, 1, 8)).toEqual([7, 8]);
});
