/** Attributes of a decoded clip, measured as the kernel does (music/features.py). */

import { FIRST_PITCH, type Speech, widthOf } from "./music";

const MAJOR = [0, 2, 4, 5, 7, 9, 11];
const SIXTEENTHS = 4;
/** Roles in the kit of nine. */
const ROLES = { kick_share: [0], snare_share: [1], brightness: [2, 3, 7, 8], tom_share: [4, 5, 6] } as const;

const share = (part: number, whole: number): number => (whole > 0 ? part / whole : Number.NaN);
const mean = (values: readonly number[]): number =>
  share(
    values.reduce((sum, x) => sum + x, 0),
    values.length,
  );

/** Share of onsets that come off the beat with nothing just before them. */
function syncopation(onsets: readonly number[], level: 8 | 16, speech: Speech): number {
  const steps = speech.steps_per_quarter;
  const at = new Set(onsets.map((step) => (steps === SIXTEENTHS ? step : even((step * SIXTEENTHS) / steps))));
  const off = [...at].filter((step) =>
    level === 16
      ? step % 2 === 1 && !at.has(step - 1)
      : step % 4 === 2 && !at.has(step - 1) && !at.has(step - 2),
  );
  return share(off.length, at.size);
}

/** Rounded, halves to even, as numpy does. */
const even = (x: number): number => (x % 1 === 0.5 ? 2 * Math.round(x / 2) : Math.round(x));

/** Share of steps of each bar but the first that equal the same step a bar before. */
function repetition(tokens: Uint8Array, width: number, bar: number): number {
  const steps = tokens.length / width;
  let same = 0;
  for (let step = bar; step < steps; step++) {
    const alike = Array.from({ length: width }).every(
      (_, k) => tokens[step * width + k] === tokens[(step - bar) * width + k],
    );
    if (alike) same++;
  }
  return share(same, steps - bar);
}

function ofMelody(speech: Speech, labels: Uint8Array): Record<string, number> {
  const onsets = [...labels.keys()].filter((step) => (labels[step] as number) >= FIRST_PITCH);
  const pitches = onsets.map((step) => (labels[step] as number) - FIRST_PITCH + speech.min_pitch);
  const leaps = pitches.slice(1).map((pitch, k) => Math.abs(pitch - (pitches[k] as number)));
  const some = pitches.length > 0;
  return {
    c_diatonic: share(pitches.filter((pitch) => MAJOR.includes(pitch % 12)).length, pitches.length),
    note_density: onsets.length / labels.length,
    average_interval: some ? (leaps.length > 0 ? mean(leaps) : 0) : Number.NaN,
    syncopation_16: syncopation(onsets, 16, speech),
    syncopation_8: syncopation(onsets, 8, speech),
    pitch_range: some ? Math.max(...pitches) - Math.min(...pitches) : Number.NaN,
    mean_pitch: mean(pitches),
    repetition: repetition(labels, 1, speech.bar_steps),
  };
}

function ofDrums(speech: Speech, bits: Uint8Array): Record<string, number> {
  const classes = widthOf(speech);
  const steps = bits.length / classes;
  const hits = [...bits.keys()].filter((at) => bits[at]);
  const onsets = [...new Set(hits.map((at) => Math.floor(at / classes)))];
  const shares = Object.entries(ROLES).map(([name, roles]) => {
    const among = hits.filter((at) =>
      (roles as readonly number[]).includes(speech.roles[at % classes] as number),
    );
    return [name, share(among.length, hits.length)];
  });
  return {
    ...Object.fromEntries(shares),
    note_density: hits.length / steps,
    syncopation_16: syncopation(onsets, 16, speech),
    syncopation_8: syncopation(onsets, 8, speech),
    repetition: repetition(bits, classes, speech.bar_steps),
  };
}

/** All attributes that the model's family has. */
export function measure(
  speech: Speech,
  tokens: Uint8Array,
  rows: Float32Array,
  depth: number,
): Record<string, number> {
  if (speech.family === "melody") return ofMelody(speech, tokens);
  const measured = ofDrums(speech, tokens);
  if (speech.family === "drums") return measured;
  const classes = widthOf(speech);
  const hits = [...tokens.keys()].filter((at) => tokens[at]);
  const block = (k: number) =>
    hits.map((at) => rows[Math.floor(at / classes) * depth + k * classes + (at % classes)] as number);
  return { ...measured, loudness: mean(block(1)), lateness: -mean(block(2)) / 2 };
}
