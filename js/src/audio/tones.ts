/** Pitched voices of the built-in sound: sums of partials, a family of General MIDI instruments each. */

export interface Patch {
  /** Levels of the partials from the first up. */
  readonly partials: readonly number[];
  /** Seconds in which the first partial of A4 falls to 1/e; 0 holds the tone. */
  readonly decay: number;
  /** By how much faster each further partial falls. */
  readonly damping: number;
  /** Partial n stands at n · √(1 + stretch · (n² - 1)): stiff strings and bars are sharp, skins flat. */
  readonly stretch: number;
  /** Seconds in which the tone begins, and in which it ends once it is let go. */
  readonly attack: number;
  readonly release: number;
  readonly level: number;
  /** Noise at the beginning: hammer, breath, bow. */
  readonly noise: number;
  /** Depth of the vibrato of a tone that is held. */
  readonly vibrato: number;
}

const struck = {
  decay: 0.9,
  damping: 0.45,
  stretch: 3e-4,
  attack: 0.002,
  release: 0.12,
  level: 1,
  noise: 0.06,
  vibrato: 0,
};
const held = {
  decay: 0,
  damping: 0,
  stretch: 0,
  attack: 0.03,
  release: 0.12,
  level: 0.5,
  noise: 0,
  vibrato: 0.004,
};

/** A hammer at an eighth of the string leaves out the partials that have a node there. */
const piano = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => Math.abs(Math.sin((Math.PI * n) / 8)) / n ** 1.35);
/** A row of partials that falls by a power, the even ones by more. */
const row =
  (power: number, even = 1) =>
  (n: number) =>
    (n % 2 === 0 ? even : 1) / n ** power;
const partials = (count: number, level: (n: number) => number) =>
  Array.from({ length: count }, (_, i) => level(i + 1));

