/** What plays one widget model: its clip, tempo, loop and volume, shared by all views of the model. */

import { type Clip, type Track, tracksOf } from "../core/clip";
import { Emitter } from "../core/emitter";
import type { Mix } from "../core/mix";
import { type Region, STRAIGHT } from "../core/play-time";
import { Deck } from "./deck";
import { type Assets, loadInstruments, renderedNow, renderInstruments } from "./engine";
import { type Notice, noticeOf } from "./notice";
import {
  audioPage,
  claim,
  type EngineName,
  heardAt,
  isRunning,
  matesOf,
  type Owner,
  openContext,
  type Start,
  timeAt,
} from "./page";
import { Readying } from "./readying";
import { type Sound, soundOf } from "./sound";
import { type Take, Transport } from "./transport";

export type { Notice };

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
  /** Share of a beat that its first eighth lasts, 0.5 to 0.75. */
  readonly swing?: number;
  /** What is looped; null is all. */
  readonly region?: Region;
  readonly mix?: Mix;
  readonly metronome?: boolean;
  /** Whether a bar is counted before the music. */
  readonly countIn?: boolean;
  /** The SoundFont, by name; "" is the one of the package. */
  readonly bank?: string;
  /** Players of one name play together. */
  readonly group?: string;
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
  /** The last bar has been heard, and nothing loops. */
  readonly ended = new Emitter();
  readonly #assets: Assets;
  readonly #page = audioPage();
  #programme: Programme;
  #deck: Deck | undefined;
  #playing = false;
  #cursor = 0;
  #since = 0;
  #notice: Notice | null = null;
  #turn = 0;
  #settling: ReturnType<typeof setTimeout> | undefined;
  #soon = false;
  readonly #readying = new Readying();
  /** The last sound of each clip, and the manner it is in. */
  readonly #sounds = new WeakMap<Clip, { name: string; sound: Sound }>();

  constructor(assets: Assets, programme: Programme) {
    this.#assets = assets;
    this.#programme = programme;
    this.#page.owners.add(this.#owner);
  }

  get playing(): boolean {
    return this.#playing;
  }

  get notice(): Notice | null {
    return this.#notice;
  }

  /** Which engine is heard, or would be. */
  get engine(): EngineName {
    return this.#deck?.transport.take?.engine ?? (this.#page.soundfont ? "soundfont" : "builtin");
  }

  /** Where the playhead stands, in quarters. */
  get position(): number {
    const heard = this.#deck?.transport.position();
    return heard ? heard.take.sound.tempo.quarters(heard.seconds) : this.#cursor;
  }

  /** Tracks of what is played. */
  get tracks(): readonly Track[] {
    return tracksOf(this.#programme.clip);
  }

  /**
   * Milliseconds since 1970 at which what plays would have begun, 0 once it was stopped: with it players
   * of one group in other frames fall in.
   */
  get since(): number {
    return this.#since;
  }

  /**
   * The quarter that is heard at a time of the page's clock (performance.now, ms), negative while a bar is
   * counted before the first; undefined where nothing plays.
   */
  quarterAt(milliseconds: number): number | undefined {
    const transport = this.#deck?.transport;
    const [context, take, origin] = [this.#page.context, transport?.take, transport?.origin];
    if (!context || !take || origin === undefined) return undefined;
    return take.sound.tempo.quarters(timeAt(context, milliseconds) - origin);
  }

  /** Takes a new clip, tempo, loop or volume; a sounding clip changes at its next bar line, or `soon`. */
  set(programme: Programme): void {
    const before = this.#programme;
    this.#programme = programme;
    this.#cursor = Math.min(this.#cursor, programme.clip.score.quarters);
    const deck = this.#deck;
    if (deck) {
      if (before.volume !== programme.volume) deck.volume = programme.volume;
      deck.metronome = programme.metronome === true;
      deck.transport.setLoop(programme.loop);
    }
    const turned = before.clip !== programme.clip || before.tempo !== programme.tempo;
    const moved =
      before.swing !== programme.swing || String(regionOf(before)) !== String(regionOf(programme));
    const mixed = before.mix !== programme.mix;
    if (!turned && !moved && !mixed && before.bank === programme.bank) return;
    // A hand on the mixer is heard at once, whatever the clip waits for.
    this.#soon = programme.soon === true || (mixed && !turned && !moved);
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => void this.#follow(), this.#soon ? SETTLE_SOON : SETTLE);
  }

  toggle(): void {
    if (this.#playing) this.pause();
    else void this.play();
  }

  /**
   * Plays from the cursor, and with it those of its group. Call it within a click: a browser lets no page
   * sound before one.
   *
   * @param options.countIn Whether a bar is counted before the music; the programme decides if not given.
   * @param options.since When the group began: falls in with it.
   */
  async play(options: { countIn?: boolean; since?: number } = {}): Promise<void> {
    const context = openContext(this.#page);
    const output = this.#page.output;
    if (!context || !output) {
      this.#quiet({ kind: "none" });
      return;
    }
    claim(this.#page, this.#owner);
    if (options.since !== undefined) this.#since = options.since;
    const all = [this.#owner, ...(options.since === undefined ? matesOf(this.#page, this.#owner) : [])];
    const starts = await Promise.all(all.map((owner) => owner.enlist(context, output)));
    if (!starts[0]) return;
    if (this.#cursor >= this.#programme.clip.score.quarters - 1e-6) this.#cursor = 0;
    const { tempo } = this.#sound();
    const soonest = Transport.soonest(context);
    const counted = options.countIn ?? this.#programme.countIn === true;
    const wait = counted && options.since === undefined ? Deck.countOf(tempo, this.#cursor) : 0;
    const at = soonest + wait;
    const wall = heardAt(context, at) + performance.timeOrigin;
    const seconds =
      options.since === undefined ? tempo.enter(this.#cursor) : Math.max(0, (wall - options.since) / 1000);
    for (const start of starts) start?.(at, seconds, options.since ?? wall - 1000 * seconds);
    if (wait > 0) this.#deck?.count(tempo, this.#cursor, soonest);
  }

  /** Stops, and with it those of its group; playing goes on from here. */
  pause(): void {
    this.#since = 0;
    if (!this.#playing) return;
    this.#rest();
    for (const mate of matesOf(this.#page, this.#owner)) if (mate.playing) mate.yield();
  }

  /** Stops and goes back to the beginning. */
  stop(): void {
    this.pause();
    this.#cursor = 0;
    this.changed.emit();
  }

  /** Puts the playhead at a quarter; a sounding clip goes on from there. */
  seek(quarter: number): void {
    this.#cursor = Math.max(0, Math.min(quarter, this.#programme.clip.score.quarters));
    const transport = this.#deck?.transport;
    const take = transport?.take;
    if (transport && take && this.#programme.group) void this.play({ countIn: false });
    else if (transport && take) transport.play(take, take.sound.tempo.enter(this.#cursor));
    this.changed.emit();
  }

  /**
   * A gesture in the widget: where it plays together with others, it may have to begin later without one,
   * which a browser grants to a frame that has been clicked before.
   */
  wake(): void {
    if (this.#programme.group) openContext(this.#page);
  }

  /** Renders ahead what is likely to be played, while nothing else is to be done. */
  ready(): void {
    const context = this.#page.context;
    if (!context || !this.#page.soundfont) return;
    const { clip, likely = [] } = this.#programme;
    const clips = likely.includes(clip) ? likely : [clip, ...likely];
    const name = `${clips.length}:${this.#sound().key}:${this.#page.soundfont.bank}`;
    this.#readying.start(
      this.#page,
      context,
      name,
      clips.map((item) => () => this.#sound(item)),
    );
  }

  dispose(): void {
    this.#readying.stop();
    clearTimeout(this.#settling);
    this.#cursor = 0;
    this.#halt();
    this.#page.owners.delete(this.#owner);
    this.#deck?.dispose();
  }

  readonly #owner: Owner = ownerOf(this, {
    group: () => this.#programme.group ?? "",
    rest: () => this.#rest(),
    enlist: (context, output) => this.#enlist(context, output),
  });

  #sound(clip = this.#programme.clip): Sound {
    const { tempo, swing = STRAIGHT, mix = [] } = this.#programme;
    const region = regionOf(this.#programme);
    const name = [tempo, swing, region, JSON.stringify(mix)].join("|");
    const known = this.#sounds.get(clip);
    if (known?.name === name) return known.sound;
    const sound = soundOf(clip, tempo, { swing, region, mix });
    this.#sounds.set(clip, { name, sound });
    return sound;
  }

  /** Gets ready to begin: the context awake, the instruments sent for, the clip rendered. */
  async #enlist(context: AudioContext, output: AudioNode): Promise<Start | undefined> {
    const turn = ++this.#turn;
    this.#playing = true;
    this.#notice = null;
    this.changed.emit();
    if (!(await isRunning(context, WAKE))) {
      if (turn === this.#turn) this.#quiet({ kind: "blocked" });
      return undefined;
    }
    if (this.#page.soundfont?.bank !== this.#bank) void this.#instruments(context);
    const sound = this.#sound();
    const take = await this.#take(context, sound);
    if (turn !== this.#turn) return undefined;
    return (at, seconds, since) => {
      if (turn !== this.#turn) return;
      const { loop, volume, metronome } = this.#programme;
      if (!loop && seconds >= sound.seconds) {
        this.#end();
        return;
      }
      this.#deck ??= new Deck(this.#page, context, output, volume, () => this.#end());
      this.#deck.metronome = metronome === true;
      this.#deck.transport.setLoop(loop);
      this.#deck.transport.play(take, seconds % sound.seconds, at);
      this.#since = since;
      this.changed.emit();
      void this.#follow();
    };
  }

  get #bank(): string {
    return this.#programme.bank ?? "";
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
    const transport = this.#deck?.transport;
    if (!this.#playing || !context || !transport) return;
    if (this.#page.bank !== this.#bank) void this.#instruments(context);
    const sound = this.#sound();
    const best: EngineName = this.#page.soundfont ? "soundfont" : "builtin";
    const turn = this.#turn;
    const rendered =
      best === "soundfont"
        ? await renderInstruments(this.#page, context, sound).catch(() =>
            renderedNow(this.#page, context, sound),
          )
        : renderedNow(this.#page, context, sound);
    if (turn !== this.#turn || !this.#playing) return;
    const wanted = this.#sound();
    if (wanted !== sound) return;
    const heard = transport.take;
    if (heard?.buffer !== rendered.buffer || heard.sound.tempo.from !== sound.tempo.from) {
      transport.change({ sound, ...rendered }, this.#soon);
      this.changed.emit();
    }
    this.ready();
  }

  async #instruments(context: AudioContext): Promise<void> {
    const waiting = setTimeout(() => this.#say({ kind: "waiting" }), WAITING);
    try {
      await loadInstruments(this.#page, context.sampleRate, this.#assets, this.#bank);
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
    this.ended.emit();
  }

  #rest(): void {
    if (!this.#playing) return;
    this.#cursor = this.position;
    this.#since = 0;
    this.#halt();
  }

  #halt(): void {
    this.#turn++;
    this.#playing = false;
    this.#deck?.transport.stop();
    this.changed.emit();
  }
}

/** What plays: the above, or a seat of a Studio, whose parts share one. */
export type Playing = Pick<Player, keyof Player>;

/** How the others of the page see a player; copies of this module cannot see each other's private parts. */
function ownerOf(
  player: Player,
  parts: { group: () => string; rest: () => void; enlist: Owner["enlist"] },
): Owner {
  return {
    get group() {
      return parts.group();
    },
    get playing() {
      return player.playing;
    },
    yield: parts.rest,
    enlist: parts.enlist,
  };
}

const regionOf = ({ loop, region }: Programme): Region => (loop ? (region ?? null) : null);
