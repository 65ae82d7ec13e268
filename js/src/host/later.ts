/** Notes that are too many for a trait: the page asks for them, and holds them. */

import { type Bytes, viewOf } from "../core/notes";
import type { Model } from "./model";
import type { Session } from "./session";

/** Traits of a table: the notes, empty where they come by message, and where its clips begin. */
export interface Table {
  readonly notes: string;
  readonly offsets: string;
}

type Open = Pick<Session<unknown, unknown>, "channel" | "touch">;

export class Later<Name extends string> {
  readonly #model: Model;
  readonly #tables: Readonly<Record<Name, Table>>;
  readonly #held = new Map<Name, { readonly offsets: unknown; readonly bytes: Bytes }>();

  constructor(model: Model, tables: Readonly<Record<Name, Table>>) {
    this.#model = model;
    this.#tables = tables;
  }

  bytes(name: Name): Bytes | null {
    const { notes, offsets } = this.#tables[name];
    const held = this.#held.get(name);
    if (held && held.offsets === this.#model.get(offsets)) return held.bytes;
    return this.#model.get(notes) as Bytes | null;
  }

  /** Asks for what is missing, now and whenever other notes take its place; gives back the way to stop. */
  fetch(session: Open): () => void {
    const names = Object.keys(this.#tables) as Name[];
    const ask = () => {
      for (const name of names) if (this.#missing(name)) this.#ask(name, session);
    };
    const soon = () => queueMicrotask(ask);
    for (const name of names) this.#model.on(`change:${this.#tables[name].offsets}`, soon);
    ask();
    return () => {
      for (const name of names) this.#model.off(`change:${this.#tables[name].offsets}`, soon);
    };
  }

  #missing(name: Name): boolean {
    const offsets = this.#model.get(this.#tables[name].offsets);
    const rows = Array.isArray(offsets) ? Number(offsets.at(-1)) : 0;
    const bytes = this.bytes(name);
    return rows > 0 && (!bytes || viewOf(bytes).byteLength === 0);
  }

  #ask(name: Name, session: Open): void {
    const offsets = this.#model.get(this.#tables[name].offsets);
    void session
      .channel(`notes-${name}`)
      .latest("notes", { table: name })
      .then((reply) => {
        const bytes = reply?.buffers[0];
        if (!bytes || offsets !== this.#model.get(this.#tables[name].offsets)) return;
        this.#held.set(name, { offsets, bytes });
        session.touch();
      });
  }
}