const PIANO: Patch = { ...struck, partials: piano };
const ELECTRIC: Patch = {
  ...struck,
  partials: [1, 0.12, 0.05, 0.18, 0.02, 0.01, 0.05],
  decay: 1.1,
  damping: 0.8,
  noise: 0.02,
  stretch: 0,
};
const HARPSICHORD: Patch = {
  ...struck,
  partials: partials(14, row(0.7)),
  decay: 0.7,
  damping: 0.12,
  noise: 0.1,
  level: 0.5,
};
const BELL: Patch = {
  ...struck,
  partials: [1, 0, 0.05, 0.45, 0, 0.12, 0, 0, 0.14, 0, 0.06],
  decay: 1.6,
  damping: 0.3,
  stretch: 6e-3,
  noise: 0.03,
  level: 0.7,
};
const MALLET: Patch = {
  ...struck,
  partials: [1, 0, 0, 0.3, 0, 0, 0, 0, 0, 0.1],
  decay: 0.35,
  damping: 0.9,
  stretch: 0,
  noise: 0.08,
  level: 0.9,
};
const ORGAN: Patch = {
  ...held,
  partials: [1, 0.65, 0.4, 0.35, 0.05, 0.2, 0, 0.15],
  attack: 0.008,
  release: 0.06,
  vibrato: 0.002,
};
const REED: Patch = { ...held, partials: partials(10, row(0.8)), attack: 0.03, level: 0.35 };
const GUITAR: Patch = {
  ...struck,
  partials: partials(10, row(1.05, 0.75)),
  decay: 0.75,
  damping: 0.5,
  stretch: 1e-4,
  noise: 0.08,
  level: 0.8,
};
const DRIVEN: Patch = {
  ...held,
  partials: partials(14, row(0.75, 0.6)),
  attack: 0.005,
  release: 0.08,
  level: 0.3,
  vibrato: 0.002,
  noise: 0.1,
};
const BASS: Patch = {
  ...struck,
  partials: partials(7, row(1.3)),
  decay: 0.6,
  damping: 0.6,
  stretch: 1e-4,
  noise: 0.05,
  level: 1,
};
const BOWED: Patch = {
  ...held,
  partials: partials(10, row(1)),
  attack: 0.06,
  release: 0.15,
  level: 0.45,
  vibrato: 0.006,
  noise: 0.02,
};
const PLUCKED: Patch = {
  ...struck,
  partials: partials(8, row(1.2)),
  decay: 0.5,
  damping: 0.7,
  stretch: 1e-4,
  noise: 0.05,
  level: 0.9,
};
const TIMPANI: Patch = {
  ...struck,
  partials: [1, 0.45, 0.25, 0.1],
  decay: 0.5,
  damping: 0.5,
  stretch: -0.12,
  noise: 0.15,
  level: 0.8,
};
const ENSEMBLE: Patch = { ...BOWED, attack: 0.12, release: 0.3, vibrato: 0.005, level: 0.42 };
const CHOIR: Patch = {
  ...held,
  partials: [1, 0.5, 0.42, 0.12, 0.05, 0.03],
  attack: 0.1,
  release: 0.25,
  vibrato: 0.007,
};
const HIT: Patch = {
  ...struck,
  partials: partials(12, row(0.9)),
  decay: 0.3,
  damping: 0.2,
  noise: 0.3,
  level: 0.6,
};
const BRASS: Patch = {
  ...held,
  partials: [0.8, 1, 0.85, 0.6, 0.42, 0.3, 0.2, 0.13, 0.08],
  attack: 0.035,
  release: 0.08,
  level: 0.35,
  vibrato: 0.003,
};
const SAX: Patch = {
  ...held,
  partials: [1, 0.75, 0.6, 0.35, 0.25, 0.15, 0.1],
  attack: 0.025,
  level: 0.4,
  noise: 0.03,
};
const CLARINET: Patch = {
  ...held,
  partials: partials(9, row(0.9, 0.08)),
  attack: 0.025,
  level: 0.45,
  vibrato: 0.002,
};
const FLUTE: Patch = {
  ...held,
  partials: [1, 0.28, 0.12, 0.04, 0.02],
  attack: 0.03,
  level: 0.42,
  noise: 0.05,
  vibrato: 0.006,
};
const SQUARE: Patch = {
  ...held,
  partials: partials(15, row(1, 0)),
  attack: 0.005,
  release: 0.06,
  level: 0.35,
  vibrato: 0.002,
};
const SAW: Patch = {
  ...held,
  partials: partials(15, row(1)),
  attack: 0.005,
  release: 0.06,
  level: 0.3,
  vibrato: 0.002,
};
const PAD: Patch = {
  ...held,
  partials: partials(8, row(1.3)),
  attack: 0.2,
  release: 0.5,
  level: 0.45,
  vibrato: 0.004,
};
const SPARKLE: Patch = { ...BELL, decay: 2, release: 0.4 };
const SITAR: Patch = { ...GUITAR, partials: partials(14, row(0.6)), decay: 0.9, damping: 0.15, level: 0.5 };
const WOOD: Patch = { ...MALLET, decay: 0.08, level: 1 };
const NOISE: Patch = { ...struck, partials: [0.2], decay: 0.3, noise: 1, level: 0.6, release: 0.3 };

/** The first program after each patch, in General MIDI's order. */
const PROGRAMS: readonly (readonly [number, Patch])[] = [
  [4, PIANO],
  [6, ELECTRIC],
  [8, HARPSICHORD],
  [12, BELL],
  [14, MALLET],
  [15, BELL],
  [16, PLUCKED],
  [20, ORGAN],
  [24, REED],
  [29, GUITAR],
  [31, DRIVEN],
  [32, GUITAR],
  [40, BASS],
  [44, BOWED],
  [45, ENSEMBLE],
  [47, PLUCKED],
  [48, TIMPANI],
  [52, ENSEMBLE],
  [55, CHOIR],
  [56, HIT],
  [64, BRASS],
  [68, SAX],
  [70, REED],
  [71, BRASS],
  [72, CLARINET],
  [80, FLUTE],
  [81, SQUARE],
  [82, SAW],
  [84, SQUARE],
  [88, SAW],
  [96, PAD],
  [104, SPARKLE],
  [105, SITAR],
  [108, PLUCKED],
  [109, MALLET],
  [110, REED],
  [111, BOWED],
  [112, REED],
  [115, BELL],
  [116, WOOD],
  [119, TIMPANI],
  [128, NOISE],
];

