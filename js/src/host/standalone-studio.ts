/** The Studio without a kernel: its parts answer in the page, and so do the tray, the song, undo and MIDI (studio.py). */

import { type Clip, type Place, readPlace } from "../core/clip";
import { difference } from "../core/difference";
import { midiFile } from "../core/midi-file";
import { type Bytes, encodeNotes } from "../core/notes";
import { type Current, songOf } from "../core/studio-props";
import { isPartMessage } from "./part-model";
import { type Answers, revive, StandaloneModel } from "./standalone";
import { tableOf } from "./standalone-interpolation";
import { limit, list, numbers, type Parts, record } from "./standalone-parts";
import { keptReader } from "./studio-traits";
import { readClip, readSteps, text } from "./traits";

type Kinds = Readonly<Record<string, (parts: Parts) => Answers>>;

/** A clip, and what it is. */
interface Shown extends Current {
  readonly clip: Clip;
  readonly place: Place;
}

interface Kept extends Shown {
  readonly id: number;
}

/** All that can be undone; never changed, only replaced. */
interface Desk {
  readonly kept: readonly Kept[];
  readonly order: readonly number[];
  readonly chosen: number;
  readonly current: Shown;
  /** What was current before, with which it is compared. */
  readonly before: Shown;
}

/** Changes of one part within so many milliseconds are one step. */
const GESTURE = 600;
/** Quarters in which lengths of kept clips are counted. */
const BAR = 4;
const TABLES = ["_kept", "_kept_notes", "_kept_offsets", "_kept_score"] as const;

/** @param kinds By name of a part: what it answers as a page of its own. */
export const studioAnswers =
  (kinds: Kinds) =>
  (parts: Parts): Answers =>
    new PageStudio(parts, kinds).answers;

class PageStudio {
  readonly answers: Answers;
  readonly #parts: Parts;
  readonly #models: ReadonlyMap<string, StandaloneModel>;
  #desk: Desk;
  #past: readonly Desk[] = [];
  #future: readonly Desk[] = [];
  #next: number;
  #last = { part: "", at: 0 };
  /** Whether what a part's model takes now comes from here or from the page, and need not be said there. */
  #quiet = false;

