/** Traits of the map, the points and cards that come by message, and what a reader's gestures do. */

import { type Place, readPlace } from "../core/clip";
import type {
  Card,
  Cloud,
  Groups,
  Here,
  MapActions,
  MapProps,
  Mark,
  Selection,
  Spot,
} from "../core/latent-scatter-props";
import type { Legend } from "../core/map-palette";
import { type Bytes, viewOf } from "../core/notes";
import type { CommonActions } from "../core/props";
import type { Model } from "./model";
import type { Session } from "./session";
import { COMMON, memo, number, type Reader, readClip, readCommon, readSteps, text } from "./traits";

type Raw = Record<string, unknown>;

/** Cards that are kept. */
const KEPT = 3000;
/** Milliseconds for which the pointer rests before an unknown clip is asked for. */
const REST = 40;

const raw = (value: unknown): Raw => (value ?? {}) as Raw;
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const spot = (value: unknown): Spot => list(value).map((x) => number(x, 0));

/** Numbers of little-endian bytes, wherever in their buffer they lie. */
function words(bytes: unknown, width: 1 | 2 | 4): ArrayBuffer {
  if (!bytes) return new ArrayBuffer(0);
  const { buffer, byteOffset, byteLength } = viewOf(bytes as Bytes);
  return buffer.slice(byteOffset, byteOffset + byteLength - (byteLength % width)) as ArrayBuffer;
}

function readCloud(
  xy: unknown,
  codes: unknown,
  groups: unknown,
  numbers: unknown,
  dimensions: unknown,
): Cloud {
  const d = dimensions === 3 ? 3 : 2;
  const at = new Float32Array(words(xy, 4));
  const size = Math.floor(at.length / d);
  const read = new Uint16Array(words(codes, 2));
  const grouped = new Uint8Array(words(groups, 1));
  return {
    size,
    dimensions: d,
    at: at.subarray(0, size * d),
    codes: read.length === size ? read : new Uint16Array(size),
    groups: grouped.length === size ? grouped : new Uint8Array(size),
    numbers: numbers ? new Uint32Array(words(numbers, 4)) : null,
  };
}

function readLegend(value: unknown): Legend {
  const { kind, name, ticks, missing, open } = raw(value);
  return {
    kind: kind === "place" || kind === "category" || kind === "number" ? kind : "plain",
    name: text(name),
    ticks: list(ticks).map(text),
    missing: number(missing, 0),
    open: [list(open)[0] === true, list(open)[1] === true],
  };
}

function readGroups(value: unknown): Groups {
  const { name, entries, rest, values } = raw(value);
  const known = list(entries).map((entry) => ({
    name: text(raw(entry).name),
    count: number(raw(entry).count, 0),
  }));
  return {
    name: text(name),
    entries: known,
    rest: rest ? { count: number(raw(rest).count, 0), values: number(raw(rest).values, 0) } : null,
    values: number(values, known.length),
  };
}

function readMarks(marks: unknown, notes: unknown, score: unknown, offsets: unknown): Mark[] {
  const clips = readSteps(notes, score, offsets);
  return list(marks).flatMap((mark, k) => {
    const { letter, title, at, place } = raw(mark);
    const clip = clips[k];
    return clip
      ? [{ letter: text(letter), title: text(title), at: spot(at), place: readPlace(place), clip }]
      : [];
  });
}

function readHere(value: unknown, notes: unknown, score: unknown): Here | null {
  const { index, at, place, title, near } = raw(value);
  if (!Array.isArray(at)) return null;
  return {
    number: typeof index === "number" ? index : null,
    at: spot(at),
    place: readPlace(place),
    title: text(title),
    clip: readClip(notes, score),
    near: list(near).map((n) => number(n, -1)),
  };
}

/** One bit a clip, lowest first, as base64. */
function packBits(mask: Uint8Array): string {
  const bytes = new Uint8Array(Math.ceil(mask.length / 8));
  for (let i = 0; i < mask.length; i++)
    if (mask[i]) bytes[i >> 3] = (bytes[i >> 3] as number) | (1 << (i & 7));
  let out = "";
  for (let i = 0; i < bytes.length; i += 8192) out += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(out);
}

function unpackBits(bytes: Bytes, size: number): Uint8Array {
  const view = viewOf(bytes);
  const mask = new Uint8Array(size);
  for (let i = 0; i < size && i >> 3 < view.byteLength; i++) mask[i] = (view.getUint8(i >> 3) >> (i & 7)) & 1;
  return mask;
}

/** What plays while the pointer is on a clip. */
interface Sounds {
  play(): Promise<void>;
  stop(): void;
}