/** Number of a program's family; a number that is no program is a piano's. */
export const familyOf = (program: number): number =>
  Math.max(
    0,
    PROGRAMS.findIndex(([last]) => program < last),
  );

export const patchOf = (program: number): Patch => PROGRAMS[familyOf(program)]?.[1] ?? PIANO;

/** A partial is left alone once it is softer than this. */
const INAUDIBLE = 3e-5;
/** Soft notes have less of the upper partials: by how much a partial, at each brightness. */
const DULL = [0.72, 0.88, 1] as const;
export type Brightness = 0 | 1 | 2;

/** Deterministic noise in -1..1. */
export function noise(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 0x80000000 - 1;
  };
}

/** A tone of full loudness, as long as it is asked for. */
export function toneVoice(
  patch: Patch,
  pitch: number,
  bright: Brightness,
  seconds: number,
  rate: number,
): Float32Array {
  const base = 440 * 2 ** ((pitch - 69) / 12);
  const out = new Float32Array(Math.ceil(seconds * rate));
  // Low strings ring longer: A4 falls in `decay`, two octaves below in more than twice that.
  const pace = patch.decay > 0 ? 1 / (patch.decay * 2 ** ((69 - pitch) / 20)) : 0;
  patch.partials.forEach((share, index) => {
    const n = index + 1;
    const frequency = base * n * Math.sqrt(Math.max(0.2, 1 + patch.stretch * (n * n - 1)));
    const level = share * (DULL[bright] as number) ** index;
    if (level <= 0 || frequency > Math.min(9000, rate / 2.2)) return;
    const fallen = pace * (1 + patch.damping * index);
    const step = (2 * Math.PI * frequency) / rate;
    const fall = Math.exp(-fallen / rate);
    const heard =
      fallen > 0
        ? Math.min(out.length, Math.ceil((rate * Math.log(level / INAUDIBLE)) / fallen))
        : out.length;
    // A phasor that shrinks: two multiplications a sample where a sine would cost a call.
    const cos = Math.cos(step) * fall;
    const sin = Math.sin(step) * fall;
    let x = level;
    let y = 0;
    for (let i = 0; i < heard; i++) {
      out[i] = (out[i] as number) + y;
      const next = x * cos - y * sin;
      y = x * sin + y * cos;
      x = next;
    }
  });
  shape(out, patch, pitch, rate);
  return out;
}

/** Level, attack, the noise of the beginning, and the swell of a held tone. */
function shape(out: Float32Array, patch: Patch, pitch: number, rate: number): void {
  const total = patch.partials.reduce((sum, share) => sum + share, 0);
  const gain = patch.decay > 0 ? patch.level : (2 * patch.level) / Math.max(1, Math.sqrt(total));
  const attack = Math.max(1, Math.round(patch.attack * rate));
  const hiss = noise(pitch + 1);
  const noisy = Math.min(out.length, Math.round(Math.max(0.02, 4 * patch.attack, patch.noise * 0.5) * rate));
  const swell = (2 * Math.PI * 5.2) / rate;
  for (let i = 0; i < out.length; i++) {
    const rise = Math.min(1, i / attack);
    const breath = 8 * patch.vibrato * Math.min(1, i / rate) * Math.sin(swell * i);
    const strike = i < noisy ? patch.noise * hiss() * Math.exp(-i / (0.2 * noisy)) : 0;
    out[i] = ((out[i] as number) * (1 + breath) + strike) * rise * gain;
  }
}
