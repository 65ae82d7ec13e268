/** A part of a Studio as its widget sees it: a model whose traits and messages go through the Studio's own channel. */

import { type Bytes, viewOf } from "../core/notes";
import type { Model } from "./model";
import { encodeBase64 } from "./rpc";
import { PLAYED } from "./traits";

type Listener = (...values: never[]) => void;

/** What a part has from its Studio. */
const SHARED = [...PLAYED, "_bank"] as const;
/** What a part does not do by itself: the Studio plays, and the Studio says who follows whom. */
const NONE = ["playing", "_topic", "_together", "_since"] as const;

const shared: ReadonlySet<string> = new Set(SHARED);
const none: ReadonlySet<string> = new Set(NONE);
const isShared = (event: string): boolean => shared.has(event.replace("change:", ""));

/** A message of a part, either way. */
export interface PartMessage {
  readonly part: string;
  readonly method: "update" | "custom";
  readonly state?: Readonly<Record<string, unknown>>;
  readonly buffer_paths?: readonly (readonly (string | number)[])[];
  readonly content?: unknown;
}

export const isPartMessage = (content: unknown): content is PartMessage =>
  typeof (content as PartMessage | null)?.part === "string";

export class PartModel implements Model {
  readonly #studio: Model;
  readonly #name: string;
  readonly #stem = `part-${Math.random().toString(36).slice(2, 10)}`;
  readonly #traits = new Map<string, unknown>();
  /** Traits that the page decides. */
  readonly #own = new Map<string, unknown>();
  readonly #dirty = new Set<string>();
  /** Whether the Studio has traits to save for this part. */
  #passed = false;
  /** The request whose answer says that the kernel has taken the last update; while it is open the newest waits. */
  #asked = "";
  #count = 0;
  /** What that update said, and whether the kernel meanwhile said something else. */
  #flying: Readonly<Record<string, unknown>> = {};
  #crossed = false;
  /** Requests without an answer. */
  readonly #open = new Set<unknown>();
  readonly #listeners = new Map<string, Set<Listener>>();

