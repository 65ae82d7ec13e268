/** Traits of AttributeKnobs as props; a turn is shown at once, from what is known, and asked of the kernel. */

import {
  type Ahead,
  type AttributeKnobsProps,
  isUntouched,
  lookUp,
  readAsked,
  readGot,
  readTravels,
  type Stop,
  type Taken,
  type Travel,
} from "../core/attribute-knobs-props";
import { type Clip, EMPTY_CLIP, type Place, readPlace } from "../core/clip";
import { type Bytes, viewOf } from "../core/notes";
import type { Model } from "./model";
import type { Session } from "./session";
import { COMMON, memo, number, type Reader, readCommon, readPlaces, readSteps, text } from "./traits";

/** Milliseconds without a turn after which the next turns are asked for ahead. */
const IDLE = 150;
/** Clips that are rendered ahead of a turn. */
const LIKELY = 6;
/** Columns of the table of places before those of the measured values: knob, index, clip, u, v. */
const STEM = 5;

type Desk = Pick<Session<AttributeKnobsProps, unknown>, "channel" | "touch" | "saver" | "work">;

const readLocked = (value: unknown, travels: unknown): boolean[] => {
  const names = Array.isArray(value) ? value : [];
  return (travels as readonly Travel[]).map(({ name }) => names.includes(name));
};

const numbers = (value: unknown): number[] =>
  Array.isArray(value) ? value.map((item) => number(item, 0)) : [];

/** The lines of all knobs: a table of places, their different clips beside it. */
export function readAhead(head: unknown, notes: unknown, table: unknown): Ahead {
  const raw = (head ?? {}) as Record<string, unknown>;
  const base = numbers(raw.base);
  const stops: Stop[] = [];
  const ahead = {
    base,
    stand: numbers(raw.stand),
    short: number(raw.short, 1),
    far: number(raw.far, 0),
    places: Math.max(1, number(raw.places, 1)),
    stops,
  };
  if (!table || base.length === 0) return ahead;
  const clips = readSteps(notes, raw.score, raw.offsets);
  const view = viewOf(table as Bytes);
  const width = STEM + base.length;
  for (let row = 0; row < Math.floor(view.byteLength / (4 * width)); row++) {
    const cell = (column: number) => view.getFloat32(4 * (row * width + column), true);
    const clip = clips[cell(2)];
    if (!clip) continue;
    const got = readGot(
      base.map((_, knob) => cell(STEM + knob)),
      base.length,
    );
    stops.push({ knob: cell(0), index: cell(1), got, clip, place: readPlace([cell(3), cell(4)]) });
  }
  return ahead;
}

function taken(asked: unknown, got: unknown, clip: unknown, place: unknown): Taken {
  const wanted = asked as readonly number[];
  return {
    asked: wanted,
    got: readGot(got, wanted.length),
    clip: (clip as Clip | undefined) ?? EMPTY_CLIP,
    place: (place as Place | undefined) ?? null,
  };
}

/** What the page knows of the knobs, and what it asks for. */
export class KnobReader implements Reader<AttributeKnobsProps> {
  readonly traits = [
    ...COMMON,
    ...["_asked", "locked", "_travels", "_own", "_got", "_notes", "_score", "_offsets", "_places", "_label"],
    ...["_ahead", "_ahead_notes", "_ahead_table"],
  ];
  readonly #model: Model;
  readonly #travels = memo(readTravels);
  readonly #asked = memo((value, travels) => readAsked(value, travels as Travel[]));
  readonly #locked = memo(readLocked);
  readonly #clips = memo(readSteps);
  readonly #places = memo(readPlaces);
  readonly #centres = memo((travels) => (travels as Travel[]).map(({ centre }) => centre));
  readonly #original = memo(taken);
  readonly #exact = memo(taken);
  readonly #ahead = memo(readAhead);
  /** What was asked for and has not been answered yet, and the knob turned last. */
  #wish: readonly number[] | null = null;
  #turned = 0;
  #desk: Desk | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #leave = () => {};

