import { expect, test } from "vitest";
import { midiFile } from "../../src/core/midi-file";
import { inserted, type Kept, moved, removed, scoreOf, secondsOf, songOf } from "../../src/core/studio-props";
import { clip, note, score } from "../make";

const kept = (id: number, notes: ReturnType<typeof note>[], quarters = 8): Kept => {
  return { id, title: "", part: "kept", args: {}, place: null, clip: clip(notes, quarters) };
};

test("a song is its clips one after another, each as long as it is", () => {
  const tray = [kept(1, [note(0, 1, 60), note(7, 9, 62)]), kept(5, [note(0, 4, 70)], 4)];
  const { clip: song, spans } = songOf(tray, [5, 1, 5]);
  expect(song.score.quarters).toBe(16);
  expect(spans.map(({ start, end }) => [start, end])).toEqual([
    [0, 4],
    [4, 12],
    [12, 16],
  ]);
  // What rings over its clip's end does not sound into the next.
  expect(song.notes.map(({ start, end, pitch }) => [start, end, pitch])).toEqual([
    [0, 4, 70],
    [4, 5, 60],
    [11, 12, 62],
    [12, 16, 70],
  ]);
  expect(secondsOf(song, 60)).toBe(16);
});

test("ids that are not in the tray are left out; no clip is no music", () => {
  expect(songOf([kept(1, [])], [2, 3]).spans).toEqual([]);
  expect(songOf([], []).clip.notes).toEqual([]);
});

test("clips are put in, taken out and moved by places", () => {
  expect(inserted([1, 2], 1, 9)).toEqual([1, 9, 2]);
  expect(inserted([], 0, 9)).toEqual([9]);
  expect(removed([1, 2, 1], 2)).toEqual([1, 2]);
  expect(moved([1, 2, 3], 0, 2)).toEqual([2, 1, 3]);
  expect(moved([1, 2, 3], 0, 3)).toEqual([2, 3, 1]);
  expect(moved([1, 2, 3], 2, 0)).toEqual([3, 1, 2]);
  expect(moved([1, 2, 3], 1, 1)).toEqual([1, 2, 3]);
  expect(moved([1, 2, 3], 1, 2)).toEqual([1, 2, 3]);
});

test("a kept clip is counted in bars of the common meter", () => {
  expect(scoreOf(score(99), 2).quarters).toBe(8);
  expect(scoreOf(score(99, { meters: [[0, 6, 8]] }), 2).quarters).toBe(6);
});

test("a MIDI file is what the standard says, byte by byte", () => {
  const bytes = midiFile(clip([note(0, 1, 60), note(1, 2, 60)], 4), 120);
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  // Format 1, two tracks, 480 ticks; tempo 500,000 us, 4/4; name, program, then the end of one C before the next.
  expect(hex).toBe(
    [
      ["4d546864", "00000006", "0001", "0002", "01e0"],
      ["4d54726b", "00000014", "00ff510307a120", "00ff580404021808", "8f00ff2f00"],
      ["4d54726b", "00000024", "00ff03064d656c6f6479", "00c000"],
      ["00903c50", "8360803c00", "00903c50", "8360803c00", "8740ff2f00"],
    ]
      .flat()
      .join(""),
  );
});
