/**
 * The built-in sound: a small additive piano and nine drum voices, computed from nothing.
 *
 * It plays at once, before the instruments have arrived and where they cannot come.
 */

import { drumClass } from "../core/pitch";
import type { Channels } from "./level";
import type { Sound, SoundNote } from "./sound";

const TAIL = 1.2;
const RELEASE = 0.12;
/** Seconds for which strings are computed: the shortest that holds the note. */
const LENGTHS = [0.6, 1.2, 2.4, 4.8];
/** A partial is left alone once it is softer than this. */
const INAUDIBLE = 3e-5;

/** Deterministic noise in -1..1. */
function noise(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 0x80000000 - 1;
  };
}

/** A struck string of unit velocity: decaying partials, slightly sharp as a stiff string's are. */
export function stringVoice(pitch: number, seconds: number, rate: number): Float32Array {
  const base = 440 * 2 ** ((pitch - 69) / 12);
  const out = new Float32Array(Math.ceil(seconds * rate));
  const decay = 1.1 + (pitch - 36) / 28;
  const inharmonicity = 0.0003;
  for (let partial = 1; partial <= 9; partial++) {
    const frequency = base * partial * Math.sqrt(1 + inharmonicity * partial * partial);
    if (frequency > Math.min(9000, rate / 2.2)) break;
    // A hammer at an eighth of the string leaves out the partials that have a node there.
    const strike = Math.abs(Math.sin((Math.PI * partial) / 8)) / partial ** 1.35;
    const step = (2 * Math.PI * frequency) / rate;
    const pace = decay * (1 + 0.45 * (partial - 1));
    const fall = Math.exp(-pace / rate);
    const heard = Math.min(out.length, Math.ceil((rate * Math.log(strike / INAUDIBLE)) / pace));
    // A phasor that shrinks: two multiplications a sample where a sine would cost a call.
    const cos = Math.cos(step) * fall;
    const sin = Math.sin(step) * fall;
    let x = strike;
    let y = 0;
    for (let i = 0; i < heard; i++) {
      out[i] = (out[i] as number) + y;
      const next = x * cos - y * sin;
      y = x * sin + y * cos;
      x = next;
    }
  }
  const hammer = noise(pitch + 1);
  const attack = Math.round(0.002 * rate);
  for (let i = 0; i < Math.min(out.length, Math.round(0.02 * rate)); i++) {
    const rise = Math.min(1, i / attack);
    out[i] = (out[i] as number) * rise + 0.06 * hammer() * rise * Math.exp(-i / (0.004 * rate));
  }
  return out;
}

interface Skin {
  readonly from: number;
  readonly to: number;
  /** Seconds in which the pitch falls. */
  readonly bend: number;
  readonly decay: number;
  readonly level: number;
  readonly click: number;
}

function skinVoice(skin: Skin, rate: number): Float32Array {
  const out = new Float32Array(Math.ceil(skin.decay * 5 * rate));
  const hiss = noise(skin.from);
  let phase = 0;
  for (let i = 0; i < out.length; i++) {
    const t = i / rate;
    phase += (2 * Math.PI * (skin.to + (skin.from - skin.to) * Math.exp(-t / skin.bend))) / rate;
    const rise = Math.min(1, t / 0.001);
    out[i] =
      skin.level *
      rise *
      (Math.sin(phase) * Math.exp(-t / skin.decay) + skin.click * hiss() * Math.exp(-t / 0.004));
  }
  return out;
}

interface Metal {
  readonly decay: number;
  readonly level: number;
  /** 0 to 1: how much of the low noise is taken away. */
  readonly bright: number;
  readonly ring: number;
}