export class MapModel {
  readonly reader: Reader<MapProps>;
  readonly #model: Model;
  readonly #leave: (() => void)[] = [];
  readonly #cards = new Map<number, Card>();
  readonly #known: Record<"colours" | "version", string> = { colours: "", version: "" };
  #session: Session<MapProps, Sounds> | undefined;
  /** All points, and the version that they are of. */
  #all: { readonly version: number; readonly cloud: Cloud } | null = null;
  #selected: { version: number; mask: Uint8Array | null } = { version: -1, mask: null };
  /** What the page selected and the kernel has not heard of yet. */
  #own: Selection | null = null;
  #picked: Here | null = null;
  #pending: Spot | null = null;
  #heard: Card | null = null;
  #wanted: ReturnType<typeof setTimeout> | undefined;

  constructor(model: Model) {
    this.#model = model;
    const sample = memo(readCloud);
    const legend = memo(readLegend);
    const groups = memo(readGroups);
    const marks = memo(readMarks);
    const here = memo(readHere);
    const route = memo((value) => list(value).map(spot));
    const traits = [
      "_points",
      "_sample",
      "_sample_xy",
      "_sample_codes",
      "_sample_groups",
      "_legend",
      "_groups",
    ];
    const own = [
      "_marks",
      "_mark_notes",
      "_mark_score",
      "_mark_offsets",
      "_route",
      "_here",
      "_notes",
      "_score",
    ];
    this.reader = {
      traits: [...COMMON, ...traits, ...own, "_selection", "neighbours", "sound", "kind"],
      read: () => {
        const get = (name: string) => model.get(name);
        const points = raw(get("_points"));
        const saved = sample(
          get("_sample_xy"),
          get("_sample_codes"),
          get("_sample_groups"),
          get("_sample"),
          points.dimensions,
        );
        const current = here(get("_here"), get("_notes"), get("_score"));
        return {
          ...readCommon(model),
          count: number(points.count, 0),
          model: text(points.model),
          map: text(get("kind")),
          words: text(points.words),
          cloud: this.#all && this.#all.version === points.version ? this.#all.cloud : saved,
          legend: legend(get("_legend")),
          groups: groups(get("_groups")),
          marks: marks(get("_marks"), get("_mark_notes"), get("_mark_score"), get("_mark_offsets")),
          route: route(get("_route")),
          here: this.#picked ?? current,
          selection: this.#selection(),
          neighbours: get("neighbours") === true,
          sound: get("sound") === true,
          pending: this.#pending,
          heard: this.#heard,
        };
      },
    };
  }

