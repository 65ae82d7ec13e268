/** What the views are given: plain props, which `host` makes from traits and an exported page from its file. */

import type { Clip, Place, Refused } from "./clip";
import type { Mix } from "./mix";
import type { Region } from "./play-time";

export type StatusKind = "error" | "warning" | "info" | "busy" | "gone";

export interface Status {
  readonly kind: StatusKind;
  /** One sentence: what. */
  readonly text: string;
  /** One sentence: what to do. */
  readonly hint: string;
  /** Buttons that do it. */
  readonly mends?: readonly Remedy[];
}

export interface Remedy {
  readonly word: string;
  press(): void;
}

/** Props that all widgets share. */
export interface CommonProps {
  readonly title: string;
  readonly subtitle: string;
  /** Quarters a minute. */
  readonly tempo: number;
  /** 0 to 1. */
  readonly volume: number;
  readonly loop: boolean;
  /** Quarters that are looped; null is all. */
  readonly region: Region;
  /** Share of a beat that its first eighth lasts: 0.5 is straight. */
  readonly swing: number;
  readonly metronome: boolean;
  /** Whether a bar is counted before the music. */
  readonly countIn: boolean;
  readonly mix: Mix;
  readonly theme: string;
  readonly language: string;
  readonly status: Status | null;
}

/** What a reader changes, in all widgets. */
export interface CommonActions {
  tempo(qpm: number): void;
  volume(volume: number): void;
  loop(on: boolean): void;
  /** What is looped; null is all. */
  region(region: Region): void;
  swing(swing: number): void;
  metronome(on: boolean): void;
  countIn(on: boolean): void;
  mix(mix: Mix): void;
}

export interface PianoRollProps extends CommonProps {
  readonly clip: Clip;
  readonly place: Place;
  readonly refused: readonly Refused[];
}

/** The `_status` trait, checked. */
export function readStatus(value: unknown): Status | null {
  const raw = (value ?? {}) as Record<string, unknown>;
  if (typeof raw.text !== "string" || raw.text === "") return null;
  const kind = raw.kind === "error" || raw.kind === "warning" ? raw.kind : "info";
  return { kind, text: raw.text, hint: typeof raw.hint === "string" ? raw.hint : "" };
}
