/** Attributes in figures: how their values are written, read, and stepped through. */

import { type Key, TABLES, type Translate } from "./i18n";
import { pitchName } from "./pitch";

/** "pitch" is written as a note's name; a number is how many decimals are shown. */
type Unit = "pitch" | 0 | 1 | 2;

const UNITS: Readonly<Record<string, Unit>> = {
  mean_pitch: "pitch",
  pitch_range: 0,
  average_interval: 1,
  polyphony: 1,
  tracks: 0,
};
const unitOf = (name: string): Unit => UNITS[name] ?? 2;

/** "Density": the attribute's name in the reader's language; one that we do not know keeps its own. */
export function attributeName(t: Translate, name: string): string {
  const key = `attribute.${name}`;
  return key in TABLES.en ? t(key as Key) : name.replaceAll("_", " ");
}

/** "0.44", "G5", "12": a value as it is shown; a dash where there is none. */
export function attributeText(name: string, value: number | null): string {
  if (value === null) return "–";
  const unit = unitOf(name);
  if (unit === "pitch") return pitchName(Math.round(value));
  const text = value.toFixed(unit);
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
}

/** The smallest turn that is seen in the figures: a semitone, a hundredth. */
export function attributeTick(name: string): number {
  const unit = unitOf(name);
  return unit === "pitch" ? 1 : 10 ** -unit;
}

const STEPS: Readonly<Record<string, number>> = { c: 0, d: 2, e: 4, f: 5, g: 7, a: 9, b: 11 };

/** What a reader typed: "0.44", "0,44", "79", and for pitches "G5", "F#5", "Bb4"; null where it is none of these. */
export function readAttribute(name: string, text: string): number | null {
  const trimmed = text.trim().replace("−", "-");
  const note = /^([a-g])([#♯b♭]?)(-?\d{1,2})$/i.exec(trimmed);
  if (note && unitOf(name) === "pitch") {
    const [, letter = "c", sign = "", octave = "4"] = note;
    const alter = sign === "" ? 0 : "#♯".includes(sign) ? 1 : -1;
    return (STEPS[letter.toLowerCase()] ?? 0) + alter + 12 * (Number(octave) + 1);
  }
  if (!/^[+-]?(\d+[.,]?\d*|[.,]\d+)$/.test(trimmed)) return null;
  return Number(trimmed.replace(",", "."));
}
