import { describe, expect, test } from "vitest";
import type { Note } from "../../src/core/clip";
import {
  add,
  after,
  type Bounds,
  copied,
  type Draft,
  holding,
  longer,
  move,
  place,
  quantise,
  remove,
  resize,
  startingAt,
  strike,
  upTo,
} from "../../src/core/edits";
import { SNAPS, snapDown, snapNear, snapUp } from "../../src/core/edits-grid";
import { begin, step, undo } from "../../src/core/history";
import { encodeNotes } from "../../src/core/notes";
import { MeterMap } from "../../src/core/time";
import { clip, note, randomOf, score } from "../make";

const MONO: Bounds = { quarters: 8, mono: true };
const POLY: Bounds = { quarters: 8, mono: false };
const of = (notes: Note[], ...selected: Note[]): Draft => ({ notes, selected: new Set(selected) });
const rows = ({ notes }: Pick<Draft, "notes">) => notes.map(({ start, end, pitch }) => [start, end, pitch]);
const METER = new MeterMap([[0, 4, 4]], 8);

describe("one note at a time: the note in hand wins", () => {
  const [a, b, c] = [note(0, 2, 60), note(2, 4, 62), note(4, 6, 64)];

  test("the note that still sounds where it begins ends there", () => {
    expect(rows(add(of([a, b, c]), note(1, 2, 70), MONO))).toEqual([
      [0, 1, 60],
      [1, 2, 70],
      [2, 4, 62],
      [4, 6, 64],
    ]);
  });
  test("a note that begins while it sounds gives way", () => {
    expect(rows(add(of([a, b, c]), note(1, 5, 70), MONO))).toEqual([
      [0, 1, 60],
      [1, 5, 70],
    ]);
    expect(rows(add(of([a, b, c]), note(2, 3, 70), MONO))).toEqual([
      [0, 2, 60],
      [2, 3, 70],
      [4, 6, 64],
    ]);
  });
  test("where many notes may sound, only the same pitch gives way", () => {
    const same = note(1, 3, 60);
    expect(rows(add(of([a, b]), same, POLY))).toEqual([
      [0, 1, 60],
      [1, 3, 60],
      [2, 4, 62],
    ]);
  });
  test("other tracks and drums are voices of their own", () => {
    const bass = note(0, 2, 40, { track: 1 });
    const hit = note(0, 0.25, 36, { track: 2, drum: true });
    const other = note(0, 0.25, 35, { track: 2, drum: true });
    expect(add(of([a, bass, hit]), note(0, 1, 61), MONO).notes).toContain(bass);
    // 35 and 36 are one row.
    expect(add(of([a, bass, hit]), other, MONO).notes).not.toContain(hit);
    expect(add(of([a, hit]), { ...hit, pitch: 38 }, MONO).notes).toContain(hit);
  });
  test("what is not touched stays the same object", () => {
    const { notes } = add(of([a, b, c]), note(6, 7, 60), MONO);
    expect(notes.slice(0, 3)).toEqual([a, b, c]);
    expect([a, b, c].every((item, index) => notes[index] === item)).toBe(true);
  });
});

test("a group moves together and stops at the edges of clip and MIDI", () => {
  const [a, b] = [note(1, 2, 60), note(3, 4, 120)];
  expect(rows(move(of([a, b], a, b), 2, 3, POLY))).toEqual([
    [3, 4, 63],
    [5, 6, 123],
  ]);
  expect(rows(move(of([a, b], a, b), -5, 50, POLY))).toEqual([
    [0, 1, 67],
    [2, 3, 127],
  ]);
  expect(rows(move(of([a, b], a, b), 50, 0, POLY))).toEqual([
    [5, 6, 60],
    [7, 8, 120],
  ]);
  const still = of([a, b], a);
  expect(move(still, 0, 0, POLY)).toBe(still);
  expect(move(of([a, b]), 1, 1, POLY).notes).toEqual([a, b]);
});

test("drums move by rows, and stay on the grid's nine", () => {
  const kick = note(0, 0.25, 36, { drum: true });
  const up = (rowsUp: number) => move(of([kick], kick), 0, rowsUp, POLY).notes[0]?.pitch;
  expect([up(1), up(2), up(8), up(99), up(-3)]).toEqual([38, 45, 51, 51, 36]);
  const snare = note(1, 1.25, 40, { drum: true });
  expect(move(of([snare], snare), 1, 0, POLY).notes[0]).toMatchObject({ start: 2, pitch: 40 });
});

test("ends are pulled no shorter than the grid, and no further than the clip", () => {
  const a = note(1, 2, 60);
  const ends = (edge: "start" | "end", by: number) => rows(resize(of([a], a), edge, by, 0.25, POLY))[0];
  expect(ends("end", 1)).toEqual([1, 3, 60]);
  expect(ends("end", -5)).toEqual([1, 1.25, 60]);
  expect(ends("end", 50)).toEqual([1, 8, 60]);
  expect(ends("start", 0.5)).toEqual([1.5, 2, 60]);
  expect(ends("start", -5)).toEqual([0, 2, 60]);
  expect(ends("start", 5)).toEqual([1.75, 2, 60]);
});

test("velocities stay within MIDI", () => {
  const [a, b] = [note(0, 1, 60, { velocity: 120 }), note(1, 2, 60, { velocity: 10 })];
  const by = (n: number) => strike(of([a, b], a, b), (item) => item.velocity + n, POLY).notes;
  expect(by(20).map((item) => item.velocity)).toEqual([127, 30]);
  expect(by(-20).map((item) => item.velocity)).toEqual([100, 1]);
});

