/** Traits of the pad, what its page keeps beside them, and what a reader's gestures do to both. */

import { type Clip, EMPTY_CLIP, type Place, readPlace } from "../core/clip";
import {
  cellAt,
  joinClips,
  onCell,
  type PadActions,
  type PadProps,
  type Shown,
  type Spot,
  spotOf,
} from "../core/interpolation-pad-props";
import type { Bytes } from "../core/notes";
import type { CommonActions } from "../core/props";
import type { Model } from "./model";
import type { Session } from "./session";
import {
  COMMON,
  memo,
  number,
  type Reader,
  readClip,
  readCommon,
  readPlaces,
  readSteps,
  text,
} from "./traits";

/** Milliseconds for which the pointer rests before a place between cells is decoded. */
const REST = 80;

/** A place between cells, decoded. */
interface Decoded extends Shown {
  readonly spot: Spot;
}

const same = (a: Spot, b: Spot): boolean => Math.abs(a[0] - b[0]) < 1e-9 && Math.abs(a[1] - b[1]) < 1e-9;

function readSpot(value: unknown, n: number): Spot {
  const [row, column] = Array.isArray(value) ? value : [];
  const clamp = (at: unknown) => Math.max(0, Math.min(n - 1, number(at, 0)));
  return [clamp(row), clamp(column)];
}

function readDecoded(told: unknown, notes: unknown): Decoded | null {
  const { value, place, cost, score } = (told ?? {}) as Record<string, unknown>;
  if (!Array.isArray(value)) return null;
  return {
    spot: [number(value[0], 0), number(value[1], 0)],
    clip: readClip(notes, score),
    place: readPlace(place),
    cost: typeof cost === "number" ? cost : null,
    preview: false,
  };
}