  /** Starts to ask the kernel, and to hear what Python sets. */
  join(session: Session<MapProps, Sounds>): void {
    this.#session = session;
    const hear = (trait: string, heard: () => void) => {
      this.#model.on(`change:${trait}`, heard);
      this.#leave.push(() => this.#model.off(`change:${trait}`, heard));
    };
    hear("_points", () => queueMicrotask(() => void this.#fetch()));
    hear("_selection", () => queueMicrotask(() => void this.#fetchSelection()));
    hear("_here", () => {
      this.#picked = null;
    });
    void this.#fetch();
    void this.#fetchSelection();
  }

  actions(common: CommonActions): MapActions {
    return {
      ...common,
      card: (wanted, around) => this.#card(wanted, around),
      pick: (index) => this.#pick(index),
      mark: (index) => void this.#session?.channel("pick").latest("pick", { index, mark: true }),
      decode: (at) => void this.#decode(at),
      select: (mask) => void this.#select(mask),
      neighbours: (on) => this.#session?.saver.set("neighbours", on),
      sound: (on) => {
        this.#session?.saver.set("sound", on);
        if (!on) this.#hear(null);
      },
      hear: (card) => this.#hear(card),
    };
  }

  dispose(): void {
    clearTimeout(this.#wanted);
    this.#cards.clear();
    this.#all = null;
    for (const leave of this.#leave) leave();
  }

  /** All points, where the sample is not all there is. */
  async #fetch(): Promise<void> {
    const { version, count, dimensions } = raw(this.#model.get("_points"));
    const colours = JSON.stringify([
      raw(this.#model.get("_legend")).name,
      raw(this.#model.get("_groups")).name,
    ]);
    // The cards name the value that colours their clip.
    if (colours !== this.#known.colours) this.#cards.clear();
    this.#known.colours = colours;
    const here = words(this.#model.get("_sample"), 4).byteLength / 4;
    if (number(count, 0) <= here || this.#all?.version === version) return;
    const reply = await this.#session?.channel("points").latest("points", {});
    const [xy, codes, groups] = reply?.buffers ?? [];
    if (!xy || raw(reply?.result).version !== raw(this.#model.get("_points")).version) return;
    let cloud = readCloud(xy, codes, groups, null, dimensions);
    // Only coloured anew: the places are the same array, so that the view stays where it is.
    const before = this.#all?.cloud.at;
    if (before?.length === cloud.at.length && before.every((x, k) => x === cloud.at[k]))
      cloud = { ...cloud, at: before };
    this.#all = { version: number(version, 0), cloud };
    this.#session?.touch();
  }

  #selection(): Selection {
    const told = raw(this.#model.get("_selection"));
    if (this.#own) return this.#own;
    const mask = this.#selected.version === told.version ? this.#selected.mask : null;
    const count = number(told.count, 0);
    if (this.#shown?.count !== count || this.#shown.mask !== mask) this.#shown = { count, mask };
    return this.#shown;
  }

  #shown: Selection | undefined;

  async #fetchSelection(): Promise<void> {
    const told = raw(this.#model.get("_selection"));
    if (this.#selected.version === told.version || number(told.count, 0) === 0 || this.#own) return;
    const reply = await this.#session?.channel("selection").latest("selection", {});
    const bits = reply?.buffers[0];
    if (!bits) return;
    const size = number(raw(this.#model.get("_points")).count, 0);
    this.#selected = { version: number(raw(reply?.result).version, -1), mask: unpackBits(bits, size) };
    this.#session?.touch();
  }

  async #select(mask: Uint8Array | null): Promise<void> {
    const count = mask ? mask.reduce((sum, on) => sum + on, 0) : 0;
    const own: Selection = { count, mask };
    this.#own = own;
    this.#session?.touch();
    const bits = mask ? packBits(mask) : "";
    const reply = await this.#session?.channel("select").latest("select", { bits });
    if (this.#own !== own) return;
    if (reply) {
      this.#selected = { version: number(raw(reply.result).version, -1), mask };
      this.#own = null;
    }
    this.#session?.touch();
  }

  #card(wanted: number, around: readonly number[]): Card | null {
    const known = this.#cards.get(wanted);
    const missing = [wanted, ...around].filter((n) => !this.#cards.has(n));
    if (!known) {
      clearTimeout(this.#wanted);
      this.#wanted = setTimeout(() => void this.#ask([...new Set(missing)]), REST);
    }
    return known ?? null;
  }

  async #ask(indexes: readonly number[]): Promise<void> {
    const reply = await this.#session?.channel("cards").latest("cards", { indexes });
    const cards = list(raw(reply?.result).cards);
    cards.forEach((value, k) => {
      const { index, title, meta, place, score } = raw(value);
      const at: Place = readPlace(place);
      const clip = readClip(reply?.buffers[k], score);
      const key = number(index, -1);
      this.#cards.set(key, { number: key, title: text(title), meta: text(meta), place: at, clip });
    });
    for (const old of this.#cards.keys()) {
      if (this.#cards.size <= KEPT) break;
      this.#cards.delete(old);
    }
    if (cards.length > 0) this.#session?.touch();
  }

  /** What is known of a clip is shown at once; the kernel follows. */
  #pick(index: number): void {
    const card = this.#cards.get(index);
    const { cloud, here } = this.reader.read();
    const point = cloud.numbers ? cloud.numbers.indexOf(index) : index;
    if (card && point >= 0 && here?.number !== index) {
      const at = [...cloud.at.subarray(point * cloud.dimensions, (point + 1) * cloud.dimensions)];
      this.#picked = { number: index, at, place: card.place, title: card.title, clip: card.clip, near: [] };
    }
    this.#hear(null);
    this.#session?.touch();
    void this.#session?.channel("pick").latest("pick", { index });
  }

  async #decode(at: Spot): Promise<void> {
    this.#picked = null;
    this.#hear(null);
    this.#pending = at;
    this.#session?.touch();
    await this.#session?.channel("decode").latest("decode", { at });
    // A place that was asked for meanwhile has a cross of its own.
    if (this.#pending !== at) return;
    this.#pending = null;
    this.#session?.touch();
  }

  #hear(card: Card | null): void {
    if (this.#heard?.number === card?.number) return;
    const session = this.#session;
    session?.player.stop();
    this.#heard = card;
    session?.touch();
    // The player takes the clip in the turn's end; only then may it begin.
    if (card) queueMicrotask(() => queueMicrotask(() => void session?.player.play()));
  }
}
