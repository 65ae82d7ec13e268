import { expect, test, vi } from "vitest";
import {
  cellAt,
  cornersOf,
  joinClips,
  longestPath,
  onCell,
  percentages,
  spotOf,
  weightsAt,
} from "../../src/core/interpolation-pad-props";
import { encodeNotes } from "../../src/core/notes";
import { MeterMap, TempoMap } from "../../src/core/time";
import { curveThrough } from "../../src/views/interpolation-pad/curve";
import { keyTarget, strokeCells } from "../../src/views/interpolation-pad/gestures";
import { scaleOf } from "../../src/views/thumbnails";
import pad from "../../src/widgets/interpolation-pad";
import { FakeModel } from "../host/fake";
import { clip, note } from "../make";
import { COMMON, close, SCORE, show, useFreshPage } from "./mounting";

/** 3 x 3 cells; cell k has k + 1 notes. */
const CELLS = Array.from({ length: 9 }, (_, k) =>
  Array.from({ length: k + 1 }, (_, i) => note(i / 2, i / 2 + 0.5, 60 + k)),
);
const offsetsOf = (cells: readonly (readonly unknown[])[]) =>
  [...cells, []].map((_, k) => cells.slice(0, k).flat().length);
const OFFSETS = offsetsOf(CELLS);

const padModel = (more = {}) =>
  new FakeModel({
    ...COMMON,
    _notes: encodeNotes(CELLS.flat()),
    _offsets: OFFSETS,
    _places: CELLS.map((_, k) => [(k % 3) - 1, 1 - Math.floor(k / 3)]),
    _costs: CELLS.map((_, k) => k / 4),
    _elsewhere: "",
    _spot: {},
    _spot_notes: new Uint8Array(),
    n: 3,
    labels: ["One", "Two", "Three", "Four"],
    value: [1, 1],
    path: [],
    ...more,
  });

const turn = (ms = 60) => vi.advanceTimersByTimeAsync(ms);
const grid = (root: HTMLElement) => root.querySelector(".mv-pad-square") as HTMLElement;
const press = (root: HTMLElement, key: string, more = {}) =>
  grid(root).dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more }));
const said = (root: HTMLElement) => root.querySelector(".mv-live")?.textContent;

useFreshPage();

test("the square's arithmetic", () => {
  expect(cornersOf(3)).toEqual([0, 2, 6, 8]);
  expect(spotOf(5, 3)).toEqual([1, 2]);
  expect(cellAt([1.4, 1.6], 3)).toBe(5);
  expect([onCell([1, 2]), onCell([1, 1.5])]).toEqual([true, false]);
  expect(weightsAt([1, 0.5], 3)).toEqual([0.375, 0.125, 0.375, 0.125]);
  expect(percentages([1 / 3, 1 / 6, 1 / 3, 1 / 6])).toEqual([33, 17, 33, 17]);
  expect(percentages([1 / 3, 1 / 3, 1 / 3, 0])).toEqual([34, 33, 33, 0]);
  expect(percentages([0.25, 0.25, 0.25, 0.25])).toEqual([25, 25, 25, 25]);
});

test("clips are joined bar line to bar line, each at its place", () => {
  const one = clip([note(0, 1, 60), note(7, 9, 64)]);
  const joined = joinClips([one, clip([note(2, 3, 62)]), one]);
  expect(joined?.notes.map(({ start, end, pitch }) => [start, end, pitch])).toEqual([
    [0, 1, 60],
    [7, 8, 64],
    [10, 11, 62],
    [16, 17, 60],
    [23, 24, 64],
  ]);
  expect(MeterMap.of(joined?.score as never).bars).toHaveLength(6);
  expect(new TempoMap(joined?.score.tempos ?? [], 60).seconds(24)).toBeCloseTo(24);
  expect(joinClips([])).toBeNull();
  expect([longestPath(one), longestPath(clip([], 64)), longestPath(clip([], 4))]).toEqual([64, 16, 128]);
});

test("a quick stroke leaves no cell out, a diagonal one takes none at its side", () => {
  expect(strokeCells([0, 0], [0, 4], 5)).toEqual([0, 1, 2, 3, 4]);
  expect(strokeCells([0, 0], [4, 4], 5)).toEqual([0, 6, 12, 18, 24]);
  expect(strokeCells([2, 2], [2.5, 2.5], 5)).toEqual([12]);
});

test("keys lead from cell to cell, with Shift between them, and never out of the square", () => {
  expect(keyTarget("ArrowRight", false, [1, 1], 3)).toEqual([1, 2]);
  expect(keyTarget("ArrowRight", false, [1, 2], 3)).toEqual([1, 2]);
  expect(keyTarget("ArrowRight", false, [1.2, 1.4], 3)).toEqual([1, 2]);
  expect(keyTarget("ArrowLeft", false, [1.2, 1.4], 3)).toEqual([1, 1]);
  expect(keyTarget("ArrowUp", true, [1, 1], 3)).toEqual([0.9, 1]);
  expect(keyTarget("ArrowDown", true, [2, 1.3], 3)).toEqual([2, 1.3]);
  expect(["Home", "End", "PageUp", "PageDown"].map((key) => keyTarget(key, false, [1, 1], 3))).toEqual([
    [1, 0],
    [1, 2],
    [0, 1],
    [2, 1],
  ]);
  expect(keyTarget("x", false, [1, 1], 3)).toBeNull();
});