  constructor(studio: Model, name: string) {
    this.#studio = studio;
    this.#name = name;
    studio.on("msg:custom", this.#hear as Listener);
  }

  get alone(): boolean {
    return this.#studio.alone === true;
  }

  /** Whether the kernel has sent anything. */
  get filled(): boolean {
    return this.#traits.size > 0;
  }

  /** Whether the kernel has all that the page has to say, and has answered it. */
  get quiet(): boolean {
    return this.#dirty.size === 0 && !this.#asked && this.#open.size === 0;
  }

  /** Lets the part say at once what it waits with. */
  settle(): void {
    this.#emit("settle");
    this.#update();
  }

  get(name: string): unknown {
    if (none.has(name)) return undefined;
    if (shared.has(name)) return this.#studio.get(name);
    return this.#own.has(name) ? this.#own.get(name) : this.#traits.get(name);
  }

  set(name: string, value: unknown): void {
    if (none.has(name)) return;
    if (shared.has(name)) {
      this.#studio.set(name, value);
      this.#passed = true;
      return;
    }
    if (this.get(name) === value) return;
    this.#traits.set(name, value);
    this.#dirty.add(name);
    this.#emit(`change:${name}`, this, value);
  }

  /** Sets what the page decides and the kernel never hears. */
  decide(name: string, value: unknown): void {
    if (this.#own.get(name) === value) return;
    this.#own.set(name, value);
    this.#emit(`change:${name}`, this, value);
  }

  save_changes(): void {
    if (this.#passed) this.#studio.save_changes();
    this.#passed = false;
    this.#update();
  }

  on(event: string, listener: Listener): void {
    if (isShared(event)) this.#studio.on(event, listener);
    else this.#listeners.set(event, new Set(this.#listeners.get(event)).add(listener));
  }

  off(event?: string | null, listener?: Listener | null): void {
    if (!event) this.#listeners.clear();
    else if (isShared(event)) this.#studio.off(event, listener);
    else if (!listener) this.#listeners.delete(event);
    else {
      const left = new Set(this.#listeners.get(event));
      left.delete(listener);
      this.#listeners.set(event, left);
    }
  }

  send(content: unknown): void {
    const id = (content as { id?: unknown } | null)?.id;
    if (id !== undefined) this.#open.add(id);
    this.#tell({ part: this.#name, method: "custom", content });
  }

  dispose(): void {
    this.#studio.off("msg:custom", this.#hear as Listener);
    this.#listeners.clear();
  }

  #update(): void {
    if (this.#dirty.size === 0 || this.#asked) return;
    // Hosts lose buffers on the way to the kernel: bytes go as text.
    const state = Object.fromEntries([...this.#dirty].map((name) => [name, plain(this.#traits.get(name))]));
    this.#dirty.clear();
    this.#flying = state;
    this.#tell({ part: this.#name, method: "update", state, buffer_paths: [] });
    this.#ask({});
  }

  #ask(args: { readonly part?: string }): void {
    this.#asked = `${this.#stem}-${++this.#count}`;
    this.#studio.send({ id: this.#asked, channel: this.#name, op: "heard", args });
  }

  /** The kernel has taken the update. What it said meanwhile may be older: then it says all of it again. */
  #answered(): void {
    const crossed = this.#crossed;
    this.#asked = "";
    this.#flying = {};
    this.#crossed = false;
    if (crossed) this.#ask({ part: this.#name });
    else this.#update();
  }

  #tell(message: PartMessage): void {
    this.#studio.send(message);
  }

  readonly #hear = (message: unknown, buffers: readonly Bytes[] = []): void => {
    if (this.#asked && (message as { id?: unknown } | null)?.id === this.#asked) {
      this.#answered();
      return;
    }
    if (!isPartMessage(message) || message.part !== this.#name) return;
    if (message.method === "custom") {
      const { id, ok } = (message.content ?? {}) as { id?: unknown; ok?: unknown };
      if (ok !== undefined) this.#open.delete(id);
      this.#emit("msg:custom", message.content, buffers);
      return;
    }
    const state: Record<string, unknown> = { ...message.state };
    message.buffer_paths?.forEach((path, k) => {
      const bytes = buffers[k];
      if (bytes) putAt(state, path, viewOf(bytes));
    });
    // As a host does: all are there before the first change is heard. What the page is about to say holds.
    const news = Object.entries(state).filter(
      ([name]) => !shared.has(name) && !none.has(name) && !this.#dirty.has(name),
    );
    this.#crossed ||= news.some(
      ([name, value]) =>
        name in this.#flying && JSON.stringify(plain(value)) !== JSON.stringify(this.#flying[name]),
    );
    for (const [name, value] of news) this.#traits.set(name, value);
    for (const [name, value] of news) if (!this.#own.has(name)) this.#emit(`change:${name}`, this, value);
  };

  #emit(event: string, ...values: unknown[]): void {
    for (const listener of this.#listeners.get(event) ?? [])
      (listener as (...all: unknown[]) => void)(...values);
  }
}

/** Puts a buffer where ipywidgets took it out; the holders on the way are copied, as they may be another's. */
function putAt(state: Record<string, unknown>, path: readonly (string | number)[], bytes: DataView): void {
  const [first, ...rest] = path;
  if (first === undefined) return;
  let holder = state;
  let key: string | number = first;
  for (const next of rest) {
    const inner = holder[key];
    holder[key] = Array.isArray(inner) ? [...inner] : { ...(inner as object) };
    holder = holder[key] as Record<string, unknown>;
    key = next;
  }
  holder[key] = bytes;
}

function plain(value: unknown): unknown {
  if (value instanceof ArrayBuffer) return { $bytes: encodeBase64(value) };
  if (!ArrayBuffer.isView(value)) return value;
  const { buffer, byteOffset, byteLength } = value;
  return { $bytes: encodeBase64((buffer as ArrayBuffer).slice(byteOffset, byteOffset + byteLength)) };
}
