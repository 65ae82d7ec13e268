import { expect, test } from "vitest";
import { translator } from "../../src/core/i18n";
import { parseColour } from "../../src/ui/theme";
import { stepText } from "../../src/views/interpolation/track";
import { Axis } from "../../src/views/piano-roll/axis";
import { layoutOf, rangeOf, rowsOf } from "../../src/views/piano-roll/layout";
import { barStride } from "../../src/views/piano-roll/paint-grid";
import { slotsOf } from "../../src/views/thumbnails";
import { clip, note } from "../make";

test("a range has 16 semitones at least, two above and below, and stays within MIDI", () => {
  expect(rangeOf([note(0, 1, 60)])).toEqual({ low: 53, high: 68 });
  expect(rangeOf([note(0, 1, 40), note(0, 1, 80)])).toEqual({ low: 38, high: 82 });
  expect(rangeOf([note(0, 1, 126)])).toEqual({ low: 112, high: 127 });
  expect(rangeOf([note(0, 1, 1)])).toEqual({ low: 0, high: 15 });
});

test("drum rows: ride above, kick below, the basic four always", () => {
  expect(rowsOf([note(0, 1, 51), note(0, 1, 36)])).toEqual([8, 2, 3, 1, 0]);
  expect(rowsOf([])).toEqual([2, 3, 1, 0]);
});

const drums = { name: "Drums", program: 0, drum: true };
const melody = { name: "Melody", program: 0, drum: false };

test("the gutter: keys where there is room, row names for drums, names for several tracks", () => {
  const options = { keys: true };
  const one = clip([note(0, 1, 60)]);
  expect(layoutOf(one, 900, options)).toMatchObject({ gutter: "keys", left: 34 });
  expect(layoutOf(one, 400, options)).toMatchObject({ gutter: "none", left: 0 });
  expect(layoutOf(one, 900, { keys: false }).gutter).toBe("none");
  expect(layoutOf(clip([], 8, { tracks: [drums] }), 900, options)).toMatchObject({
    gutter: "rows",
    left: 86,
  });
  expect(layoutOf(clip([], 8, { tracks: [melody, drums] }), 900, options).gutter).toBe("names");
});

test("lanes lie one under the other, and a wished height is kept", () => {
  const trio = clip([note(0, 1, 60), note(0, 1, 36, { track: 1, drum: true })], 8, {
    tracks: [melody, drums],
  });
  const free = layoutOf(trio, 900, { keys: true });
  const [upper, lower] = free.lanes;
  expect(lower?.top).toBeCloseTo((upper?.top ?? 0) + (upper?.height ?? 0) + 6);
  expect(layoutOf(trio, 900, { keys: true, height: 228 }).height).toBe(228);
});

test("the axis fits at first, zooms about the pointer and never scrolls out of the clip", () => {
  const axis = new Axis();
  axis.resize(34, 800, 16);
  expect(axis.x(0)).toBe(34);
  expect(axis.x(16)).toBe(834);
  const held = axis.quarter(434);
  axis.zoomAt(434, 3);
  expect(axis.quarter(434)).toBeCloseTo(held);
  axis.scrollTo(1e9);
  expect(axis.x(16)).toBeCloseTo(834);
  axis.zoomAt(434, 1e-9);
  expect(axis.zoomed).toBe(false);
  expect(axis.x(0)).toBe(34);
});

test("following turns the page only when the playhead has left it", () => {
  const axis = new Axis();
  axis.resize(0, 800, 64);
  expect(axis.follow(63)).toBe(false);
  axis.zoomAt(0, 8);
  expect(axis.follow(1)).toBe(false);
  expect(axis.follow(9)).toBe(true);
  expect(axis.x(9)).toBeCloseTo(64);
});

test("bar numbers keep their distance", () => {
  expect([120, 26, 25, 7].map(barStride)).toEqual([1, 1, 2, 4]);
});

test("thumbnails: all where they fit, thinned to an even spacing where not, never too wide", () => {
  expect(slotsOf(9, 960).steps).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  expect(slotsOf(2, 960).width).toBe(200);
  const many = slotsOf(33, 960);
  expect(many.steps).toEqual([...Array(17).keys()].map((i) => 2 * i));
  for (const [steps, width] of [
    [32, 400],
    [64, 320],
    [100, 1200],
    [2, 320],
  ] as const) {
    const slots = slotsOf(steps, width);
    expect(slots.steps[0]).toBe(0);
    expect(slots.steps.at(-1)).toBe(steps - 1);
    expect(new Set(slots.steps).size).toBe(slots.steps.length);
    expect(slots.width).toBeGreaterThanOrEqual(30);
  }
});

test("step values are short", () => {
  const t = translator("en");
  expect([0, 1, 4.4, 8].map((place) => stepText(t, place, 9))).toEqual([
    "step 0 of 8 · 0",
    "step 1 of 8 · 0.13",
    "step 4.4 of 8 · 0.55",
    "step 8 of 8 · 1",
  ]);
});

test("computed colours are read in the forms browsers give", () => {
  expect(parseColour("rgb(17, 19, 23)")).toEqual([17, 19, 23, 1]);
  expect(parseColour("rgba(0, 0, 0, 0)")).toEqual([0, 0, 0, 0]);
  expect(parseColour("rgb(10 20 30 / 50%)")).toEqual([10, 20, 30, 0.5]);
  expect(parseColour("color(srgb 1 0 0.5)")).toEqual([255, 0, 127.5, 1]);
  expect(parseColour("transparent")).toBeNull();
});