test("the curve goes through every point and stands still nowhere", () => {
  const points = [0, 1, 1, 3].map((x) => ({ x, y: x * x }));
  const d = curveThrough(points);
  expect(d.match(/M|C/g)).toEqual(["M", "C", "C"]);
  for (const [x, y] of [
    [0, 0],
    [1, 1],
    [3, 9],
  ] as const)
    expect(d).toContain(`${x.toFixed(1)} ${y.toFixed(1)}`);
  expect(curveThrough([])).toBe("");
  // There and back: no control point runs past the turn.
  const back = curveThrough([
    { x: 0, y: 0 },
    { x: 90, y: 0 },
    { x: 80, y: 0 },
  ]);
  expect(Math.max(...(back.match(/[\d.]+/g) ?? []).map(Number))).toBeLessThan(93.4);
});

test("thumbnails of mixed clips have rows for their drums alone", () => {
  const scale = scaleOf([note(0, 1, 51), note(0, 1, 36, { drum: true })], 8);
  expect(scale).toMatchObject({ drums: false, mixed: true });
  expect(scale.rows).toEqual([2, 3, 1, 0]);
  expect(scaleOf([note(0, 1, 36, { drum: true })], 8)).toMatchObject({ drums: true, mixed: false });
});

test("a pad shows its cell, its weights and its cost", async () => {
  const root = show(pad, padModel({ value: [1, 0] }));
  await turn();
  expect(root.dataset).toMatchObject({ cell: "1,0", notes: "4", path: "0", plays: "cell" });
  expect(root.querySelector(".mv-title")?.textContent).toBe("Pad");
  expect(root.querySelector(".mv-meta")?.textContent).toBe("four clips, 3 × 3 decoded");
  expect(root.querySelector(".mv-pad-where")?.textContent).toBe("row 2, column 1");
  expect(root.querySelector(".mv-pad-cost")?.textContent).toBe("Cost0.75");
  expect(root.querySelector(".mv-pad-weights")?.getAttribute("aria-label")).toBe("A 50%, C 50%");
  expect([...root.querySelectorAll(".mv-pad-title")].map((el) => el.textContent)).toEqual([
    "One",
    "Two",
    "Three",
    "Four",
  ]);
  expect(root.querySelectorAll("[role=row] > [role=gridcell]")).toHaveLength(9);
  const current = root.querySelector("[aria-selected=true]");
  expect(grid(root).getAttribute("aria-activedescendant")).toBe(current?.id);
});

test("arrows go from cell to cell and say where", async () => {
  const model = padModel();
  const root = show(pad, model);
  press(root, "ArrowRight");
  press(root, "ArrowDown", { ctrlKey: true });
  await turn(200);
  expect(model.get("value")).toEqual([1, 2]);
  expect(root.dataset.notes).toBe("6");
  expect(said(root)).toBe("row 2 of 3, column 3: B 50%, D 50%");
  model.set("language", "zh");
  await turn();
  press(root, "PageUp");
  await turn(200);
  expect(said(root)).toBe("第 1 行，共 3 行，第 3 列：B 100%");
});

test("between cells the nearest stands in until the kernel has decoded, and a late answer moves nothing", async () => {
  const model = padModel();
  const root = show(pad, model);
  press(root, "ArrowRight", { shiftKey: true });
  await turn(40);
  press(root, "ArrowRight", { shiftKey: true });
  await turn(40);
  expect(model.sent).toHaveLength(0);
  await turn(100);
  const asked = model.sent as { id: string; op: string; args: unknown }[];
  expect(asked.map(({ op, args }) => [op, args])).toEqual([["decode", { row: 1, column: 1.2 }]]);
  expect(root.dataset).toMatchObject({ cell: "1,1.2", notes: "5" });
  expect(model.get("value")).toEqual([1, 1]);
  const result = { value: [1, 1.2], place: [0.1, 0], cost: 1.5, score: SCORE };
  model.emit("msg:custom", { id: asked[0]?.id, ok: true, result }, [
    encodeNotes([note(0, 1, 50), note(1, 2, 50)]),
  ]);
  await turn();
  expect(model.get("value")).toEqual([1, 1.2]);
  expect(root.dataset.notes).toBe("2");
  expect(root.querySelector(".mv-pad-cost")?.textContent).toBe("Cost1.50");
  // Off again before the answer.
  press(root, "ArrowDown", { shiftKey: true });
  await turn(200);
  press(root, "Home");
  await turn();
  model.emit("msg:custom", { id: asked[1]?.id, ok: true, result: { ...result, value: [1.1, 1.2] } }, [
    encodeNotes([]),
  ]);
  await turn();
  expect(model.get("value")).toEqual([1, 0]);
  expect(root.dataset).toMatchObject({ cell: "1,0", notes: "4" });
});

