/**
 * The one audio engine of a page.
 *
 * Every widget model imports a copy of this module from its own blob, so what they share lies on
 * `globalThis`, under a name with a version: a page may hold widgets of two releases.
 */

import type { Voices } from "./builtin";
import type { SoundFont } from "./soundfont";

const NAME = "__mvae_widgets_audio_1";

export interface Rendered {
  readonly buffer: AudioBuffer;
  readonly engine: EngineName;
}

export type EngineName = "builtin" | "soundfont";

/** Whoever plays; starting another stops it. */
export interface Owner {
  yield(): void;
}

export interface AudioPage {
  context: AudioContext | undefined;
  /** Where players connect to. */
  output: AudioNode | undefined;
  owner: Owner | undefined;
  soundfont: SoundFont | undefined;
  /** The loading in progress; undefined when there is none or it failed. */
  loading: Promise<SoundFont> | undefined;
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
    owner: undefined,
    soundfont: undefined,
    loading: undefined,
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

/** Takes the sound for `owner`; who had it stops. */
export function claim(page: AudioPage, owner: Owner): void {
  const before = page.owner;
  page.owner = owner;
  if (before && before !== owner) before.yield();
}
