import { expect, test } from "vitest";
import { heardLevel, readMix, withTrack, writeMix } from "../../src/core/mix";

test("muted tracks are silent, and all but the solo ones are where one is solo", () => {
  const mix = withTrack(withTrack([], 1, { mute: true }), 2, { level: 0.5 });
  expect([0, 1, 2, 3].map((track) => heardLevel(mix, track))).toEqual([1, 0, 0.5, 1]);
  const solo = withTrack(mix, 0, { solo: true });
  expect([0, 1, 2, 3].map((track) => heardLevel(solo, track))).toEqual([1, 0, 0, 0]);
  expect(heardLevel(withTrack(solo, 0, { mute: true }), 0)).toBe(0);
});

test("the trait holds what departs from the clip, and reads back as it was", () => {
  const mix = withTrack(withTrack([], 2, { program: 40, level: 0.25 }), 0, { solo: true });
  expect(writeMix(mix)).toEqual([{ solo: true }, {}, { level: 0.25, program: 40 }]);
  expect(readMix(writeMix(mix))).toEqual(mix);
  expect(withTrack(withTrack(mix, 2, { program: null, level: 1 }), 0, { solo: false })).toEqual([]);
});

test("a damaged trait is neutral where it makes no sense", () => {
  expect(readMix("x")).toEqual([]);
  expect(writeMix(readMix([{ level: 7, program: 1.5, mute: "yes" }, null]))).toEqual([{}, {}]);
});