  constructor(model: Model) {
    this.#model = model;
    model.on("change:_setting", this.#changed);
  }

  read(): AttributeKnobsProps {
    const get = (name: string) => this.#model.get(name);
    const travels = this.#travels(get("_travels"));
    const answered = this.#asked(get("_asked"), travels);
    const asked = this.#wish ?? answered;
    const [own, current] = this.#clips(get("_notes"), get("_score"), get("_offsets"));
    const [ownPlace, place] = this.#places(get("_places"));
    const original = this.#original(this.#centres(travels), get("_own"), own, ownPlace);
    const exact = this.#exact(answered, get("_got"), current, place);
    const ahead = this.#ahead(get("_ahead"), get("_ahead_notes"), get("_ahead_table"));
    const locked = this.#locked(get("locked"), travels);
    const stop = asked === answered ? null : this.#stop(ahead, travels, locked, asked);
    const shown = isUntouched(travels, asked) ? original : stop ? { ...stop, asked } : exact;
    return {
      ...readCommon(this.#model),
      travels,
      asked,
      locked,
      original,
      shown,
      likely: this.#likely(ahead, shown),
      label: text(get("_label")),
    };
  }

  /** Takes the way to the kernel. */
  open(desk: Desk): void {
    this.#desk = desk;
    // A kernel that keeps silent leaves the page to itself.
    this.#leave = desk.work.changed.on(() => desk.touch());
    this.#tend();
  }

  turn(knob: number, value: number): void {
    const { asked, travels, locked } = this.read();
    this.#turned = knob;
    this.#wish = asked.with(knob, value);
    const named = travels.map(({ name }, index) => [name, this.#wish?.[index]] as const);
    const locks = travels.filter((_, index) => locked[index]).map(({ name }) => name);
    void this.#ask("turn", { value: Object.fromEntries(named), locked: locks });
  }

  resetAll(): void {
    this.#wish = this.read().travels.map(({ centre }) => centre);
    void this.#ask("reset", {});
  }

  lock(knob: number, on: boolean): void {
    const { travels, locked } = this.read();
    const names = travels.filter((_, index) => (index === knob ? on : locked[index])).map(({ name }) => name);
    this.#desk?.saver.set("locked", names);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#leave();
    this.#model.off("change:_setting", this.#changed);
  }

  async #ask(op: string, args: unknown): Promise<void> {
    const wish = this.#wish;
    clearTimeout(this.#timer);
    this.#desk?.touch();
    const reply = await this.#desk?.channel("turn").latest(op, args);
    if (this.#wish !== wish) return;
    // A kernel that is gone leaves the knobs as they were turned; one that refuses turns them back.
    if (!reply && this.#desk?.work.strain?.kind !== "failed") return;
    this.#wish = null;
    this.#desk?.touch();
    this.#tend();
  }

  /** What the kernel will answer to a setting, as far as it can be known: one knob on its line. */
  #stop(
    ahead: Ahead,
    travels: readonly Travel[],
    locked: readonly boolean[],
    asked: readonly number[],
  ): Stop | null {
    const turned = ahead.base.flatMap((base, knob) => (asked[knob] === base ? [] : [knob]));
    // Two knobs are off their lines: the kernel's answer is near, unless it keeps silent.
    if (turned.length > 1 && !this.#desk?.work.strain) return null;
    const knob = turned.includes(this.#turned) ? this.#turned : turned.at(-1);
    return knob === undefined ? null : lookUp(ahead, travels, locked, knob, asked);
  }

  /** Music beside that which is shown, on the line of the knob turned last. */
  #likely({ stops }: Ahead, shown: Taken): Clip[] {
    const line = stops.filter(({ knob }) => knob === this.#turned).map(({ clip }) => clip);
    const at = line.indexOf(shown.clip);
    if (at < 0) return [shown.clip];
    const near = line.map((clip, index) => ({ clip, far: Math.abs(index - at) }));
    near.sort((a, b) => a.far - b.far);
    return [...new Set(near.map(({ clip }) => clip))].slice(0, LIKELY);
  }

  readonly #changed = (): void => this.#tend();

  /** Once nothing is turned, asks for what the next turn would give. */
  #tend(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const ahead = this.#model.get("_ahead") as { readonly of?: unknown } | null;
      const known = ahead?.of === this.#model.get("_setting");
      if (!known && !this.#wish) void this.#desk?.channel("ahead").latest("ahead", {}, { quiet: true });
    }, IDLE);
  }
}