function metalVoice(metal: Metal, rate: number): Float32Array {
  const out = new Float32Array(Math.ceil(metal.decay * 5 * rate));
  const hiss = noise(77);
  const squares = [3110, 4170, 5230, 6790, 8210].map((frequency) => frequency / rate);
  let low = 0;
  for (let i = 0; i < out.length; i++) {
    const t = i / rate;
    const white = hiss();
    low += (1 - metal.bright) * (white - low);
    let ring = 0;
    for (const square of squares) ring += (i * square) % 1 < 0.5 ? 1 : -1;
    const rise = Math.min(1, t / 0.0008);
    out[i] =
      metal.level *
      rise *
      ((white - low) * (1 - metal.ring) + (ring / 5) * metal.ring) *
      Math.exp(-t / metal.decay);
  }
  return out;
}

function snareVoice(rate: number): Float32Array {
  const body = skinVoice({ from: 240, to: 180, bend: 0.02, decay: 0.08, level: 0.55, click: 0.3 }, rate);
  const wires = metalVoice({ decay: 0.11, level: 0.75, bright: 0.45, ring: 0 }, rate);
  const out = new Float32Array(Math.max(body.length, wires.length));
  for (let i = 0; i < out.length; i++) out[i] = (body[i] ?? 0) + (wires[i] ?? 0);
  return out;
}

/** Voice of a drum class, 0 kick to 8 ride. */
export function drumVoice(index: number, rate: number): Float32Array {
  const tom = (pitch: number) =>
    skinVoice({ from: pitch * 1.6, to: pitch, bend: 0.05, decay: 0.2, level: 0.9, click: 0.15 }, rate);
  switch (index) {
    case 0:
      return skinVoice({ from: 150, to: 48, bend: 0.035, decay: 0.14, level: 1.1, click: 0.25 }, rate);
    case 1:
      return snareVoice(rate);
    case 2:
      return metalVoice({ decay: 0.035, level: 0.5, bright: 0.85, ring: 0.25 }, rate);
    case 3:
      return metalVoice({ decay: 0.22, level: 0.45, bright: 0.85, ring: 0.25 }, rate);
    case 4:
      return tom(90);
    case 5:
      return tom(125);
    case 6:
      return tom(165);
    case 7:
      return metalVoice({ decay: 0.6, level: 0.6, bright: 0.6, ring: 0.1 }, rate);
    default:
      return metalVoice({ decay: 0.35, level: 0.4, bright: 0.8, ring: 0.5 }, rate);
  }
}

/** Voices made so far, shared by all clips of a page. */
export type Voices = Map<string, Float32Array>;

function voiceOf(voices: Voices, note: SoundNote, rate: number): Float32Array {
  const index = drumClass(note.pitch);
  const held = note.end - note.start + RELEASE;
  const seconds = LENGTHS.find((length) => length >= held) ?? (LENGTHS.at(-1) as number);
  const name = note.drum ? `drum ${index} ${rate}` : `string ${note.pitch} ${seconds} ${rate}`;
  const known = voices.get(name);
  if (known) return known;
  const made = note.drum ? drumVoice(index, rate) : stringVoice(note.pitch, seconds, rate);
  voices.set(name, made);
  return made;
}

/** Mixes a clip to one channel, the tail after the last bar line included. */
export function renderBuiltin(sound: Sound, rate: number, voices: Voices): Channels {
  const total = Math.ceil((sound.seconds + TAIL) * rate);
  const mix = new Float32Array(total);
  for (const note of sound.notes) {
    const voice = voiceOf(voices, note, rate);
    const from = Math.round(note.start * rate);
    const held = note.drum
      ? voice.length
      : Math.min(voice.length, Math.round((note.end - note.start) * rate));
    const fall = note.drum ? 0 : Math.round(RELEASE * rate);
    const count = Math.min(voice.length, held + fall, total - from);
    const gain = (note.velocity / 127) ** 1.4;
    for (let i = 0; i < count; i++) {
      const release = i < held ? 1 : 1 - (i - held) / fall;
      mix[from + i] = (mix[from + i] as number) + gain * release * (voice[i] as number);
    }
  }
  return [mix];
}
