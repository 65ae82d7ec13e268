/** Single notes, heard at once: what a hand draws, moves or plays. */

import type { Clip } from "../core/clip";
import { renderedNow, renderInstruments } from "./engine";
import { audioPage, openContext } from "./page";
import { soundOf } from "./sound";

/** Beside the music, which is at full level, a single note stands back. */
const LEVEL = 0.6;
const FADE = 0.03;

export interface Struck {
  readonly pitch: number;
  /** 1 to 127. */
  readonly velocity: number;
  readonly program: number;
  readonly drum: boolean;
}

/**
 * Strikes one note, by the instruments once they are there. Call it within a gesture: a browser lets no
 * page sound before one.
 *
 * @param volume 0 to 1.
 */
export async function strike({ pitch, velocity, program, drum }: Struck, volume: number, seconds = 0.4) {
  const page = audioPage();
  const context = openContext(page);
  const output = page.output;
  if (!context || !output) return;
  const clip: Clip = {
    notes: [{ start: 0, end: 1, pitch, velocity: 100, track: 0, program, drum }],
    score: { quarters: 1, tempos: [[0, 120]], meters: [[0, 4, 4]], tracks: [{ name: "", program, drum }] },
  };
  const sound = soundOf(clip, 60 / seconds);
  const builtin = () => renderedNow(page, context, sound);
  const { buffer } = page.soundfont
    ? await renderInstruments(page, context, sound).catch(builtin)
    : builtin();
  const source = context.createBufferSource();
  const gain = context.createGain();
  const now = context.currentTime;
  const loud = LEVEL * volume ** 2 * (velocity / 127) ** 1.4;
  gain.gain.setValueAtTime(loud, now);
  if (!drum) gain.gain.setTargetAtTime(0, now + seconds, FADE);
  source.buffer = buffer;
  source.connect(gain).connect(output);
  source.onended = () => gain.disconnect();
  source.start();
}
