/**
 * Plays takes on the audio clock: loops without a gap, changes to another take at a bar line.
 *
 * A take is one clip rendered at one tempo. Each time through it is a pass: a buffer source started
 * at an exact time, whose tail rings on under the next pass. Passes are started seconds ahead, so
 * that a hidden tab, whose timers sleep, goes on playing.
 */

import type { Follower, Stretch } from "./ahead";
import type { EngineName } from "./page";
import type { Sound } from "./sound";

export interface Take {
  readonly sound: Sound;
  readonly buffer: AudioBuffer;
  readonly engine: EngineName;
}

interface Pass {
  readonly take: Take;
  /** Context time of the take's second 0. */
  readonly origin: number;
  /** Context times between which this pass is the one that is heard. */
  readonly begin: number;
  until: number;
  /** Bar of the clip at which the next pass goes on. */
  next: number;
  cut: boolean;
  readonly source: AudioBufferSourceNode;
  readonly gain: GainNode;
}

/** Where one take goes over to another. */
interface Line {
  /** Context time. */
  readonly time: number;
  /** Bar of the clip that follows. */
  readonly bar: number;
  /** Second of it, where that is not the bar's beginning. */
  readonly offset?: number;
}

/** Seconds from a click to the first sample: what a context needs to start on time, at least and at most. */
const LEAD = [0.008, 0.05] as const;
/** A change closer to the bar line than this waits for the next one. */
const MARGIN = 0.03;
const FADE = 0.005;
const STOP_FADE = 0.015;
/** Passes are started this many seconds ahead, and looked after this often (ms). */
const AHEAD = 3;
const EVERY = 200;
const EPS = 1e-4;

export class Transport {
  readonly #context: BaseAudioContext & { readonly outputLatency?: number; readonly baseLatency?: number };
  readonly #output: AudioNode;
  readonly #ended: () => void;
  /** What goes along with the passes: the metronome, MIDI. */
  readonly #followers = new Set<Follower>();
  #passes: Pass[] = [];
  #loop = false;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** @param ended Called once the last pass has been heard, where nothing loops. */
  constructor(context: BaseAudioContext, output: AudioNode, ended: () => void) {
    this.#context = context;
    this.#output = output;
    this.#ended = ended;
  }

  get playing(): boolean {
    return this.#passes.length > 0;
  }

  /** The take heard last or next: the one that goes on. */
  get take(): Take | undefined {
    return this.#passes.at(-1)?.take;
  }

  /** The first context time at which a clip can begin. */
  static soonest(context: BaseAudioContext & { readonly baseLatency?: number }): number {
    // The clock stands still for one buffer of the output: what begins within it would begin late.
    return context.currentTime + Math.max(LEAD[0], Math.min(LEAD[1], 1.5 * (context.baseLatency ?? LEAD[1])));
  }

