/** What plays one widget model: its clip, tempo, loop and volume, shared by all views of the model. */

import type { Clip } from "../core/clip";
import { Emitter } from "../core/emitter";
import { type Assets, loadInstruments, renderedNow, renderInstruments } from "./engine";
import { audioPage, claim, type EngineName, isRunning, openContext } from "./page";
import { type Sound, soundOf } from "./sound";
import { type Take, Transport } from "./transport";

/**
 * Why there is no sound, or no instruments yet: no audio in this browser, a browser that waits for a
 * click, a kernel that has not answered yet, one that does not answer, or one that could not help.
 */
export type Notice =
  | { readonly kind: "none" | "blocked" | "waiting" | "gone" }
  | { readonly kind: "failed"; readonly text: string; readonly hint: string };

export interface Programme {
  readonly clip: Clip;
  /** Quarters a minute at the clip's start. */
  readonly tempo: number;
  readonly loop: boolean;
  /** 0 to 1. */
  readonly volume: number;
  /** Clips that may be asked for next, the likeliest first. */
  readonly likely?: readonly Clip[];
  /** Whether another clip is heard at once, at the same beat, and not from the next bar line. */
  readonly soon?: boolean;
}

/** Time in ms that a click waits for the instruments to render before the built-in sound begins. */
const PATIENCE = 250;
/** A clip or tempo that changes within this many ms is still being chosen. */
const SETTLE = 60;
/** The same where it is to be heard at once: what is decoded ahead is often rendered ahead. */
const SETTLE_SOON = 10;
/** Time in ms after which the page says that it waits for the kernel. */
const WAITING = 1500;
const WAKE = 1000;

export class Player {
  readonly changed = new Emitter();
  readonly #assets: Assets;
  readonly #page = audioPage();
  #programme: Programme;
  #transport: Transport | undefined;
  #gain: GainNode | undefined;
  #playing = false;
  #cursor = 0;
  #notice: Notice | null = null;
  #turn = 0;
  #settling: ReturnType<typeof setTimeout> | undefined;
  #readying: string | undefined;

  constructor(assets: Assets, programme: Programme) {
    this.#assets = assets;
    this.#programme = programme;
  }

  get playing(): boolean {
    return this.#playing;
  }

  get notice(): Notice | null {
    return this.#notice;
  }

  /** Which engine is heard, or would be. */
  get engine(): EngineName {
    return this.#transport?.take?.engine ?? (this.#page.soundfont ? "soundfont" : "builtin");
  }

  /** Where the playhead stands, in quarters. */
  get position(): number {
    const heard = this.#transport?.position();
    return heard ? heard.take.sound.tempo.quarters(heard.seconds) : this.#cursor;
  }

