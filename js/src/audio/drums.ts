/** Percussion of the built-in sound: skins, metal, noise, by General MIDI key. */

import { drumClass } from "../core/pitch";
import { noise } from "./tones";

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
  /** Pitch of the lowest of what rings. */
  readonly pitch?: number;
}

/** Frequencies of struck metal: they stand in no simple ratio. */
const RATIOS = [1, 1.341, 1.682, 2.183, 2.64];

function metalVoice(metal: Metal, rate: number): Float32Array {
  const out = new Float32Array(Math.ceil(metal.decay * 5 * rate));
  const hiss = noise(77);
  const squares = RATIOS.map((ratio) => ((metal.pitch ?? 3110) * ratio) / rate);
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
function kitVoice(index: number, rate: number): Float32Array {
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

const wood = (pitch: number): Skin => ({
  from: pitch,
  to: 0.9 * pitch,
  bend: 0.005,
  decay: 0.03,
  level: 0.8,
  click: 0.4,
});
const hand = (pitch: number): Skin => ({
  from: 1.25 * pitch,
  to: pitch,
  bend: 0.02,
  decay: 0.11,
  level: 0.8,
  click: 0.15,
});
const CLAP: Metal = { decay: 0.07, level: 0.9, bright: 0.35, ring: 0 };
const SHAKER: Metal = { decay: 0.05, level: 0.4, bright: 0.9, ring: 0 };
const bell = (pitch: number, decay: number): Metal => ({ decay, level: 0.6, bright: 0.9, ring: 0.95, pitch });

/** Keys beside the kit's nine classes, whose own sound is far from those. */
const SKINS: Readonly<Record<number, Skin>> = {
  37: wood(1700),
  60: hand(420),
  61: hand(310),
  62: hand(330),
  63: hand(280),
  64: hand(210),
  65: hand(380),
  66: hand(260),
  75: wood(2500),
  76: wood(1500),
  77: wood(1100),
};
const METALS: Readonly<Record<number, Metal>> = {
  39: CLAP,
  54: SHAKER,
  56: bell(560, 0.12),
  67: bell(900, 0.15),
  68: bell(680, 0.15),
  69: SHAKER,
  70: SHAKER,
  80: bell(2400, 0.06),
  81: bell(2400, 0.35),
  82: SHAKER,
};

/** What a key of the kit is called where voices are kept: keys of one sound share it. */
export const drumName = (key: number): number => (SKINS[key] || METALS[key] ? key : -1 - drumClass(key));

/** One stroke of a General MIDI percussion key at full loudness. */
export function drumVoice(key: number, rate: number): Float32Array {
  const skin = SKINS[key];
  if (skin) return skinVoice(skin, rate);
  const metal = METALS[key];
  return metal ? metalVoice(metal, rate) : kitVoice(drumClass(key), rate);
}
