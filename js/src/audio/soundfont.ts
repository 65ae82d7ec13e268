/**
 * The instruments: SoundFont rendering by spessasynth_core, built to an ES module of its own
 * (static/engine.js) that a page loads once, from a blob, at the first play.
 */

import { SoundBankLoader, SpessaSynthProcessor } from "spessasynth_core";
import { channelsOf, DRUM_CHANNEL } from "./channels";
import type { Channels } from "./level";
import type { Sound, SoundNote } from "./sound";

const BLOCK = 1024;
/** Longest time in ms that rendering holds the page. */
const SLICE = 10;
/** Seconds after the last bar line in which voices may ring. */
const TAIL = 3;
const QUIET = 1e-4;
/** A part has a channel of its own up to this many. */
const CHANNELS = 64;
/** MIDI controller of a channel's volume. */
const VOLUME = 7;

interface Event {
  readonly sample: number;
  readonly on: boolean;
  readonly channel: number;
  readonly note: SoundNote;
}

const breath = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

export class SoundFont {
  readonly #synth: SpessaSynthProcessor;
  /** Renderings wait for each other: there is one synth. */
  #queue: Promise<unknown> = Promise.resolve();

  private constructor(
    synth: SpessaSynthProcessor,
    readonly rate: number,
  ) {
    this.#synth = synth;
  }

  static async load(bank: ArrayBuffer, rate: number): Promise<SoundFont> {
    const synth = new SpessaSynthProcessor(rate, {
      maxBufferSize: BLOCK,
      effectsEnabled: false,
      eventsEnabled: false,
    });
    await synth.processorInitialized;
    synth.onMissingPreset = () => undefined;
    synth.soundBankManager.addSoundBank(SoundBankLoader.fromArrayBuffer(bank), "main");
    return new SoundFont(synth, rate);
  }

  /** Renders a clip with its tail, in slices that leave the page free; every event falls on its own sample. */
  render(sound: Sound): Promise<Channels> {
    const turn = this.#queue.then(() => this.#render(sound));
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  async #render(sound: Sound): Promise<Channels> {
    const synth = this.#synth;
    synth.stopAllChannels(true);
    const events = this.#events(sound);
    const body = Math.ceil(sound.seconds * this.rate);
    const total = body + Math.ceil(TAIL * this.rate);
    const left = new Float32Array(total);
    const right = new Float32Array(total);
    let at = 0;
    let since = performance.now();
    const advance = async (to: number) => {
      while (at < to) {
        const count = Math.min(BLOCK, to - at);
        synth.process(left, right, at, count);
        at += count;
        if (performance.now() - since > SLICE) {
          await breath();
          since = performance.now();
        }
      }
    };
    for (const event of events) {
      await advance(Math.min(event.sample, total));
      if (event.on) synth.noteOn(event.channel, event.note.pitch, event.note.velocity);
      else synth.noteOff(event.channel, event.note.pitch);
    }
    await advance(body);
    while (at < total) {
      const from = at;
      await advance(Math.min(total, at + 4 * BLOCK));
      if (synth.voiceCount === 0 || quiet(left, right, from, at)) break;
    }
    return [left.slice(0, at), right.slice(0, at)];
  }

  #events(sound: Sound): Event[] {
    const synth = this.#synth;
    const { uses, of: channelOf } = channelsOf(sound, CHANNELS);
    for (const { channel, program, volume } of uses) {
      while (synth.midiChannels.length <= channel) synth.createMIDIChannel();
      if (channel !== DRUM_CHANNEL) synth.programChange(channel, program);
      synth.controllerChange(channel, VOLUME, volume);
    }
    const events: Event[] = [];
    for (const note of sound.notes) {
      const channel = channelOf(note);
      events.push(
        { sample: Math.round(note.start * this.rate), on: true, channel, note },
        { sample: Math.round(note.end * this.rate), on: false, channel, note },
      );
    }
    // At one sample ends come first, so that a repeated note is struck anew.
    return events.sort((a, b) => a.sample - b.sample || Number(a.on) - Number(b.on));
  }
}

function quiet(left: Float32Array, right: Float32Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    if (Math.abs(left[i] as number) > QUIET || Math.abs(right[i] as number) > QUIET) return false;
  }
  return true;
}
