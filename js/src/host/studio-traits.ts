/** Traits of the Studio, and what a reader's hand does before the kernel has answered. */

import { publish } from "../core/bus";
import { type Clip, readPlace, readScore } from "../core/clip";
import { type Bytes, decodeSteps } from "../core/notes";
import type { CommonActions } from "../core/props";
import {
  type Current,
  type Export,
  type Kept,
  type Song,
  type Span,
  type StudioActions,
  type StudioProps,
  scoreOf,
  songOf,
} from "../core/studio-props";
import type { Model } from "./model";
import { encodeBase64, RpcError } from "./rpc";
import type { Session } from "./session";
import { COMMON, memo, number, type Reader, readCommon, text } from "./traits";

/** What a Studio's host needs of the seats. */
export interface Sounds {
  readonly leader: string;
  readonly playing: boolean;
  lead(name: string): void;
  touch(part: string): void;
  seek(quarter: number): void;
  playOnly(name: string): Promise<void>;
  programmeOf(part: string): { readonly clip: Clip; readonly place?: StudioProps["place"] } | undefined;
}

export const SONG = "song";
export const ROLL = "roll";
/** Bytes of one message: a server takes some megabytes at most. */
const CHUNK = 192 * 1024;

const record = (value: unknown): Record<string, unknown> => (value ?? {}) as Record<string, unknown>;
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

/** The tray; clips that are as they were stay the same objects, so that nothing is painted or rendered again. */
export function keptReader() {
  let known = new Map<number, Kept>();
  return memo((items, notes, offsets, score): readonly Kept[] => {
    const common = readScore(score);
    const cuts = list(offsets).length > 1 ? (offsets as number[]) : [0, 0];
    const steps = decodeSteps(notes as Bytes | null, cuts);
    const all = list(items).map((item, k): Kept => {
      const { id, place, bars } = record(item);
      const clip = { notes: steps[k] ?? [], score: scoreOf(common, number(bars, 1)) };
      const before = known.get(Number(id))?.clip;
      const same = before && JSON.stringify(before) === JSON.stringify(clip);
      return {
        ...readCurrent(item),
        id: Number(id),
        place: readPlace(place),
        clip: same ? before : clip,
      };
    });
    known = new Map(all.map((item) => [item.id, item]));
    return all;
  });
}

const readCurrent = (value: unknown): Current => {
  const { part, title, args } = record(value);
  return { part: text(part), title: text(title), args: record(args) };
};

/** The song; while its clips stay, it stays the same object. */
function songReader() {
  let last: { readonly clips: readonly Kept[]; readonly song: Song } | undefined;
  return (kept: readonly Kept[], ids: readonly number[]): Song => {
    const clips = ids.flatMap((id) => kept.find((item) => item.id === id) ?? []);
    const same = (item: Kept, k: number) =>
      last?.clips[k]?.id === item.id && last.clips[k]?.clip === item.clip;
    if (last && last.clips.length === clips.length && clips.every(same))
      return { clip: last.song.clip, spans: renamed(last.song.spans, clips) };
    last = { clips, song: songOf(kept, ids) };
    return last.song;
  };
}

const renamed = (spans: readonly Span[], clips: readonly Kept[]): Span[] =>
  spans.map((span, k) => ({ ...span, kept: clips[k] ?? span.kept }));

export class StudioModel {
  readonly reader: Reader<StudioProps>;
  /** Under which the roll follows the part that leads, in this page alone. */
  readonly topic = `studio-${Math.random().toString(36).slice(2, 12)}`;
  readonly #alone: boolean;
  #session: Session<StudioProps, Sounds> | undefined;
  #parts: readonly string[] = [];
  /** What was asked for last, until the kernel has it. */
  #arrangement: readonly number[] | null = null;
  #chosen: number | null = null;
  #saving: StudioProps["saving"] = null;
  /** Until what hands did in the parts has come to the kernel. */
  #settled: () => Promise<void> = async () => {};
  /** Until the last edit is on its way. */
  #turn: Promise<void> = Promise.resolve();

  constructor(model: Model) {
    this.#alone = model.alone === true;
    const kept = keptReader();
    const song = songReader();
    const current = memo(readCurrent);
    const tables = ["_kept", "_kept_notes", "_kept_offsets", "_kept_score"];
    this.reader = {
      traits: [...COMMON, ...tables, "_arrangement", "_chosen", "_current", "_undo", "_redo"],
      read: () => {
        const tray = kept(...tables.map((name) => model.get(name)));
        const ids = this.#arrangement ?? list(model.get("_arrangement")).map(Number);
        const arrangement = ids.filter((id) => tray.some((item) => item.id === id));
        return {
          ...readCommon(model),
          parts: this.#parts,
          kept: tray,
          arrangement,
          song: song(tray, arrangement),
          chosen: this.#chosen ?? number(model.get("_chosen"), -1),
          current: current(model.get("_current")),
          place: this.#session?.player.programmeOf(ROLL)?.place ?? null,
          canUndo: number(model.get("_undo"), 0) > 0,
          canRedo: number(model.get("_redo"), 0) > 0,
          saving: this.#saving,
        };
      },
    };
  }

  join(session: Session<StudioProps, Sounds>): void {
    this.#session = session;
  }

  /** Names what an edit waits for. */
  after(settled: () => Promise<void>): void {
    this.#settled = settled;
  }

  /** Views follow. */
  touch(): void {
    this.#session?.touch();
  }

  /** The kernel has sent its parts: they can be shown. */
  opened(parts: readonly string[]): void {
    this.#parts = parts;
    this.touch();
  }

