/**
 * The built-in sound: a family of tones for each kind of General MIDI instrument, and drums, computed from nothing.
 *
 * It plays at once, before the instruments have arrived and where they cannot come.
 */

import { drumName, drumVoice } from "./drums";
import type { Channels } from "./level";
import type { Sound, SoundNote } from "./sound";
import { type Brightness, familyOf, type Patch, patchOf, toneVoice } from "./tones";

const TAIL = 1.2;
/** Seconds for which tones are computed: the shortest that holds the note. */
const LENGTHS = [0.6, 1.2, 2.4, 4.8, 9.6, 19.2];
/** What is struck has died away by then. */
const LONGEST_STRUCK = 4.8;

/** Voices made so far, shared by all clips of a page. */
export type Voices = Map<string, Float32Array>;

function recall(voices: Voices, name: string, make: () => Float32Array): Float32Array {
  const known = voices.get(name) ?? make();
  voices.set(name, known);
  return known;
}

function toneOf(voices: Voices, note: SoundNote, patch: Patch, rate: number): Float32Array {
  const held = note.end - note.start + patch.release;
  const longest = patch.decay > 0 ? LONGEST_STRUCK : (LENGTHS.at(-1) as number);
  const seconds = LENGTHS.find((length) => length >= held && length <= longest) ?? longest;
  const bright = Math.min(2, Math.floor((3 * note.velocity) / 128)) as Brightness;
  // Programs of one family share their tones.
  const name = `${familyOf(note.program)} ${note.pitch} ${bright} ${seconds} ${rate}`;
  return recall(voices, name, () => toneVoice(patch, note.pitch, bright, seconds, rate));
}

/** Mixes a clip to one channel, the tail after the last bar line included. */
export function renderBuiltin(sound: Sound, rate: number, voices: Voices): Channels {
  const total = Math.ceil((sound.seconds + TAIL) * rate);
  const mix = new Float32Array(total);
  for (const note of sound.notes) {
    const gain = (note.velocity / 127) ** 1.4 * note.level ** 2;
    const from = Math.round(note.start * rate);
    if (note.drum) {
      const name = `drum ${drumName(note.pitch)} ${rate}`;
      const voice = recall(voices, name, () => drumVoice(note.pitch, rate));
      add(mix, voice, from, voice.length, 0, gain);
      continue;
    }
    const patch = patchOf(note.program);
    const voice = toneOf(voices, note, patch, rate);
    const fall = Math.min(voice.length, Math.round(patch.release * rate));
    const held = Math.min(voice.length - fall, Math.round((note.end - note.start) * rate));
    add(mix, voice, from, held, fall, gain);
  }
  return [mix];
}

/** Adds a voice from a sample on: `held` samples as they are, then `fall` samples of its end. */
function add(
  mix: Float32Array,
  voice: Float32Array,
  from: number,
  held: number,
  fall: number,
  gain: number,
): void {
  const count = Math.min(held + fall, mix.length - from);
  for (let i = 0; i < count; i++) {
    const release = i < held ? 1 : 1 - (i - held) / fall;
    mix[from + i] = (mix[from + i] as number) + gain * release * (voice[i] as number);
  }
}