test("where the kernel cannot decode, the pad stands on the cell it shows", async () => {
  const model = padModel();
  const root = show(pad, model);
  press(root, "ArrowUp", { shiftKey: true });
  await turn(120);
  const [asked] = model.sent as { id: string }[];
  const error = { code: "config", message: "No.", hint: "Never." };
  model.emit("msg:custom", { id: asked?.id, ok: false, error }, []);
  await turn();
  expect(root.dataset.cell).toBe("1,1");
  expect(root.querySelector(".mv-status")?.textContent).toBe("No. Never.");
});

test("a path is drawn with keys, shown as thumbnails, shortened and cleared", async () => {
  const model = padModel();
  const root = show(pad, model);
  press(root, "p");
  await turn(200);
  expect(said(root)).toBe("row 2, column 2, 1 in the path");
  for (const key of ["ArrowRight", "ArrowDown", "ArrowDown"]) {
    press(root, key);
    await turn();
  }
  press(root, "Escape");
  await turn(200);
  expect(said(root)).toBe("The path is drawn");
  expect(model.get("path")).toEqual([
    [1, 1],
    [1, 2],
    [2, 2],
  ]);
  expect(root.dataset).toMatchObject({ path: "3", plays: "path" });
  expect(root.querySelector(".mv-position")?.textContent).toBe("1.1 / 6");
  const thumbs = [...root.querySelectorAll(".mv-pad-thumb")].map((el) => el.getAttribute("aria-label"));
  expect(thumbs).toHaveLength(3);
  expect(thumbs[1]).toBe("Clip 2 of 3 of the path, row 2, column 3");
  expect(root.querySelectorAll(".mv-pad-path circle")).toHaveLength(3);
  press(root, "Home");
  await turn();
  expect(root.dataset.plays).toBe("cell");
  press(root, "Enter");
  press(root, "Enter");
  await turn();
  expect(model.get("path")).toHaveLength(5);
  press(root, "Backspace");
  press(root, "Backspace");
  press(root, "Backspace");
  await turn();
  expect(model.get("path")).toEqual([
    [1, 1],
    [1, 2],
  ]);
  // A new drawing begins a new path.
  press(root, "p");
  press(root, "p");
  await turn();
  expect(model.get("path")).toEqual([[2, 0]]);
  press(root, "Delete");
  await turn();
  expect(model.get("path")).toEqual([]);
  expect(root.dataset).toMatchObject({ path: "0", plays: "cell" });
});

test("a path has an end", async () => {
  const model = padModel({ path: Array.from({ length: 64 }, (_, k) => [k % 3, 0]) });
  const root = show(pad, model);
  press(root, "Enter");
  await turn(200);
  expect(model.get("path")).toHaveLength(64);
  expect(said(root)).toBe("The path is full, 64 clips");
});

test("what Python sets plays next, and what the page set is no wish of Python's", async () => {
  const model = padModel();
  const root = show(pad, model);
  model.set("path", [
    [0, 0],
    [1, 1],
  ]);
  await turn();
  expect(root.dataset.plays).toBe("path");
  model.set("value", [0, 2]);
  await turn();
  expect(root.dataset).toMatchObject({ plays: "cell", cell: "0,2" });
  const path = root.querySelector<HTMLInputElement>("input[value=path]");
  path?.click();
  await turn();
  expect(root.dataset.plays).toBe("path");
  model.set("path", []);
  await turn();
  expect(root.dataset.plays).toBe("cell");
});

test("cells that are not saved are fetched, once for each set of them", async () => {
  const ends = CELLS.map((cell, k) => ([0, 2, 6, 8].includes(k) ? cell : []));
  const model = padModel({
    _elsewhere: "first",
    _notes: encodeNotes(ends.flat()),
    _offsets: offsetsOf(ends),
  });
  const root = show(pad, model);
  await turn();
  expect(root.dataset.notes).toBe("0");
  const asked = model.sent as { id: string; op: string }[];
  expect(asked.map(({ op }) => op)).toEqual(["cells"]);
  const answer = { id: asked[0]?.id, ok: true, result: { version: "first", offsets: OFFSETS } };
  model.emit("msg:custom", answer, [encodeNotes(CELLS.flat())]);
  await turn();
  expect(root.dataset.notes).toBe("5");
  model.set("_elsewhere", "second");
  await turn();
  expect(asked.map(({ op }) => op)).toEqual(["cells", "cells"]);
});

test("a damaged state is a quiet pad", async () => {
  const root = show(
    pad,
    padModel({ value: "x", path: [[9, 9], null], _offsets: null, _places: 3, labels: null, n: 3 }),
  );
  await turn();
  expect(root.dataset).toMatchObject({ cell: "0,0", notes: "0", path: "2" });
});

test("closing leaves nothing behind", () => {
  const model = padModel();
  show(pad, model);
  expect(model.listeners).toBeGreaterThan(0);
  close();
  expect(model.listeners).toBe(0);
  expect(document.querySelector(".mv-root")).toBeNull();
});