  /** Takes a new clip, tempo, loop or volume; a sounding clip changes at its next bar line, or `soon`. */
  set(programme: Programme): void {
    const before = this.#programme;
    this.#programme = programme;
    this.#cursor = Math.min(this.#cursor, programme.clip.score.quarters);
    if (this.#gain && this.#page.context) {
      this.#gain.gain.setTargetAtTime(gainOf(programme.volume), this.#page.context.currentTime, 0.01);
    }
    this.#transport?.setLoop(programme.loop);
    if (before.clip !== programme.clip || before.tempo !== programme.tempo) {
      clearTimeout(this.#settling);
      this.#settling = setTimeout(() => void this.#follow(), programme.soon ? SETTLE_SOON : SETTLE);
    }
  }

  toggle(): void {
    if (this.#playing) this.pause();
    else void this.play();
  }

  /** Plays from the cursor. Call it within a click: a browser lets no page sound before one. */
  async play(): Promise<void> {
    const context = openContext(this.#page);
    const output = this.#page.output;
    if (!context || !output) {
      this.#quiet({ kind: "none" });
      return;
    }
    const turn = ++this.#turn;
    claim(this.#page, this.#owner);
    this.#playing = true;
    this.#notice = null;
    this.changed.emit();

    if (!(await isRunning(context, WAKE))) {
      if (turn === this.#turn) this.#quiet({ kind: "blocked" });
      return;
    }
    if (!this.#page.soundfont) void this.#instruments(context);
    const sound = this.#sound();
    const take = await this.#take(context, sound);
    if (turn !== this.#turn) return;

    this.#gain ??= this.#connect(context, output);
    this.#transport ??= new Transport(context, this.#gain, () => this.#end());
    this.#transport.setLoop(this.#programme.loop);
    if (this.#cursor >= this.#programme.clip.score.quarters - 1e-6) this.#cursor = 0;
    this.#transport.play(take, sound.tempo.seconds(this.#cursor));
    this.changed.emit();
    void this.#follow();
  }

  pause(): void {
    if (!this.#playing) return;
    this.#cursor = this.position;
    this.#halt();
  }

  /** Stops and goes back to the beginning. */
  stop(): void {
    this.#cursor = 0;
    this.#halt();
  }

  /** Puts the playhead at a quarter; a sounding clip goes on from there. */
  seek(quarter: number): void {
    this.#cursor = Math.max(0, Math.min(quarter, this.#programme.clip.score.quarters));
    const take = this.#transport?.take;
    if (take) this.#transport?.play(take, take.sound.tempo.seconds(this.#cursor));
    this.changed.emit();
  }

  /** Renders ahead what is likely to be played, while nothing else is to be done. */
  ready(): void {
    const context = this.#page.context;
    if (!context || !this.#page.soundfont) return;
    const { clip, likely = [], tempo } = this.#programme;
    const clips = likely.includes(clip) ? likely : [clip, ...likely];
    const name = `${clips.length}:${soundOf(clip, tempo).key}`;
    if (this.#readying === name) return;
    this.#readying = name;
    const next = (index: number): void => {
      const following = clips[index];
      if (!following || this.#readying !== name) return;
      whenIdle(() => {
        renderInstruments(this.#page, context, soundOf(following, tempo)).then(
          () => next(index + 1),
          () => undefined,
        );
      });
    };
    next(0);
  }

  dispose(): void {
    this.#readying = undefined;
    clearTimeout(this.#settling);
    this.#cursor = 0;
    this.#halt();
    if (this.#page.owner === this.#owner) this.#page.owner = undefined;
    // Disconnected only after the fade of stop().
    const gain = this.#gain;
    if (gain) setTimeout(() => gain.disconnect(), 100);
  }

  readonly #owner = { yield: () => this.pause() };

  #sound(): Sound {
    return soundOf(this.#programme.clip, this.#programme.tempo);
  }

  #connect(context: AudioContext, output: AudioNode): GainNode {
    const gain = context.createGain();
    gain.gain.value = gainOf(this.#programme.volume);
    gain.connect(output);
    return gain;
  }

  /** A take for a click: the instruments if they can be ready in a moment, else the built-in sound. */
  async #take(context: AudioContext, sound: Sound): Promise<Take> {
    const instruments = this.#page.soundfont
      ? await Promise.race([
          renderInstruments(this.#page, context, sound).catch(() => undefined),
          new Promise<undefined>((resolve) => setTimeout(resolve, PATIENCE)),
        ])
      : undefined;
    return { sound, ...(instruments ?? renderedNow(this.#page, context, sound)) };
  }

  /** Brings the sounding take up to the programme and to the best engine there is. */
  async #follow(): Promise<void> {
    const context = this.#page.context;
    const transport = this.#transport;
    if (!this.#playing || !context || !transport) return;
    const sound = this.#sound();
    const heard = transport.take;
    const best: EngineName = this.#page.soundfont ? "soundfont" : "builtin";
    if (heard && heard.sound.key === sound.key && heard.engine === best) {
      this.ready();
      return;
    }
    const turn = this.#turn;
    const rendered =
      best === "soundfont"
        ? await renderInstruments(this.#page, context, sound).catch(() =>
            renderedNow(this.#page, context, sound),
          )
        : renderedNow(this.#page, context, sound);
    if (turn !== this.#turn || !this.#playing) return;
    const wanted = this.#sound();
    if (wanted.key !== sound.key) return;
    transport.change({ sound, ...rendered }, this.#programme.soon);
    this.changed.emit();
    this.ready();
  }

  async #instruments(context: AudioContext): Promise<void> {
    const waiting = setTimeout(() => this.#say({ kind: "waiting" }), WAITING);
    try {
      await loadInstruments(this.#page, context.sampleRate, this.#assets);
      this.#say(null);
      await this.#follow();
    } catch (error) {
      this.#say(noticeOf(error));
    } finally {
      clearTimeout(waiting);
    }
  }

  #say(notice: Notice | null): void {
    this.#notice = notice;
    this.changed.emit();
  }

  #quiet(notice: Notice): void {
    this.#notice = notice;
    this.#halt();
  }

  #end(): void {
    this.#cursor = 0;
    this.#halt();
  }

  #halt(): void {
    this.#turn++;
    this.#playing = false;
    this.#transport?.stop();
    this.changed.emit();
  }
}

/** What the kernel said about it, where it said anything. */
function noticeOf(error: unknown): Notice {
  const { code, message, hint } = (error ?? {}) as { code?: string; message?: string; hint?: string };
  if (code === "timeout") return { kind: "gone" };
  // What has no code comes from the browser, in words for a console.
  if (code === undefined) return { kind: "failed", text: "", hint: "" };
  return { kind: "failed", text: message ?? "", hint: hint ?? "" };
}

/** Loudness is heard by ratio: the square makes equal steps of the wedge sound equal. */
const gainOf = (volume: number): number => Math.max(0, Math.min(1, volume)) ** 2;

function whenIdle(work: () => void): void {
  if (typeof requestIdleCallback === "function") requestIdleCallback(() => work(), { timeout: 2000 });
  else setTimeout(work, 50);
}