  constructor(parts: Parts, kinds: Kinds) {
    this.#parts = parts;
    const { model, data } = parts;
    const names = list(model.get("_parts"))
      .map(String)
      .filter((name) => name in kinds);
    model.put({ _parts: names });
    this.#models = new Map(names.map((name) => [name, this.#open(name, kinds)]));
    this.#next = Number(data.next);
    this.#desk = this.#read();
    model.divert((content) => isPartMessage(content) && this.#hear(content));
    this.answers = this.#answers();
  }

  #open(name: string, kinds: Kinds): StandaloneModel {
    const { model } = this.#parts;
    const { traits, data } = record(record(this.#parts.data.parts)[name]);
    const own = new StandaloneModel(record(traits));
    const part: Parts = { ...this.#parts, model: own, data: record(data) };
    const asset = () => {
      throw limit(this.#parts, "page.notebook");
    };
    own.answer({ ...kinds[name]?.(part), asset }, () => limit(this.#parts, "page.notebook"));
    own.on("msg:custom", (content: unknown, buffers: readonly Bytes[]) =>
      model.tell({ part: name, method: "custom", content }, buffers),
    );
    own.on("put", (state: Record<string, unknown>) => {
      if (!this.#quiet) model.tell({ part: name, method: "update", state });
    });
    return own;
  }

  #hear(message: unknown): boolean {
    if (!isPartMessage(message)) return false;
    const { part, method, content, state } = message;
    const own = this.#models.get(part);
    if (method === "custom") own?.send(content);
    else this.#silently(() => own?.put(record(revive(state))));
    if (part === "roll" && state && "_notes" in state && own) {
      const { title, args } = this.#desk.current;
      const clip = readClip(own.get("_notes"), own.get("_score"));
      this.#show({ part, title: "", args: { of: title || text(args.of) }, clip, place: null });
    }
    return true;
  }

  #silently(run: () => void): void {
    this.#quiet = true;
    run();
    this.#quiet = false;
  }

  #read(): Desk {
    const { model } = this.#parts;
    const roll = this.#models.get("roll");
    const { part, title, args } = record(model.get("_current"));
    const current: Shown = {
      part: text(part),
      title: text(title),
      args: record(args),
      clip: readClip(roll?.get("_notes"), roll?.get("_score")),
      place: readPlace(roll?.get("_place")),
    };
    return {
      kept: keptReader()(...TABLES.map((name) => model.get(name))),
      order: numbers(model.get("_arrangement")),
      chosen: Number(model.get("_chosen")),
      current,
      before: this.#compared(current),
    };
  }

  /** What the file compares the current clip with. */
  #compared(current: Shown): Shown {
    const compare = this.#models.get("compare");
    if (!compare) return current;
    const { data } = record(record(this.#parts.data.parts).compare);
    const notes = record(record(data).tables).all;
    const clip = readSteps(notes, compare.get("_score"), compare.get("_offsets"))[0] ?? current.clip;
    return { ...current, clip, place: readPlace(list(compare.get("_places"))[0]) };
  }

  #answers(): Answers {
    const done = (change: Partial<Desk>) => {
      this.#go({ ...this.#desk, ...change });
      return {};
    };
    const known = (id: unknown): Kept => {
      const kept = this.#desk.kept.find((item) => item.id === Number(id));
      if (!kept) throw limit(this.#parts, "page.studio");
      return kept;
    };
    const notHere = () => {
      throw limit(this.#parts, "page.studio");
    };
    return {
      vary: notHere,
      draw: notHere,
      end: notHere,
      corner: notHere,
      load: notHere,
      open: () => {
        for (const [part, own] of this.#models)
          this.#parts.model.tell({ part, method: "update", state: own.state() });
        return {};
      },
      heard: () => ({}),
      lead: ({ part, clip, place }) => {
        const shown = { part: text(part), title: "", clip: clip as Clip, place: readPlace(place) };
        this.#show({ ...shown, args: this.#argsOf(text(part)) });
        return {};
      },
      keep: () => {
        const id = this.#next++;
        done({ kept: [...this.#desk.kept, { ...this.#desk.current, id }], chosen: id });
        return { result: { id } };
      },
      choose: ({ id }) => {
        const { clip, place, title, args } = known(id);
        return done({
          chosen: Number(id),
          current: { part: "kept", title, args: { ...args, id }, clip, place },
        });
      },
      rename: ({ id, title }) => {
        const kept = known(id);
        return done({
          kept: this.#desk.kept.map((item) => (item === kept ? { ...item, title: text(title) } : item)),
        });
      },
      discard: ({ id }) => {
        const kept = known(id);
        const { order, chosen } = this.#desk;
        return done({
          kept: this.#desk.kept.filter((item) => item !== kept),
          order: order.filter((other) => other !== kept.id),
          chosen: chosen === kept.id ? -1 : chosen,
        });
      },
      arrange: ({ ids }) => done({ order: numbers(ids) }),
      clear: () => done({ order: [] }),
      undo: () => this.#travel(-1),
      redo: () => this.#travel(1),
      export: ({ what }) => {
        if (what !== "midi") throw limit(this.#parts, "page.studio");
        const { kept, order, current } = this.#desk;
        const clip = order.length > 0 ? songOf(kept, order).clip : current.clip;
        const bytes = midiFile(clip, Number(this.#parts.model.get("tempo")));
        const size = bytes.byteLength;
        return { result: { name: "studio.mid", mime: "audio/midi", size, length: size }, buffers: [bytes] };
      },
    };
  }

  /** Where in its part a clip stands, for the page's words. */
  #argsOf(part: string): Record<string, unknown> {
    const own = this.#models.get(part);
    const value = own?.get("value");
    if (part === "pad") return { row: numbers(value)[0], column: numbers(value)[1] };
    if (part === "slider") {
      const steps = Number(own?.get("steps"));
      return { step: Number(value) * (steps - 1), steps };
    }
    return {};
  }

  #show(current: Shown): void {
    this.#go({ ...this.#desk, current, chosen: -1 }, current.part);
  }

  #go(desk: Desk, part = ""): void {
    const now = Date.now();
    const same = part !== "" && part === this.#last.part && now - this.#last.at < GESTURE;
    const { current, before } = this.#desk;
    if (!same) this.#past = [...this.#past, this.#desk];
    this.#future = [];
    this.#last = { part, at: now };
    this.#lay({ ...desk, before: same || desk.current === current ? before : current });
  }

  #travel(way: -1 | 1): Record<string, never> {
    const [from, to] = way < 0 ? [this.#past, this.#future] : [this.#future, this.#past];
    const desk = from.at(-1);
    if (!desk) return {};
    const [left, grown] = [from.slice(0, -1), [...to, this.#desk]];
    [this.#past, this.#future] = way < 0 ? [left, grown] : [grown, left];
    this.#last = { part: "", at: 0 };
    this.#lay(desk);
    return {};
  }

  #lay(desk: Desk): void {
    const before = this.#desk;
    this.#desk = desk;
    const { part, title, args } = desk.current;
    const { notes, offsets } = tableOf(desk.kept.map(({ clip }) => clip));
    const table =
      desk.kept === before.kept
        ? {}
        : { _kept: desk.kept.map(toldOf), _kept_notes: notes, _kept_offsets: offsets };
    this.#parts.model.put({
      ...table,
      _arrangement: desk.order,
      _chosen: desk.chosen,
      _current: { part, title, args },
      _undo: this.#past.length,
      _redo: this.#future.length,
    });
    if (desk.current !== before.current) this.#roll(desk.current);
    if (desk.current !== before.current || desk.before !== before.before) this.#compare(desk);
  }

  #compare({ before, current }: Desk): void {
    const clips = [before.clip, current.clip] as const;
    const { notes, offsets } = tableOf(clips);
    const [first, second] = clips;
    this.#models.get("compare")?.put({
      _notes: notes,
      _offsets: offsets,
      _score: second.score.quarters > first.score.quarters ? second.score : first.score,
      _places: [before.place ?? [], current.place ?? []],
      _difference: difference(first, second),
    });
  }

  /** The roll shows the current clip, as its Python half would let it. */
  #roll({ part, clip, place }: Shown): void {
    const roll = this.#models.get("roll");
    // What is being edited is there already.
    if (part === "roll" && roll && this.#quiet) return;
    const [_notes, _score, _place] = [encodeNotes(clip.notes), clip.score, place ?? []];
    const _revision = Number(roll?.get("_revision")) + 1;
    roll?.put({ _notes, _score, _place, _revision, _refused: [], _status: {} });
  }
}

const toldOf = ({ id, title, place, clip, part, args }: Kept) => {
  const bars = clip.score.quarters / BAR;
  return { id, title, place: place ?? [], bars, part, args };
};
