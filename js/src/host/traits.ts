/** Traits of a widget model as props of a view. */

import { type Clip, type Place, readPlace, readRefused, readScore } from "../core/clip";
import { type Mix, readMix } from "../core/mix";
import { type Bytes, decodeNotes, decodeSteps } from "../core/notes";
import { MOST_SWING, type Region, STRAIGHT } from "../core/play-time";
import { type CommonProps, type PianoRollProps, readStatus } from "../core/props";
import type { Model } from "./model";

/** How it is played and looked at: in a Studio its parts share these. */
export const PLAYED = [
  "tempo",
  "volume",
  "loop",
  "loop_region",
  "swing",
  "metronome",
  "count_in",
  "mix",
  "theme",
  "language",
] as const;

export const COMMON = ["title", "subtitle", ...PLAYED, "_status"] as const;

/** Reads the props of one kind of widget, and names the traits it reads. */
export interface Reader<Props> {
  readonly traits: readonly string[];
  read(): Props;
}

export const text = (value: unknown): string => (typeof value === "string" ? value : "");
export const number = (value: unknown, fallback: number): number =>
  typeof value === "number" && Number.isFinite(value) ? value : fallback;

/** The `loop_region` trait: [] or [start, end]. */
function readRegion(value: unknown): Region {
  const [start, end] = Array.isArray(value) ? value : [];
  return Number.isFinite(start) && Number.isFinite(end) && start < end ? [start, end] : null;
}

/** Equal traits are one mix: it is compared by identity. */
const mixes = new WeakMap<object, Mix>();
function mixOfTrait(value: unknown): Mix {
  if (!Array.isArray(value) || value.length === 0) return NO_MIX;
  const known = mixes.get(value) ?? readMix(value);
  mixes.set(value, known);
  return known;
}
const NO_MIX: Mix = [];

export function readCommon(model: Model): CommonProps {
  return {
    title: text(model.get("title")),
    subtitle: text(model.get("subtitle")),
    tempo: Math.max(1, number(model.get("tempo"), 120)),
    volume: Math.max(0, Math.min(1, number(model.get("volume"), 0.8))),
    loop: model.get("loop") === true,
    region: readRegion(model.get("loop_region")),
    swing: Math.max(STRAIGHT, Math.min(MOST_SWING, number(model.get("swing"), STRAIGHT))),
    metronome: model.get("metronome") === true,
    countIn: model.get("count_in") === true,
    mix: mixOfTrait(model.get("mix")),
    theme: text(model.get("theme")),
    language: text(model.get("language")),
    status: readStatus(model.get("_status")),
  };
}

/** Keeps what was made of some values while they stay the same: unchanged notes are the same clip. */
export function memo<T>(make: (...values: unknown[]) => T): (...values: unknown[]) => T {
  let last: { values: unknown[]; made: T } | undefined;
  return (...values) => {
    if (!last?.values.every((value, index) => value === values[index]))
      last = { values, made: make(...values) };
    return last.made;
  };
}

export const readClip = (notes: unknown, score: unknown): Clip => ({
  notes: decodeNotes(notes as Bytes | null),
  score: readScore(score),
});

export const readSteps = (notes: unknown, score: unknown, offsets: unknown): Clip[] => {
  const common = readScore(score);
  const cuts = Array.isArray(offsets) && offsets.length > 1 ? (offsets as number[]) : [0, 0];
  return decodeSteps(notes as Bytes | null, cuts).map((step) => ({ notes: step, score: common }));
};

export const readPlaces = (value: unknown): Place[] => (Array.isArray(value) ? value.map(readPlace) : []);

/** @param followed What is shown instead of the traits' clip, if anything. */
export function pianoRollReader(
  model: Model,
  followed: () => Pick<PianoRollProps, "clip" | "place"> | null = () => null,
): Reader<PianoRollProps> {
  const clip = memo(readClip);
  const place = memo(readPlace);
  const refused = memo(readRefused);
  return {
    traits: [...COMMON, "_notes", "_score", "_place", "_refused"],
    read: () => ({
      ...readCommon(model),
      ...(followed() ?? {
        clip: clip(model.get("_notes"), model.get("_score")),
        place: place(model.get("_place")),
      }),
      refused: followed() ? [] : refused(model.get("_refused")),
    }),
  };
}
