/** One player for all parts of a Studio: each has a seat, and what is heard is what leads: a part's clip, or the song. */

import { type Clip, type Place, tracksOf } from "../core/clip";
import { Emitter } from "../core/emitter";
import type { Playing, Programme } from "./player";

/** What leads while no part does: the arrangement. */
export const SONG = "song";
/** The part that shows whatever clip leads. */
const ROLL = "roll";
/** Parts that show what is chosen elsewhere: the roll does not follow them. */
const FOLLOWERS = [ROLL, "compare"];

type Heard = Programme & { readonly shown?: Clip; readonly place?: Place };

/** What a part brought under the reader's hand. */
export interface Brought {
  readonly part: string;
  readonly clip: Clip;
  readonly place: Place;
}

export class Seats implements Playing {
  readonly changed: Emitter;
  readonly ended: Emitter;
  /** A part under the hand has another clip, which the roll follows. */
  readonly brought = new Emitter<Brought>();
  /** Quarter of the roll's clip where the song stands, if that clip sounds in it. */
  within: (quarter: number) => number | null = () => null;
  readonly #player: Playing;
  readonly #programmes = new Map<string, Heard>();
  /** The Studio's transport, and the song. */
  #own: Heard;
  #leader = ROLL;
  #hand = "";
  /** Where the song was left, and the clip. */
  readonly #left = { song: 0, clip: 0 };

  constructor(player: Playing, programme: Programme) {
    this.#player = player;
    this.#own = programme;
    this.changed = player.changed;
    this.ended = player.ended;
  }

  /** The part whose clip is heard, or `SONG`. */
  get leader(): string {
    return this.#leader;
  }

  /** What is heard. */
  get clip(): Clip {
    return this.#heard().clip;
  }

  get playing(): boolean {
    return this.#player.playing;
  }

  get notice() {
    return this.#player.notice;
  }

  get engine() {
    return this.#player.engine;
  }

  get position(): number {
    return this.#player.position;
  }

  get tracks() {
    return this.#player.tracks;
  }

  get since(): number {
    return this.#player.since;
  }

  /** A player for a part, as a part's session asks for one. */
  seat(part: string): (assets: unknown, programme: Programme) => Playing {
    return (_, programme) => {
      this.#programmes.set(part, programme);
      this.#tell();
      return new Seat(this, part);
    };
  }

  leave(part: string): void {
    this.#programmes.delete(part);
  }

  programmeOf(part: string): Heard | undefined {
    return this.#programmes.get(part);
  }

  /** A reader's hand is on a part: what it shows next, it leads with. */
  touch(part: string): void {
    this.#hand = part;
  }

  /** A part has another programme. */
  take(part: string, programme: Heard): void {
    const before = this.#programmes.get(part);
    this.#programmes.set(part, programme);
    const fresh = before?.clip !== programme.clip;
    if (this.#hand === part && fresh) this.lead(part);
    else if (this.#leader === part) this.#tell();
    const clip = programme.shown ?? programme.clip;
    if (this.#hand !== part || FOLLOWERS.includes(part) || clip === (before?.shown ?? before?.clip)) return;
    this.brought.emit({ part, clip, place: programme.place ?? null });
  }

  /** Lets a part lead, or the song. */
  lead(name: string): void {
    const before = this.#leader;
    if (name === before) return;
    const crossing = (name === SONG) !== (before === SONG);
    if (crossing && !this.playing) this.#left[before === SONG ? "song" : "clip"] = this.position;
    this.#leader = name;
    this.#tell();
    if (crossing && !this.playing) this.#player.seek(this.#left[name === SONG ? "song" : "clip"]);
    this.changed.emit();
  }

  /** Lets it lead and plays it: from its beginning where something else played. */
  async playOnly(name: string, options: { countIn?: boolean } = {}): Promise<void> {
    if (name !== this.#leader) {
      if (this.playing) this.#player.stop();
      this.lead(name);
    }
    await this.#player.play(options);
  }

  set(programme: Programme): void {
    this.#own = programme;
    this.#tell();
  }

  toggle(): void {
    this.#player.toggle();
  }

  play(options: { countIn?: boolean; since?: number } = {}): Promise<void> {
    return this.#player.play(options);
  }

  pause(): void {
    this.#player.pause();
  }

  stop(): void {
    this.#player.stop();
  }

  seek(quarter: number): void {
    this.#player.seek(quarter);
  }

  quarterAt(milliseconds: number): number | undefined {
    return this.#player.quarterAt(milliseconds);
  }

  wake(): void {
    this.#player.wake();
  }

  ready(): void {
    this.#player.ready();
  }

  dispose(): void {
    this.#player.dispose();
  }

  #heard(): Heard {
    return (this.#leader === SONG ? undefined : this.#programmes.get(this.#leader)) ?? this.#own;
  }

  /** The Studio's transport with what leads; a loop region is one of the clip, not of the song. */
  #tell(): void {
    const { clip, likely = [], soon = false } = this.#heard();
    const region = this.#leader === SONG ? null : (this.#own.region ?? null);
    this.#player.set({ ...this.#own, clip, likely, soon, region });
  }
}

/** What a part takes for its player. */
class Seat implements Playing {
  readonly changed = new Emitter();
  readonly ended = new Emitter();
  readonly notice = null;
  readonly since = 0;
  readonly #seats: Seats;
  readonly #part: string;
  readonly #off: () => void;

  constructor(seats: Seats, part: string) {
    this.#seats = seats;
    this.#part = part;
    this.#off = seats.changed.on(() => this.changed.emit());
  }

  get playing(): boolean {
    return this.#seats.playing && this.#at() !== null;
  }

  get position(): number {
    return this.#at() ?? 0;
  }

  get engine() {
    return this.#seats.engine;
  }

  get tracks() {
    const clip = this.#seats.programmeOf(this.#part)?.clip;
    return clip ? tracksOf(clip) : [];
  }

  quarterAt(milliseconds: number): number | undefined {
    return this.#leads ? this.#seats.quarterAt(milliseconds) : undefined;
  }

  set(programme: Programme): void {
    this.#seats.take(this.#part, programme);
  }

  toggle(): void {
    if (this.#leads) this.#seats.toggle();
    else void this.play();
  }

  play(options: { countIn?: boolean } = {}): Promise<void> {
    return this.#seats.playOnly(this.#part, options);
  }

  pause(): void {
    this.#seats.pause();
  }

  stop(): void {
    this.#seats.stop();
  }

  seek(quarter: number): void {
    this.#seats.lead(this.#part);
    this.#seats.seek(quarter);
  }

  wake(): void {
    this.#seats.wake();
  }

  ready(): void {
    this.#seats.ready();
  }

  dispose(): void {
    this.#off();
    this.#seats.leave(this.#part);
  }

  /** The roll shows whatever clip leads. */
  get #leads(): boolean {
    const { leader } = this.#seats;
    return leader === this.#part || (this.#part === ROLL && leader !== SONG);
  }

  /** Quarter of the part's clip that is heard; null where something else is. */
  #at(): number | null {
    const { leader, position } = this.#seats;
    if (leader === this.#part) return position;
    if (this.#part !== ROLL) return null;
    if (leader === SONG) return this.#seats.within(position);
    const length = this.#seats.programmeOf(ROLL)?.clip.score.quarters ?? position;
    return position > length ? position % length : position;
  }
}
