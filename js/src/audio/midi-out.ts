/** What is played as messages to a MIDI output, at the times at which it would be heard. */

import { endOf, eventsBetween, type Follower, type Stretch } from "./ahead";
import { channelsOf } from "./channels";
import type { Sound, SoundNote } from "./sound";

/** The little of a Web MIDI output that is used. */
export interface MidiOutput {
  send(data: number[], timestamp?: number): void;
  clear?(): void;
}

export interface MidiEvent {
  readonly second: number;
  readonly bytes: readonly number[];
}

const NOTE_OFF = 0x80;
const NOTE_ON = 0x90;
const CONTROL = 0xb0;
const PROGRAM = 0xc0;
const VOLUME = 7;
const ALL_NOTES_OFF = 123;
const CHANNELS = 16;
/** A note ends this much earlier, so that the next one of its pitch is struck anew, also in the next pass. */
const BREATH = 0.001;

/** The programs and levels that a sound's channels want. */
export function programsOf(sound: Sound): number[][] {
  return channelsOf(sound, CHANNELS).uses.flatMap(({ channel, program, volume, drum }) => [
    ...(drum ? [] : [[PROGRAM | channel, program]]),
    [CONTROL | channel, VOLUME, volume],
  ]);
}

const events = new WeakMap<Sound, readonly MidiEvent[]>();

/** The notes of a sound as messages in order of time; at one time ends come first. */
export function messagesOf(sound: Sound): readonly MidiEvent[] {
  const known = events.get(sound);
  if (known) return known;
  const { of } = channelsOf(sound, CHANNELS);
  const made = sound.notes.flatMap((note: SoundNote): MidiEvent[] => {
    const channel = of(note);
    const end = Math.max(note.start + BREATH, Math.min(note.end, sound.seconds) - BREATH);
    return [
      { second: note.start, bytes: [NOTE_ON | channel, note.pitch, note.velocity] },
      { second: end, bytes: [NOTE_OFF | channel, note.pitch, 0] },
    ];
  });
  made.sort((a, b) => a.second - b.second || (a.bytes[0] as number) - (b.bytes[0] as number));
  events.set(sound, made);
  return made;
}

/** How far ahead messages are given to the output (seconds), and how often it is looked after (ms). */
const NEAR = 0.1;
const EVERY = 25;
/** The same in a hidden tab, whose timers run once a second. */
const FAR = 1.5;

/** A note that was sent: context times of its beginning and of its end, infinite while that is not sent. */
interface Sent {
  readonly on: number;
  off: number;
  readonly channel: number;
  readonly pitch: number;
}

export class MidiOut implements Follower {
  readonly #output: MidiOutput;
  readonly #heardAt: (time: number) => number;
  readonly #now: () => number;
  #stretches: readonly Stretch[] = [];
  #programmed: Sound | undefined;
  #notes: Sent[] = [];
  #until = Number.NEGATIVE_INFINITY;
  #timer: ReturnType<typeof setInterval> | undefined;

  /**
   * @param now Context time.
   * @param heardAt Milliseconds of the page's clock at which a context time is heard.
   */
  constructor(output: MidiOutput, now: () => number, heardAt: (time: number) => number) {
    this.#output = output;
    this.#now = now;
    this.#heardAt = heardAt;
  }

  tend(stretches: readonly Stretch[]): void {
    this.#stretches = stretches;
    if (stretches.length === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
      return;
    }
    this.#timer ??= setInterval(() => this.#send(), EVERY);
    this.#send();
  }

  cut(time: number): void {
    const now = this.#now();
    if (this.#output.clear) {
      // What waits at the output is dropped, and sent anew up to the cut.
      this.#output.clear();
      this.#notes = this.#notes.filter(({ on }) => on <= now);
      for (const note of this.#notes) if (note.off > now) note.off = Number.POSITIVE_INFINITY;
      this.#until = Math.min(this.#until, now);
    } else this.#until = Math.min(this.#until, time);
    if (time <= now) this.#silence(now);
    else if (!this.#output.clear) this.#end(time);
    this.#programmed = undefined;
  }

  /** Ends what sounds and looks ahead no more. */
  stop(): void {
    this.cut(this.#now());
    this.tend([]);
  }

  #send(): void {
    const now = this.#now();
    const to = Math.min(now + (globalThis.document?.hidden ? FAR : NEAR), endOf(this.#stretches));
    const from = Math.max(now, this.#until);
    this.#notes = this.#notes.filter(({ off }) => off > now);
    for (const stretch of this.#stretches) {
      if (stretch.until <= from || stretch.begin >= to) continue;
      if (stretch.sound !== this.#programmed) {
        this.#programmed = stretch.sound;
        for (const bytes of programsOf(stretch.sound)) this.#give(bytes, Math.max(from, stretch.begin));
      }
      for (const { time, event } of eventsBetween([stretch], from, to, messagesOf)) this.#note(event, time);
      // What another clip cuts off would ring for ever.
      if (stretch.until <= to) this.#end(stretch.until);
    }
    this.#until = Math.max(this.#until, to);
  }

  #note({ bytes }: MidiEvent, time: number): void {
    const [status = 0, pitch = 0] = bytes;
    const channel = status & 0x0f;
    if ((status & 0xf0) === NOTE_ON)
      this.#notes.push({ on: time, off: Number.POSITIVE_INFINITY, channel, pitch });
    else {
      const open = this.#notes.find((note) => {
        return note.channel === channel && note.pitch === pitch && note.off === Number.POSITIVE_INFINITY;
      });
      // Its beginning was before the place where playing began.
      if (!open) return;
      open.off = time;
    }
    this.#give(bytes, time);
  }

  /** Ends at a time what was sent and sounds beyond it. */
  #end(time: number): void {
    for (const note of this.#notes) {
      if (note.off <= time) continue;
      note.off = Math.max(time, note.on + BREATH);
      this.#give([NOTE_OFF | note.channel, note.pitch, 0], note.off);
    }
  }

  #silence(now: number): void {
    this.#end(now);
    const sounds = this.#stretches.map(({ sound }) => channelsOf(sound, CHANNELS).uses);
    for (const channel of new Set(sounds.flat().map((use) => use.channel)))
      this.#give([CONTROL | channel, ALL_NOTES_OFF, 0], now);
  }

  #give(bytes: readonly number[], time: number): void {
    this.#output.send([...bytes], this.#heardAt(time));
  }
}
