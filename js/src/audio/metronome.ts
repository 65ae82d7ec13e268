/** A stroke on every beat, a higher one where a bar begins. */

import { endOf, eventsBetween, type Follower, type Stretch } from "./ahead";
import type { Beat } from "./sound";

/** Strokes are started this many seconds ahead: a hidden tab looks after them once a second. */
const AHEAD = 3;
const LENGTH = 0.05;
const LOUDNESS = 0.35;

export class Metronome implements Follower {
  readonly #context: BaseAudioContext;
  readonly #output: AudioNode;
  readonly #strokes = new Map<boolean, AudioBuffer>();
  #started: { time: number; source: AudioBufferSourceNode }[] = [];
  #on = false;
  #until = Number.NEGATIVE_INFINITY;

  constructor(context: BaseAudioContext, output: AudioNode) {
    this.#context = context;
    this.#output = output;
  }

  set on(on: boolean) {
    if (on === this.#on) return;
    this.#on = on;
    if (!on) this.cut(this.#context.currentTime);
  }

  tend(stretches: readonly Stretch[], now: number): void {
    this.#started = this.#started.filter(({ time }) => time > now - LENGTH);
    if (!this.#on) return;
    const to = Math.min(now + AHEAD, endOf(stretches));
    for (const { time, event } of eventsBetween(
      stretches,
      Math.max(now, this.#until),
      to,
      ({ beats }) => beats,
    ))
      this.stroke(time, event);
    this.#until = Math.max(this.#until, to);
  }

  cut(time: number): void {
    for (const stroke of this.#started) if (stroke.time >= time - 1e-6) stroke.source.stop();
    this.#started = this.#started.filter((stroke) => stroke.time < time - 1e-6);
    this.#until = Math.min(this.#until, time);
  }

  /** One stroke at a context time, also where it is off: the count before the music. */
  stroke(time: number, { first }: Pick<Beat, "first">): void {
    const source = this.#context.createBufferSource();
    source.buffer = this.#bufferOf(first);
    source.connect(this.#output);
    source.start(Math.round(time * this.#context.sampleRate) / this.#context.sampleRate);
    this.#started.push({ time, source });
  }

  #bufferOf(first: boolean): AudioBuffer {
    const known = this.#strokes.get(first);
    if (known) return known;
    const rate = this.#context.sampleRate;
    const samples = strokeOf(first, rate);
    const buffer = this.#context.createBuffer(1, samples.length, rate);
    buffer.copyToChannel(samples, 0);
    this.#strokes.set(first, buffer);
    return buffer;
  }
}

/** A short woody tone with an edge that is heard through music. */
export function strokeOf(first: boolean, rate: number): Float32Array<ArrayBuffer> {
  const pitch = first ? 1760 : 1174.7;
  const samples = new Float32Array(Math.round(LENGTH * rate));
  for (let i = 0; i < samples.length; i++) {
    const t = i / rate;
    const rise = Math.min(1, t / 0.0005);
    const tone = Math.sin(2 * Math.PI * pitch * t) + 0.3 * Math.sin(2 * Math.PI * 2.76 * pitch * t);
    samples[i] = LOUDNESS * rise * tone * Math.exp(-t / 0.009);
  }
  return samples;
}
