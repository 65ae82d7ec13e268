/** From a decoder's rows to notes and tokens, as the kernel's converters do it (music/labels.py, drums.py, groove.py). */

import type { Note } from "../core/clip";

/** What the rows of a model are: the little of its converter that decides their notes. */
export interface Speech {
  readonly family: "melody" | "drums" | "groove";
  readonly steps_per_quarter: number;
  readonly bar_steps: number;
  /** Of label 2, in melodies. */
  readonly min_pitch: number;
  /** Of each class, in drums and grooves. */
  readonly pitches: readonly number[];
  /** Role of each class in the kit of nine, -1 for none. */
  readonly roles: readonly number[];
}

const HOLD = 0;
export const FIRST_PITCH = 2;
const VELOCITY = 80;
/** An offset of 1 is half a step early; no note is moved by more than this. */
const MOST_OFFSET = 0.4999;

/** Bytes a step that are compared when two clips are: a label, or a bit a class. */
export const widthOf = ({ family, pitches }: Speech): number => (family === "melody" ? 1 : pitches.length);

/** Labels or bits of rows `[steps, depth]`. */
export function tokensOf(speech: Speech, rows: Float32Array, depth: number): Uint8Array {
  const steps = rows.length / depth;
  const classes = widthOf(speech);
  if (speech.family === "melody")
    return Uint8Array.from({ length: steps }, (_, t) => rows.subarray(t * depth, (t + 1) * depth).indexOf(1));
  const bits = new Uint8Array(steps * classes);
  for (let step = 0; step < steps; step++) {
    const row = rows.subarray(step * depth, (step + 1) * depth);
    // One class of all combinations of drums stands for a combination.
    const label = speech.family === "drums" && depth > classes ? row.indexOf(1) : -1;
    for (let k = 0; k < classes; k++) {
      const hit = label < 0 ? (row[k] as number) > 0.5 : Math.floor(label / 2 ** k) % 2 === 1;
      bits[step * classes + k] = hit ? 1 : 0;
    }
  }
  return bits;
}

/** Notes of a clip, times in quarters, cut off at its end. */
export function notesOf(
  speech: Speech,
  tokens: Uint8Array,
  rows: Float32Array,
  depth: number,
  program: number,
): Note[] {
  return speech.family === "melody" ? sung(speech, tokens, program) : drummed(speech, tokens, rows, depth);
}

/** A note lasts until the next label that is not "go on". */
function sung({ min_pitch, steps_per_quarter }: Speech, labels: Uint8Array, program: number): Note[] {
  const notes: Note[] = [];
  labels.forEach((label, step) => {
    if (label < FIRST_PITCH) return;
    const next = labels.findIndex((other, at) => at > step && other !== HOLD);
    notes.push({
      start: step / steps_per_quarter,
      end: (next < 0 ? labels.length : next) / steps_per_quarter,
      pitch: label - FIRST_PITCH + min_pitch,
      velocity: VELOCITY,
      track: 0,
      program,
      drum: false,
    });
  });
  return notes;
}

function drummed(speech: Speech, bits: Uint8Array, rows: Float32Array, depth: number): Note[] {
  const { family, pitches, steps_per_quarter } = speech;
  const classes = pitches.length;
  const last = bits.length / classes / steps_per_quarter;
  const notes: Note[] = [];
  bits.forEach((bit, at) => {
    if (!bit) return;
    const step = Math.floor(at / classes);
    const k = at % classes;
    let start = step;
    let velocity = VELOCITY;
    if (family === "groove") {
      const offset = (rows[step * depth + 2 * classes + k] as number) / 2;
      start = Math.max(0, step - Math.max(-MOST_OFFSET, Math.min(MOST_OFFSET, offset)));
      velocity = Math.round(127 * (rows[step * depth + classes + k] as number));
    }
    notes.push({
      start: start / steps_per_quarter,
      end: Math.min(last, (start + 1) / steps_per_quarter),
      pitch: pitches[k] as number,
      velocity: Math.max(1, velocity),
      track: 0,
      program: 0,
      drum: true,
    });
  });
  return notes.sort((a, b) => a.start - b.start || a.pitch - b.pitch);
}
