/**
 * The one audio engine of a page.
 *
 * Every widget model imports a copy of this module from its own blob, so what they share lies on
 * `globalThis`, under a name with a version: a page may hold widgets of two releases.
 */

import { Emitter } from "../core/emitter";
import type { Voices } from "./builtin";
import type { MidiOutput } from "./midi-out";
import type { SoundFont } from "./soundfont";

const NAME = "__mvae_widgets_audio_2";

export interface Rendered {
  readonly buffer: AudioBuffer;
  readonly engine: EngineName;
  /** By how much it was made louder or softer. */
  readonly gain: number;
}

export type EngineName = "builtin" | "soundfont";

/** A MIDI output of the reader's machine. */
export interface MidiChoice {
  readonly id: string;
  readonly name: string;
  readonly output: MidiOutput;
}

/** Begins what was made ready, at a context time, some seconds into it; `since` is when it would have begun. */
export type Start = (at: number, seconds: number, since: number) => void;

/** Whoever plays; starting another stops it, save one of its own group. */
export interface Owner {
  /** Those of one name play together; "" plays alone. */
  readonly group: string;
  readonly playing: boolean;
  yield(): void;
  /** Gets ready to play with the group; undefined where it is not to play after all. */
  enlist(context: AudioContext, output: AudioNode): Promise<Start | undefined>;
}

export interface AudioPage {
  context: AudioContext | undefined;
  /** Where players connect to. */
  output: AudioNode | undefined;
  readonly owners: Set<Owner>;
  soundfont: { readonly bank: string; readonly soundfont: SoundFont } | undefined;
  /** The SoundFont that is loaded or loading, by name; "" is the one of the package. */
  bank: string;
  /** The loading in progress or done; undefined when there is none or it failed. */
  loading: Promise<SoundFont> | undefined;
  /** Where notes go instead of the speakers, once a reader has chosen. */
  midi: MidiChoice | undefined;
  /** Emits when `midi` changes. */
  readonly midiChanged: Emitter;
  /** Renderings by engine and key, oldest use first. */
  readonly rendered: Map<string, Rendered>;
  readonly rendering: Map<string, Promise<Rendered>>;
  readonly voices: Voices;
}

export function audioPage(): AudioPage {
  const holder = globalThis as unknown as Record<string, AudioPage | undefined>;
  holder[NAME] ??= {
    context: undefined,
    output: undefined,
    owners: new Set(),
    soundfont: undefined,
    bank: "",
    loading: undefined,
    midi: undefined,
    midiChanged: new Emitter(),
    rendered: new Map(),
    rendering: new Map(),
    voices: new Map(),
  };
  return holder[NAME];
}

type ContextMaker = new () => AudioContext;

/**
 * The page's AudioContext, made and woken here: call it within a click. Undefined where the browser
 * has none.
 */
export function openContext(page: AudioPage): AudioContext | undefined {
  const scope = globalThis as unknown as { AudioContext?: ContextMaker; webkitAudioContext?: ContextMaker };
  const Maker = scope.AudioContext ?? scope.webkitAudioContext;
  if (page.context?.state === "closed") page.context = undefined;
  if (!page.context) {
    if (!Maker) return undefined;
    try {
      page.context = new Maker();
    } catch {
      return undefined;
    }
    page.output = safetyOf(page.context);
    page.output.connect(page.context.destination);
  }
  if (page.context.state !== "running") page.context.resume().catch(() => undefined);
  return page.context;
}

/** Where the safety begins to bend, and what it never exceeds. */
const KNEE = 0.92;
const CEILING = 0.99;

/** A shaper that is straight up to the knee: clips are normalised, so it acts only where two overlap. */
function safetyOf(context: AudioContext): AudioNode {
  const shaper = context.createWaveShaper();
  const points = 2001;
  const curve = new Float32Array(points);
  for (let i = 0; i < points; i++) {
    const x = (2 * i) / (points - 1) - 1;
    const size = Math.abs(x);
    const over = size - KNEE;
    curve[i] = over <= 0 ? x : Math.sign(x) * (KNEE + (CEILING - KNEE) * Math.tanh(over / (CEILING - KNEE)));
  }
  shaper.curve = curve;
  return shaper;
}

/** Whether the context runs, within `ms`. A context that no click has woken stays suspended. */
export async function isRunning(context: AudioContext, ms: number): Promise<boolean> {
  if (context.state === "running") return true;
  await Promise.race([
    context.resume().catch(() => undefined),
    new Promise<void>((resolve) => setTimeout(resolve, ms)),
  ]);
  return (context.state as AudioContextState) === "running";
}

/** Those that play together with an owner, itself left out. */
export const matesOf = (page: AudioPage, owner: Owner): Owner[] =>
  owner.group === ""
    ? []
    : [...page.owners].filter((other) => other !== owner && other.group === owner.group);

/** Takes the sound for `owner`; who plays stops, save those of its group. */
export function claim(page: AudioPage, owner: Owner): void {
  const mates = matesOf(page, owner);
  for (const other of [...page.owners]) {
    if (other !== owner && other.playing && !mates.includes(other)) other.yield();
  }
}

interface Clocked {
  readonly currentTime: number;
  readonly outputLatency?: number;
  readonly baseLatency?: number;
  getOutputTimestamp?(): { contextTime?: number; performanceTime?: number };
}

/** Seconds from the context's clock to the ear. */
export const latencyOf = ({ outputLatency, baseLatency }: Clocked): number =>
  Math.min(0.5, outputLatency || baseLatency || 0);

/** Milliseconds of the page's clock (performance.now) at which a context time is heard. */
export function heardAt(context: Clocked, time: number): number {
  const { contextTime = 0, performanceTime = 0 } = context.getOutputTimestamp?.() ?? {};
  if (contextTime > 0 && performanceTime > 0) return performanceTime + 1000 * (time - contextTime);
  return performance.now() + 1000 * (time - context.currentTime + latencyOf(context));
}

/** The context time that is heard at some milliseconds of the page's clock. */
export const timeAt = (context: Clocked, milliseconds: number): number =>
  context.currentTime + (milliseconds - heardAt(context, context.currentTime)) / 1000;
