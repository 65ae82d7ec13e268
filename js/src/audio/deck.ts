/** What one player sounds through: the transport, its loudness, the metronome, and a MIDI output where one is chosen. */

import type { PlayTime } from "../core/play-time";
import { Metronome } from "./metronome";
import { MidiOut } from "./midi-out";
import { type AudioPage, heardAt } from "./page";
import { Transport } from "./transport";

export class Deck {
  readonly transport: Transport;
  readonly #context: AudioContext;
  readonly #page: AudioPage;
  readonly #volume: GainNode;
  /** The music alone: silent while a MIDI output plays it. */
  readonly #music: GainNode;
  readonly #metronome: Metronome;
  readonly #leave: () => void;
  #midi: MidiOut | undefined;

  /** @param ended Called once the last pass has been heard, where nothing loops. */
  constructor(page: AudioPage, context: AudioContext, output: AudioNode, volume: number, ended: () => void) {
    this.#page = page;
    this.#context = context;
    this.#volume = context.createGain();
    this.#volume.gain.value = loudness(volume);
    this.#volume.connect(output);
    this.#music = context.createGain();
    this.#music.connect(this.#volume);
    this.transport = new Transport(context, this.#music, ended);
    this.#metronome = new Metronome(context, this.#volume);
    this.transport.follow(this.#metronome);
    this.#leave = page.midiChanged.on(() => this.#plug());
    this.#plug();
  }

  set volume(volume: number) {
    this.#volume.gain.setTargetAtTime(loudness(volume), this.#context.currentTime, 0.01);
  }

  set metronome(on: boolean) {
    this.#metronome.on = on;
  }

  /** Seconds that a bar of strokes before a quarter takes. */
  static countOf(tempo: PlayTime, quarter: number): number {
    const { count, pace } = barBefore(tempo, quarter);
    return count * pace;
  }

  /** A bar of strokes that leads to a quarter, from a context time on. */
  count(tempo: PlayTime, quarter: number, at: number): void {
    const { count, pace } = barBefore(tempo, quarter);
    for (let beat = 0; beat < count; beat++) this.#metronome.stroke(at + beat * pace, { first: beat === 0 });
  }

  dispose(): void {
    this.#leave();
    this.#midi?.stop();
    // Disconnected only after the fade of stop().
    setTimeout(() => this.#volume.disconnect(), 100);
  }

  #plug(): void {
    if (this.#midi) {
      this.#midi.stop();
      this.transport.unfollow(this.#midi);
    }
    const output = this.#page.midi?.output;
    const context = this.#context;
    this.#midi =
      output &&
      new MidiOut(
        output,
        () => context.currentTime,
        (time) => heardAt(context, time),
      );
    this.#music.gain.setTargetAtTime(output ? 0 : 1, context.currentTime, 0.005);
    if (this.#midi) this.transport.follow(this.#midi);
  }
}

function barBefore(tempo: PlayTime, quarter: number): { count: number; pace: number } {
  const bar = tempo.bar(quarter);
  return {
    // A pickup is a bar of its own, too short to count by.
    count: Math.max(2, Math.round((bar.end - bar.start) / bar.beat)),
    pace: tempo.seconds(quarter + bar.beat) - tempo.seconds(quarter),
  };
}

/** Loudness is heard by ratio: the square makes equal steps of the wedge sound equal. */
const loudness = (volume: number): number => Math.max(0, Math.min(1, volume)) ** 2;
