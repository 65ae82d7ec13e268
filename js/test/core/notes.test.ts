import { expect, test } from "vitest";
import { readPlace, readRefused, readScore, tracksOf } from "../../src/core/clip";
import { decodeNotes, decodeSteps, encodeNotes, hashNumbers } from "../../src/core/notes";
import { clip, note } from "../make";

/** struct.pack("<14f", 0, .5, 60, 100, 0, 0, 0, 1.25, 2, 38, 127, 1, 5, 1) in Python. */
const HEX =
  "00000000" +
  "0000003f" +
  "00007042" +
  "0000c842" +
  "00000000" +
  "00000000" +
  "00000000" +
  "0000a03f" +
  "00000040" +
  "00001842" +
  "0000fe42" +
  "0000803f" +
  "0000a040" +
  "0000803f";
const bytes = Uint8Array.from(HEX.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
const WANTED = [
  { start: 0, end: 0.5, pitch: 60, velocity: 100, track: 0, program: 0, drum: false },
  { start: 1.25, end: 2, pitch: 38, velocity: 127, track: 1, program: 5, drum: true },
];

test("the packed table is read from each of the forms in which hosts hand it over", () => {
  const shifted = new Uint8Array(bytes.length + 3);
  shifted.set(bytes, 3);
  expect(decodeNotes(bytes)).toEqual(WANTED);
  expect(decodeNotes(bytes.buffer)).toEqual(WANTED);
  expect(decodeNotes(new DataView(shifted.buffer, 3))).toEqual(WANTED);
  expect(decodeNotes(shifted.subarray(3))).toEqual(WANTED);
});

test("nothing, and a torn last row, give no note", () => {
  expect(decodeNotes(null)).toEqual([]);
  expect(decodeNotes(bytes.subarray(0, 30))).toEqual(WANTED.slice(0, 1));
});

test("damaged rows are left out", () => {
  const damaged = encodeNotes([note(0, 1, 60), note(Number.NaN, 1, 60), note(3, 2, 60), note(4, 5, 62)]);
  expect(decodeNotes(damaged).map((item) => item.pitch)).toEqual([60, 62]);
});

test("steps are cut by offsets, and offsets outside the table are clamped", () => {
  expect(decodeSteps(bytes, [0, 1, 1, 2]).map((step) => step.length)).toEqual([1, 0, 1]);
  expect(decodeSteps(bytes, [0, 1, 9])).toEqual([WANTED.slice(0, 1), WANTED.slice(1)]);
  expect(decodeSteps(null, [0, 1, 2])).toEqual([[], []]);
});

test("hashes tell numbers and their order apart", () => {
  expect(hashNumbers([1, 2, 3])).toBe(hashNumbers([1, 2, 3]));
  const many = new Set<string>();
  for (let a = 0; a < 40; a++) for (let b = 0; b < 40; b++) many.add(hashNumbers([a / 4, b, 60]));
  expect(many.size).toBe(1600);
});

test("a score without anything is one bar of 4/4 at 120", () => {
  expect(readScore({})).toEqual({ quarters: 4, tempos: [[0, 120]], meters: [[0, 4, 4]], tracks: [] });
  expect(readScore(null).quarters).toBe(4);
});

test("a score is read as it stands, wrong rows are not", () => {
  const tracks = [
    { name: "Bass", program: 33, drum: false },
    { name: "Drums", program: 0, drum: true },
  ];
  const raw = {
    quarters: 12,
    tempos: [
      [0, 90],
      [4, 0],
      ["x", 1],
    ],
    meters: [[0, 3, 4]],
    tracks,
  };
  expect(readScore(raw)).toEqual({ quarters: 12, tempos: [[0, 90]], meters: [[0, 3, 4]], tracks });
});

test("places and refused notes are checked", () => {
  expect(readPlace([])).toBeNull();
  expect(readPlace([0.5, 3])).toEqual([0.5, 1]);
  expect(readRefused([[0, 1, 60, 0], [1], "no"])).toEqual([[0, 1, 60, 0]]);
});

test("notes of a track that the score lacks get a track", () => {
  const tracks = tracksOf(clip([note(0, 1, 36, { track: 2, drum: true })]));
  expect(tracks.map((track) => track.drum)).toEqual([false, true, true]);
});
