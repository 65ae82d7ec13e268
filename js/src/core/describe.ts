/** Clips and notes in words, for the live region and for labels. */

import { type Clip, type Note, tracksOf } from "./clip";
import { counted, type Key, type Translate } from "./i18n";
import { DRUM_CLASSES, drumClass, pitchName } from "./pitch";
import { MeterMap } from "./time";

const LENGTHS: readonly (readonly [number, Key])[] = [
  [4, "length.whole"],
  [3, "length.dotted-half"],
  [2, "length.half"],
  [1.5, "length.dotted-quarter"],
  [1, "length.quarter"],
  [0.75, "length.dotted-eighth"],
  [0.5, "length.eighth"],
  [0.375, "length.dotted-sixteenth"],
  [1 / 3, "length.triplet-eighth"],
  [0.25, "length.sixteenth"],
  [0.125, "length.thirty-second"],
];

const figure = (value: number) => String(Math.round(value * 100) / 100);

/** "quarter", "dotted eighth", else a number of quarters. */
export function lengthName(t: Translate, quarters: number): string {
  const known = LENGTHS.find(([length]) => Math.abs(length - quarters) < 0.02);
  return known ? t(known[1]) : t("length.quarters", { n: figure(quarters) });
}

export const soundName = (t: Translate, note: Note): string =>
  note.drum ? t(`drum.${DRUM_CLASSES[drumClass(note.pitch)] ?? "snare"}`) : pitchName(note.pitch);

/** "C4, bar 2 beat 3, quarter". */
export function describeNote(t: Translate, note: Note, meter: MeterMap): string {
  const { bar, beat } = meter.position(note.start);
  const values = { name: soundName(t, note), bar, beat, length: lengthName(t, note.end - note.start) };
  return t(note.drum ? "describe.hit" : "describe.note", values);
}

const MANY = 6;

/** What sounds at a quarter, or that nothing does. */
export function describeAt(t: Translate, clip: Clip, meter: MeterMap, quarter: number): string {
  const sounding = soundingAt(clip.notes, quarter);
  if (sounding.length === 0) {
    const { bar, beat } = meter.position(quarter);
    return t("describe.rest", { bar, beat });
  }
  const words = sounding.slice(0, MANY).map((note) => describeNote(t, note, meter));
  if (sounding.length > MANY) words.push(t("describe.more", { n: sounding.length - MANY }));
  return words.join("; ");
}

const EPS = 1e-4;

/** Notes that sound at a quarter: pitched notes while they last, drum hits for a sixteenth at least. */
export function soundingAt(notes: readonly Note[], quarter: number): Note[] {
  return notes.filter(
    (note) =>
      note.start <= quarter + EPS && quarter + EPS < Math.max(note.end, note.drum ? note.start + 0.25 : 0),
  );
}

/** "2 bars · 13 notes", "2 bars · 52 hits", "4 bars · 3 tracks": what follows a title. */
export function summary(t: Translate, clip: Clip): string {
  const parts = [counted(t, "bars", MeterMap.of(clip.score).bars.length)];
  const tracks = tracksOf(clip).length;
  if (tracks > 1) parts.push(counted(t, "tracks", tracks));
  else if (clip.notes.some((note) => note.drum)) parts.push(counted(t, "hits", clip.notes.length));
  else parts.push(counted(t, "notes", clip.notes.length));
  return parts.join(" · ");
}

/** A clip in one sentence: title, size, range. */
export function describeClip(t: Translate, title: string, clip: Clip): string {
  const pitched = clip.notes.filter((note) => !note.drum).map((note) => note.pitch);
  const parts = [title, summary(t, clip)];
  if (pitched.length > 0) {
    const low = pitchName(pitched.reduce((a, b) => Math.min(a, b)));
    const high = pitchName(pitched.reduce((a, b) => Math.max(a, b)));
    parts.push(t("describe.range", { low, high }));
  }
  return parts.filter((part) => part !== "").join(", ");
}