test("quantising puts starts and ends on the grid; none selected means all", () => {
  const [a, b] = [note(0.05, 0.9, 60), note(1.13, 1.2, 62)];
  expect(rows(quantise(of([a, b]), METER, "8", POLY))).toEqual([
    [0, 1, 60],
    [1, 1.5, 62],
  ]);
  expect(rows(quantise(of([a, b], b), METER, "16", POLY))).toEqual([
    [0.05, 0.9, 60],
    [1.25, 1.5, 62],
  ]);
  const late = note(7.95, 8, 60);
  expect(rows(quantise(of([late]), METER, "4", POLY))).toEqual([[7, 8, 60]]);
  expect(quantise(of([a, b]), METER, "off", POLY).notes).toEqual([a, b]);
});

test("copies go on where the music does: at the next beat, as far into it as they began", () => {
  const [a, b] = [note(1, 1.5, 60), note(2, 2.75, 62)];
  expect(after([a, b], METER)).toBe(3);
  expect(after([note(0.25, 0.5, 60)], METER)).toBe(1.25);
  expect(rows({ notes: startingAt(copied(of([a, b], a, b)), 4) })).toEqual([
    [4, 4.5, 60],
    [5, 5.75, 62],
  ]);
});

test("a clip grows by whole bars, and is cut at bar lines", () => {
  expect(holding(score(8), 8).quarters).toBe(8);
  expect(holding(score(8), 8.5).quarters).toBe(12);
  expect(holding(score(6, { meters: [[0, 3, 4]] }), 13).quarters).toBe(15);
  expect(longer(clip([], 8)).score.quarters).toBe(12);
  const cut = upTo(clip([note(3, 5, 60), note(4, 5, 62)], 8), 1);
  expect(rows(cut)).toEqual([[3, 4, 60]]);
  expect(cut.score.quarters).toBe(4);
});

test("every grid has the bar lines, also in a bar that its cells do not fill", () => {
  const odd = new MeterMap(
    [
      [0, 3, 4],
      [3, 7, 8],
    ],
    10,
  );
  for (const snap of SNAPS.filter((item) => item !== "off")) {
    for (const line of odd.lines().slice(0, -1))
      expect(snapNear(odd, snap, line + 0.01)).toBeCloseTo(line, 9);
    for (let at = 0; at < 10; at += 0.037) {
      expect(snapDown(odd, snap, at)).toBeLessThanOrEqual(at + 1e-6);
      expect(snapUp(odd, snap, at)).toBeGreaterThan(at - 1e-6);
    }
  }
  expect(snapNear(METER, "off", 1.234)).toBe(1.234);
  expect(snapNear(METER, "32", 1.07)).toBe(1.125);
});

/** One gesture among all, at random. */
function gesture(draft: Draft, bounds: Bounds, random: () => number): Draft {
  const { notes } = draft;
  const at = (n: number) => Math.floor(random() * n);
  const some = new Set(notes.filter(() => random() < 0.3));
  const chosen = { notes, selected: some };
  const snap = SNAPS[at(SNAPS.length)] ?? "16";
  switch (at(8)) {
    case 0:
    case 1: {
      const drum = random() < 0.3;
      const start = at(64) / 8;
      const end = Math.min(8, start + (1 + at(8)) / 8);
      return add(
        draft,
        note(start, end, drum ? 35 + at(20) : at(128), { track: drum ? 1 : 0, drum }),
        bounds,
      );
    }
    case 2:
      return move(chosen, random() * 8 - 4, at(25) - 12, bounds);
    case 3:
      return resize(chosen, random() < 0.5 ? "start" : "end", random() * 4 - 2, 0.25, bounds);
    case 4:
      return strike(chosen, ({ velocity }) => velocity + at(80) - 40, bounds);
    case 5:
      return random() < 0.3 ? remove(chosen) : draft;
    case 6:
      return quantise(chosen, METER, snap, bounds);
    default: {
      const held = copied(chosen);
      return held.length === 0
        ? draft
        : place(
            notes,
            startingAt(held, at(4)).filter((n) => n.end <= 8),
            bounds,
          );
    }
  }
}

describe.each([
  ["mono", MONO],
  ["poly", POLY],
] as const)("random gestures, %s", (_name, bounds) => {
  test.each([1, 2, 3, 4, 5, 6])(
    "keep every note whole, and undo restores the start exactly (seed %i)",
    (seed) => {
      const random = randomOf(seed);
      const start = of([
        note(0, 1, 60),
        note(0, 0.25, 36, { track: 1, drum: true }),
        note(1, 2.5, 64),
        note(4, 8, 67),
      ]);
      const bytes = encodeNotes(start.notes);
      let history = begin(start);
      for (let i = 0; i < 200; i++) {
        history = step(history, gesture(history.present, bounds, random));
        const { notes, selected } = history.present;
        const wrong = notes.filter(
          ({ start, end, pitch, velocity }) =>
            !(start >= 0 && start < end && end <= 8 + 1e-9) ||
            !(pitch >= 0 && pitch <= 127 && velocity >= 1 && velocity <= 127),
        );
        expect(wrong).toEqual([]);
        expect([...selected].every((item) => notes.includes(item))).toBe(true);
        const sorted = notes.every((now, index) => {
          const last = notes[index - 1] ?? now;
          return (now.start - last.start || now.track - last.track || now.pitch - last.pitch) >= 0;
        });
        expect(sorted).toBe(true);
      }
      const end = history.present;
      while (history.past) history = undo(history);
      expect(history.present).toBe(start);
      expect(encodeNotes(history.present.notes)).toEqual(bytes);
      expect(end.notes).not.toEqual(start.notes);
    },
  );
});