  /** A part under the hand has another clip: the roll follows it at once. */
  follow({ part, clip, place }: { part: string; clip: Clip; place: StudioProps["place"] }): void {
    publish(this.topic, { clip, place });
    this.#session?.touch();
    // A kernel knows by itself; a page without one is told.
    if (this.#alone) void this.#ask("lead", { part, clip, place });
  }

  /** Quarter of the current clip where the song stands, if that clip sounds in it. */
  within(quarter: number): number | null {
    const { song, chosen } = this.reader.read();
    const span = song.spans.find(({ start, end }) => quarter >= start && quarter < end);
    return span && span.kept.id === chosen ? quarter - span.start : null;
  }

  actions(common: CommonActions): StudioActions {
    return {
      ...common,
      keep: async () => {
        const reply = await this.#edit("keep", {});
        const id = record(reply?.result).id;
        return typeof id === "number" ? id : null;
      },
      choose: (id) => this.#choose(id),
      rename: (id, title) => void this.#edit("rename", { id, title }),
      discard: (id) => void this.#edit("discard", { id }),
      arrange: (ids) => this.#arrange("arrange", { ids }, ids),
      clear: () => this.#arrange("clear", {}, []),
      end: (which, id) => void this.#edit("end", { which, id }),
      corner: (which, id) => void this.#edit("corner", { which, id }),
      vary: () => this.#anew("vary"),
      draw: () => this.#anew("draw"),
      undo: () => this.#anew("undo", {}),
      redo: () => this.#anew("redo", {}),
      export: (what) => void this.#export(what),
      load: (file) => void this.#load(file),
      hear: (what) => this.#hear(what),
      playSong: (quarter) => void this.#playSong(quarter),
    };
  }

  #ask(op: string, args: Readonly<Record<string, unknown>>) {
    return this.#session?.channel("studio").each(op, args);
  }

  /** Edits keep their order: none takes the place of another, and each comes after what was done in parts before. */
  async #edit(op: string, args: Readonly<Record<string, unknown>>) {
    const on = await this.#inTurn();
    const reply = this.#ask(op, args);
    on();
    return reply;
  }

  /** Waits for its turn; gives back what lets the next one go on. */
  async #inTurn(): Promise<() => void> {
    const before = this.#turn;
    let on = () => {};
    this.#turn = new Promise((next) => {
      on = next;
    });
    await before;
    await this.#settled();
    return on;
  }

  /** Something else becomes the current clip, which is then what is heard. */
  #anew(op: string, args: Readonly<Record<string, unknown>> = { seed: freshSeed() }): void {
    this.#lead();
    void this.#edit(op, args);
  }

  #lead(): void {
    const sounds = this.#session?.player;
    sounds?.touch("");
    if (sounds?.leader !== SONG) sounds?.lead(ROLL);
  }

  #choose(id: number): void {
    const kept = this.reader.read().kept.find((item) => item.id === id);
    if (!kept) return;
    this.#hear("clip");
    publish(this.topic, { clip: kept.clip, place: kept.place });
    this.#chosen = id;
    this.#session?.touch();
    void this.#edit("choose", { id }).then(() => {
      if (this.#chosen !== id) return;
      this.#chosen = null;
      this.#session?.touch();
    });
  }

  #arrange(op: string, args: Readonly<Record<string, unknown>>, ids: readonly number[]): void {
    this.#arrangement = ids;
    this.#session?.touch();
    void this.#edit(op, args).then(() => {
      if (this.#arrangement !== ids) return;
      this.#arrangement = null;
      this.#session?.touch();
    });
  }

  #hear(what: "song" | "clip"): void {
    const sounds = this.#session?.player;
    if (what === "song") sounds?.lead(SONG);
    else {
      sounds?.touch("");
      sounds?.lead(ROLL);
    }
  }

  async #playSong(quarter?: number): Promise<void> {
    const sounds = this.#session?.player;
    if (!sounds) return;
    if (quarter !== undefined) {
      sounds.lead(SONG);
      sounds.seek(quarter);
    }
    await sounds.playOnly(SONG);
  }

  async #export(what: Export): Promise<void> {
    const session = this.#session;
    if (!session || this.#saving) return;
    this.#say(what);
    (await this.#inTurn())();
    try {
      const { bytes, told } = await session.file("export", { what });
      download(new Blob([bytes], { type: text(told.mime) }), text(told.name) || `studio.${what}`);
      session.work.say(null);
    } catch (error) {
      this.#failed(error);
    }
    this.#say(null);
  }

  /** Sends a session file piece by piece; the kernel reads it with the last. */
  async #load(file: File): Promise<void> {
    const session = this.#session;
    if (!session || this.#saving) return;
    this.#say("load");
    // What is pressed meanwhile comes after it.
    const on = await this.#inTurn();
    const { name, size } = file;
    for (let sent = 0; sent === 0 || sent < size; sent += CHUNK) {
      const piece = await file
        .slice(sent, sent + CHUNK)
        .arrayBuffer()
        .catch(() => null);
      const args = piece && { name, size, offset: sent, data: encodeBase64(piece) };
      const reply = args && (await this.#ask("load", args));
      // Why it failed is in the status line already.
      if (!reply) break;
    }
    on();
    this.#lead();
    this.#say(null);
  }

  #failed(error: unknown): void {
    const told = error instanceof RpcError ? error : new RpcError("error", String(error));
    const kind = told.code === "page" ? "info" : "error";
    this.#session?.work.say(
      told.code === "timeout"
        ? { kind: "gone" }
        : { kind: "failed", status: { kind, text: told.message, hint: told.hint } },
    );
  }

  #say(saving: StudioProps["saving"]): void {
    this.#saving = saving;
    this.#session?.touch();
  }
}

const freshSeed = (): number => Math.floor(Math.random() * 2 ** 31);

/** Hands a file to the browser. */
function download(file: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  // The browser has taken it by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