  /** @param at Context time at which it begins; the soonest if not given. */
  play(take: Take, seconds = 0, at = Transport.soonest(this.#context)): void {
    this.stop();
    const from = Math.max(0, Math.min(seconds, take.sound.seconds - EPS));
    this.#start(take, at, from);
    this.#timer = setInterval(() => this.#tend(), EVERY);
    this.#tend();
  }

  follow(follower: Follower): void {
    this.#followers.add(follower);
    if (this.playing) this.#tend();
  }

  unfollow(follower: Follower): void {
    this.#followers.delete(follower);
  }

  /** Context time of the second 0 of what is heard. */
  get origin(): number | undefined {
    const now = this.#context.currentTime;
    return (this.#passes.find((item) => now < item.until) ?? this.#passes.at(-1))?.origin;
  }

  /**
   * Goes on with another take from the next bar line, at the same bar; gives back when, in context time.
   *
   * @param soon Not from the bar line but at once, at the beat that is heard.
   */
  change(take: Take, soon = false): number | undefined {
    const after = this.#context.currentTime + MARGIN;
    const line = (soon ? this.#hereIn(take, after) : undefined) ?? this.#nextLine(take, after);
    if (!line) return undefined;
    for (const pass of this.#passes.filter((item) => item.begin >= line.time - EPS)) this.#drop(pass);
    const current = this.#passes.at(-1);
    if (current && current.until > line.time + EPS) {
      current.gain.gain.setValueAtTime(1, line.time);
      current.gain.gain.linearRampToValueAtTime(0, line.time + FADE);
      current.source.stop(line.time + 2 * FADE);
      current.until = line.time;
      current.next = line.bar;
      current.cut = true;
    }
    for (const follower of this.#followers) follower.cut(line.time);
    this.#start(take, line.time, line.offset ?? barOf(take.sound, line.bar));
    this.#tend();
    return line.time;
  }

  setLoop(loop: boolean): void {
    this.#loop = loop;
    if (!loop) {
      const now = this.#context.currentTime;
      const last = this.#passes.findIndex((pass) => pass.until > now && !pass.cut);
      if (last >= 0) for (const pass of this.#passes.slice(last + 1)) this.#drop(pass);
      const end = this.#passes[last]?.until;
      if (end !== undefined) for (const follower of this.#followers) follower.cut(end);
    }
    if (this.playing) this.#tend();
  }

  stop(): void {
    const now = this.#context.currentTime;
    for (const pass of this.#passes) {
      if (pass.begin > now) {
        this.#drop(pass);
        continue;
      }
      pass.gain.gain.cancelScheduledValues(now);
      pass.gain.gain.setTargetAtTime(0, now, STOP_FADE / 4);
      pass.source.stop(now + 2 * STOP_FADE);
    }
    this.#forget(now);
  }

  /** What is heard now: the take, and the second of it. */
  position(): { take: Take; seconds: number } | undefined {
    const latency = this.#context.outputLatency || this.#context.baseLatency || 0;
    const now = this.#context.currentTime - Math.min(0.5, latency);
    const pass = this.#passes.find((item) => now < item.until) ?? this.#passes.at(-1);
    if (!pass) return undefined;
    const heard = Math.max(pass.begin, Math.min(now, pass.until));
    return { take: pass.take, seconds: Math.max(0, Math.min(heard - pass.origin, pass.take.sound.seconds)) };
  }

  #start(take: Take, at: number, offset: number): void {
    const source = this.#context.createBufferSource();
    const gain = this.#context.createGain();
    source.buffer = take.buffer;
    source.connect(gain).connect(this.#output);
    if (offset > 0 && loudAt(take.buffer, offset)) {
      // The cut goes through a sounding note: let it in over a few ms, or it clicks.
      gain.gain.setValueAtTime(0, at);
      gain.gain.linearRampToValueAtTime(1, at + FADE);
    }
    // Times on the sample grid: a start between two samples would be resampled.
    source.start(this.#onGrid(at), this.#onGrid(offset));
    const until = at - offset + take.sound.seconds;
    const next = take.sound.firstBar;
    this.#passes.push({ take, origin: at - offset, begin: at, until, next, cut: false, source, gain });
  }

  #onGrid(seconds: number): number {
    return Math.round(seconds * this.#context.sampleRate) / this.#context.sampleRate;
  }

  #drop(pass: Pass): void {
    pass.source.stop();
    pass.source.disconnect();
    pass.gain.disconnect();
    this.#passes = this.#passes.filter((item) => item !== pass);
  }

  /** Keeps the passes ahead of the clock, forgets those that have been heard, ends what ends. */
  #tend(): void {
    const now = this.#context.currentTime;
    let last = this.#passes.at(-1);
    while (last && this.#loop && last.until < now + AHEAD) {
      this.#start(last.take, last.until, 0);
      last = this.#passes.at(-1);
    }
    if (last && !this.#loop && now > last.until + EPS) {
      // The tail rings out by itself.
      this.#forget(now);
      this.#ended();
      return;
    }
    // A pass is kept while its tail may ring, so that stop() silences that too.
    this.#passes = this.#passes.filter(
      (pass) => pass.origin + pass.take.buffer.duration > now - 0.5 || pass === last,
    );
    for (const follower of this.#followers) follower.tend(this.#passes.map(stretchOf), now);
  }

  #forget(now: number): void {
    this.#passes = [];
    for (const follower of this.#followers) {
      follower.cut(now);
      follower.tend([], now);
    }
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** The place of another take that is at the beat heard after a time; none in a shorter take. */
  #hereIn(take: Take, after: number): Line | undefined {
    const pass = this.#passes.find((item) => after < item.until);
    if (!pass) return undefined;
    const time = Math.max(after, pass.begin);
    const offset = take.sound.tempo.seconds(pass.take.sound.tempo.quarters(time - pass.origin));
    const { bars, firstBar, seconds } = take.sound;
    const bar = firstBar + bars.findLastIndex((second) => second <= offset + EPS);
    return offset > -EPS && offset < seconds - EPS ? { time, bar, offset: Math.max(0, offset) } : undefined;
  }

  /** The first bar line after a time, and the bar of another take that follows it. */
  #nextLine(take: Take, after: number): Line | undefined {
    for (const [index, pass] of this.#passes.entries()) {
      if (pass.until <= after) continue;
      const { bars, firstBar } = pass.take.sound;
      for (let bar = 0; bar < bars.length - 1; bar++) {
        const time = pass.origin + (bars[bar] as number);
        if (time > after && time >= pass.begin - EPS && time < pass.until - EPS)
          return { time, bar: firstBar + bar };
      }
      const goesOn = pass.cut || this.#loop || index < this.#passes.length - 1;
      if (goesOn) return { time: pass.until, bar: pass.next };
      // What was a region goes on where it ends.
      const offset = take.sound.tempo.enter(pass.take.sound.tempo.to);
      return offset > 0 ? { time: pass.until, bar: pass.next, offset } : undefined;
    }
    return undefined;
  }
}

const stretchOf = ({ take, origin, begin, until }: Pass): Stretch => ({
  sound: take.sound,
  origin,
  begin,
  until,
});

/** Seconds of a bar of the clip in a sound; a bar outside comes round. */
function barOf({ bars, firstBar }: Sound, bar: number): number {
  const count = bars.length - 1;
  return bars[(((bar - firstBar) % count) + count) % count] as number;
}

function loudAt(buffer: AudioBuffer, seconds: number): boolean {
  const at = Math.min(buffer.length - 1, Math.round(seconds * buffer.sampleRate));
  for (let channel = 0; channel < buffer.numberOfChannels; channel++) {
    if (Math.abs(buffer.getChannelData(channel)[at] as number) > 0.002) return true;
  }
  return false;
}