/** One pad model: its reader, and its actions once a session is open. */
export class PadModel {
  readonly reader: Reader<PadProps>;
  readonly #model: Model;
  readonly #leave: (() => void)[] = [];
  #session: Session<PadProps, unknown> | undefined;
  /** Where the reader rests, until the kernel has decoded it. */
  #aim: Spot | null = null;
  #resting: ReturnType<typeof setTimeout> | undefined;
  #decoded: Decoded | null = null;
  /** Cells that came by message, and the name of their set. */
  #fetched: { readonly name: string; readonly clips: readonly Clip[] } | null = null;
  /** What was touched last plays: the path, or the current cell. */
  #along: boolean;
  /** What the page itself set last, by trait. */
  readonly #mine = new Map<string, string>();
  readonly #readPath = memo((rows, n) => {
    const side = n as number;
    return (Array.isArray(rows) ? rows : []).map((row) => cellAt(readSpot(row, side), side));
  });

  constructor(model: Model) {
    this.#model = model;
    this.#along = this.#path(this.#n()).length > 0;
    const steps = memo(readSteps);
    const none = memo((n) => Array.from({ length: (n as number) ** 2 }, () => EMPTY_CLIP));
    const places = memo(readPlaces);
    const told = memo(readDecoded);
    const join = memo((cells, path) =>
      joinClips((path as number[]).map((cell) => (cells as Clip[])[cell] ?? EMPTY_CLIP)),
    );
    const saved = ["_notes", "_score", "_offsets", "_places", "_costs", "_elsewhere", "_spot", "_spot_notes"];
    this.reader = {
      traits: [...COMMON, ...saved, "n", "labels", "value", "path"],
      read: () => {
        const n = this.#n();
        const own = steps(model.get("_notes"), model.get("_score"), model.get("_offsets"));
        const elsewhere = text(model.get("_elsewhere"));
        const clips = elsewhere && this.#fetched?.name === elsewhere ? this.#fetched.clips : own;
        const cells = clips.length === n * n ? clips : none(n);
        const at = places(model.get("_places"));
        const value = this.#aim ?? readSpot(model.get("value"), n);
        const path = this.#path(n);
        const labels = model.get("labels");
        return {
          ...readCommon(model),
          n,
          cells,
          places: at,
          labels: Array.from({ length: 4 }, (_, k) => text((labels as unknown[] | undefined)?.[k])),
          value,
          shown: this.#shown(value, n, cells, at, told(model.get("_spot"), model.get("_spot_notes"))),
          path,
          along: this.#along && path.length > 0,
          piece: join(cells, path),
        };
      },
    };
  }

  /** Starts to ask the kernel, and to hear what Python sets. */
  join(session: Session<PadProps, unknown>): void {
    this.#session = session;
    const hear = (trait: string, heard: () => void) => {
      const on = () => {
        // What the page set itself, and what a host sends back of that, is no wish of Python's.
        if (this.#mine.get(trait) !== JSON.stringify(this.#model.get(trait))) heard();
      };
      this.#model.on(`change:${trait}`, on);
      this.#leave.push(() => this.#model.off(`change:${trait}`, on));
    };
    hear("value", () => {
      this.#mine.delete("value");
      this.#rest(null);
      this.#along = false;
      session.touch();
    });
    hear("path", () => {
      this.#mine.delete("path");
      this.#along = this.#path(this.#n()).length > 0;
      session.touch();
    });
    hear("_elsewhere", () => void this.#fetch());
    const settle = () => {
      if (this.#resting === undefined || !this.#aim) return;
      clearTimeout(this.#resting);
      void this.#decode(this.#aim);
    };
    this.#model.on("settle", settle);
    this.#leave.push(() => this.#model.off("settle", settle));
    void this.#fetch();
  }

  actions(common: CommonActions): PadActions {
    return {
      ...common,
      cell: (cell) => {
        this.#along = false;
        this.#go(spotOf(cell, this.#n()));
      },
      follow: (cell) => this.#go(spotOf(cell, this.#n())),
      between: (spot) => {
        this.#along = false;
        if (onCell(spot)) this.#go(spot);
        else this.#rest(spot);
        this.#session?.touch();
      },
      path: (change) => {
        const n = this.#n();
        const before = this.#path(n);
        const cells = change(before);
        if (cells !== before) {
          const rows = cells.map((cell) => [...spotOf(cell, n)]);
          this.#set("path", rows);
        }
        if (cells.length === 0) this.#along = false;
        this.#session?.touch();
        return cells.length;
      },
      along: (on) => {
        this.#along = on;
        this.#session?.touch();
      },
    };
  }

  dispose(): void {
    clearTimeout(this.#resting);
    for (const leave of this.#leave) leave();
  }

  #n(): number {
    return Math.max(2, Math.round(number(this.#model.get("n"), 2)));
  }

  #path(n: number): readonly number[] {
    return this.#readPath(this.#model.get("path"), n);
  }

  #shown(
    value: Spot,
    n: number,
    cells: readonly Clip[],
    places: readonly Place[],
    told: Decoded | null,
  ): Shown {
    if (!onCell(value)) {
      const found = [this.#decoded, told].find((item) => item && same(item.spot, value));
      if (found) return found;
    }
    const cell = cellAt(value, n);
    const cost = (this.#model.get("_costs") as unknown[] | undefined)?.[cell];
    return {
      clip: cells[cell] ?? EMPTY_CLIP,
      place: places[cell] ?? null,
      cost: typeof cost === "number" ? cost : null,
      preview: !onCell(value),
    };
  }

  #set(name: string, value: unknown): void {
    this.#mine.set(name, JSON.stringify(value));
    this.#session?.saver.set(name, value);
  }

  #go(spot: Spot): void {
    this.#rest(null);
    if (!same(spot, readSpot(this.#model.get("value"), this.#n()))) this.#set("value", [...spot]);
    this.#session?.touch();
  }

  #rest(spot: Spot | null): void {
    clearTimeout(this.#resting);
    this.#resting = undefined;
    this.#aim = spot;
    if (spot) this.#resting = setTimeout(() => void this.#decode(spot), REST);
  }

  /** The kernel decodes first and is then told to go there: a late answer moves nothing back. */
  async #decode(spot: Spot): Promise<void> {
    this.#resting = undefined;
    const [row, column] = spot;
    const reply = await this.#session?.channel("decode").latest("decode", { row, column });
    if (this.#aim !== spot) return;
    this.#decoded = reply ? readDecoded(reply.result, reply.buffers[0]) : null;
    // Where the kernel cannot, the pad stands on the cell whose music it shows.
    this.#go(this.#decoded ? spot : spotOf(cellAt(spot, this.#n()), this.#n()));
  }

  async #fetch(): Promise<void> {
    const name = text(this.#model.get("_elsewhere"));
    if (!name || this.#fetched?.name === name) return;
    const reply = await this.#session?.channel("cells").latest("cells", {});
    if (!reply) return;
    const { version, offsets } = (reply.result ?? {}) as Record<string, unknown>;
    const clips = readSteps(reply.buffers[0] as Bytes, this.#model.get("_score"), offsets);
    this.#fetched = { name: text(version), clips };
    this.#session?.touch();
  }
}
