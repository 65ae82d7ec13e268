/** Traits of an interpolation slider as props, what the page holds beside them, and where the hand holds it. */

import { type Clip, EMPTY_CLIP, type Place, readPlace, readScore } from "../core/clip";
import type { Here, InterpolationProps, Route, Space } from "../core/interpolation-props";
import { type Bytes, decodeNotes } from "../core/notes";
import type { Later, Table } from "./later";
import type { Model } from "./model";
import type { Session } from "./session";
import { COMMON, memo, number, type Reader, readCommon, readPlaces, readSteps, text } from "./traits";

export const TABLES: Readonly<Record<Space, Table>> = {
  latent: { notes: "_notes", offsets: "_offsets" },
  data: { notes: "_data_notes", offsets: "_data_offsets" },
};
/** Milliseconds that the handle rests before the kernel is asked for its place (LOOK.md 7). */
const REST = 80;
const NEAR = 1e-6;

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const figures = (value: unknown): number[] => list(value).map((item) => number(item, Number.NaN));

/** What is not in traits: where the hand holds the handle, in steps; null while it stands where `value` says. */
export interface Aside {
  hand: number | null;
}

const routeOf = (clips: unknown, known: unknown): Route => {
  const raw = (known ?? {}) as Record<string, unknown>;
  return {
    clips: clips as Clip[],
    places: readPlaces(raw.places),
    distances: list(raw.distances).map(figures),
    costs: figures(raw.costs),
  };
};

export function interpolationReader(
  model: Model,
  later: Later<Space>,
  page: Aside,
): Reader<InterpolationProps> {
  const clips = { latent: memo(readSteps), data: memo(readSteps) };
  const routes = { latent: memo(routeOf), data: memo(routeOf) };
  const stops = memo((value) => figures(value).filter(Number.isInteger));
  const exact = memo((notes, score, known) => {
    const raw = (known ?? {}) as Record<string, unknown>;
    if (typeof raw.at !== "number") return null;
    const clip = { notes: decodeNotes(notes as Bytes | null), score: readScore(score) };
    const cost = typeof raw.cost === "number" && Number.isFinite(raw.cost) ? raw.cost : null;
    return {
      at: raw.at,
      space: raw.space,
      clip,
      place: readPlace(raw.place),
      distances: figures(raw.distances),
      cost,
    };
  });
  const route = (space: Space): Route => {
    const curves = (model.get("_curves") ?? {}) as Record<string, unknown>;
    return routes[space](
      clips[space](later.bytes(space), model.get("_score"), model.get(TABLES[space].offsets)),
      curves[space],
    ) as Route;
  };
  return {
    traits: [
      ...COMMON,
      "_notes",
      "_score",
      "_offsets",
      "_data_notes",
      "_data_offsets",
      "_curves",
      "_stops",
    ].concat(["_exact", "_exact_notes", "labels", "value", "space", "snap", "temperature", "seed"]),
    read() {
      const space: Space = model.get("space") === "data" ? "data" : "latent";
      const both = { latent: route("latent"), data: route("data") };
      const last = Math.max(0, both[space].clips.length - 1);
      const value = number(model.get("value"), 0);
      const position = Math.max(0, Math.min(last, page.hand ?? value * last));
      const step = Math.round(position);
      const decoded = exact(model.get("_exact_notes"), model.get("_score"), model.get("_exact"));
      const at = decoded ? decoded.at * last : Number.NaN;
      const found = decoded?.space === space && Math.abs(at - position) < NEAR;
      const here: Here = found && decoded ? { ...decoded, at } : stepOf(both[space], step);
      const temperature = model.get("temperature");
      return {
        ...readCommon(model),
        space,
        routes: both,
        stops: stops(model.get("_stops")),
        labels: list(model.get("labels")).map(text),
        position,
        step,
        here,
        snap: model.get("snap") === true,
        temperature: typeof temperature === "number" ? temperature : null,
        seed: number(model.get("seed"), 0),
      };
    },
  };
}

function stepOf(route: Route, step: number): Here {
  const place: Place = route.places[step] ?? null;
  const distances = route.distances.map((row) => row[step] ?? Number.NaN);
  const cost = route.costs[step] ?? Number.NaN;
  return {
    clip: route.clips[step] ?? EMPTY_CLIP,
    place,
    distances,
    cost: Number.isFinite(cost) ? cost : null,
    at: step,
  };
}

type Open = Pick<Session<InterpolationProps, unknown>, "saver" | "reader" | "channel" | "touch">;

/** The hand on the handle: it moves at once, and at rest the kernel decodes where it stands. */
export class Hand {
  readonly #page: Aside;
  readonly #session: Open;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #due: (() => void) | undefined;

  constructor(page: Aside, session: Open) {
    this.#page = page;
    this.#session = session;
  }

  move(position: number): void {
    clearTimeout(this.#timer);
    this.#due = undefined;
    const { routes, space, snap } = this.#session.reader.read();
    const last = Math.max(1, routes[space].clips.length - 1);
    const held = Math.max(0, Math.min(last, position));
    const step = Math.round(held);
    if (snap || Math.abs(held - step) < NEAR) {
      this.#rest(step / last);
      return;
    }
    this.#page.hand = held;
    this.#session.touch();
    this.#due = () => {
      this.#due = undefined;
      this.#rest(held / last);
      // The trait says where; the request says when it is done, or that the kernel does not answer.
      void this.#session.channel("decode").latest("decode", { value: held / last });
    };
    this.#timer = setTimeout(this.#due, REST);
  }

  /** Rests now. */
  settle(): void {
    clearTimeout(this.#timer);
    this.#due?.();
  }

  dispose(): void {
    clearTimeout(this.#timer);
  }

  #rest(value: number): void {
    this.#page.hand = null;
    this.#session.saver.set("value", value);
    this.#session.touch();
  }
}
