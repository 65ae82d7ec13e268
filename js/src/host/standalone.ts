/** A model without a kernel: its traits come from the page's file, and the page itself answers its requests. */

import { type Decoded, hamming } from "../core/decoding";
import { type Bytes, viewOf } from "../core/notes";
import type { Model } from "./model";

export interface Answer {
  readonly result?: unknown;
  readonly buffers?: readonly Bytes[];
}

/** Carries out one operation; throws a `Limit` for what the page cannot do. */
export type Handler = (args: Record<string, unknown>) => Answer | Promise<Answer>;
/** By name of operation: what `_handlers` is in the kernel. */
export type Answers = Readonly<Record<string, Handler>>;

/** What a page without a kernel cannot do, in the reader's words. */
export class Limit extends Error {
  override readonly name = "Limit";

  constructor(
    message: string,
    readonly hint = "",
  ) {
    super(message);
  }
}

type Listener = (...values: never[]) => void;

interface Asked {
  readonly id?: unknown;
  readonly op?: unknown;
  readonly args?: Record<string, unknown>;
}

export class StandaloneModel implements Model {
  readonly alone = true;
  readonly #traits: Map<string, unknown>;
  readonly #listeners = new Map<string, Set<Listener>>();
  #answers: Answers = {};
  #missing = (op: string) => new Limit(op);
  #others: ((content: unknown) => boolean) | undefined;

  constructor(traits: Readonly<Record<string, unknown>>) {
    this.#traits = new Map(Object.entries(traits));
  }

  /** Takes what answers, and what is said where nothing does. */
  answer(answers: Answers, missing: (op: string) => Limit): void {
    this.#answers = answers;
    this.#missing = missing;
  }

  /** Takes who is given each message first: a Studio's parts speak through its model. */
  divert(others: (content: unknown) => boolean): void {
    this.#others = others;
  }

  /** Says something that is no answer. */
  tell(content: unknown, buffers: readonly Bytes[] = []): void {
    this.#emit("msg:custom", content, buffers);
  }

  /** All traits. */
  state(): Record<string, unknown> {
    return Object.fromEntries(this.#traits);
  }

  get(name: string): unknown {
    return this.#traits.get(name);
  }

  set(name: string, value: unknown): void {
    if (this.#traits.get(name) !== value) this.put({ [name]: value });
  }

  /** Sets several traits as a kernel would: all are there before the first change is heard. */
  put(traits: Readonly<Record<string, unknown>>): void {
    for (const [name, value] of Object.entries(traits)) this.#traits.set(name, value);
    for (const [name, value] of Object.entries(traits)) this.#emit(`change:${name}`, this, value);
    this.#emit("put", traits);
  }

  /** Nobody keeps anything. */
  save_changes(): void {}

  on(event: string, listener: Listener): void {
    this.#listeners.set(event, new Set(this.#listeners.get(event)).add(listener));
  }

  off(event?: string | null, listener?: Listener | null): void {
    if (!event) this.#listeners.clear();
    else if (!listener) this.#listeners.delete(event);
    else {
      const left = new Set(this.#listeners.get(event));
      left.delete(listener);
      this.#listeners.set(event, left);
    }
  }

  send(content: unknown): void {
    if (this.#others?.(content)) return;
    void this.#answer(content as Asked);
  }

  async #answer({ id, op, args }: Asked): Promise<void> {
    let reply: unknown;
    let buffers: readonly Bytes[] = [];
    try {
      const handler = this.#answers[String(op)];
      if (!handler) throw this.#missing(String(op));
      const answer = await handler(args ?? {});
      buffers = answer.buffers ?? [];
      reply = { id, ok: true, result: answer.result ?? {} };
    } catch (error) {
      const hint = error instanceof Limit ? error.hint : "";
      const code = error instanceof Limit ? "page" : "internal";
      reply = { id, ok: false, error: { code, message: (error as Error).message, hint } };
    }
    this.#emit("msg:custom", reply, buffers);
  }

  #emit(event: string, ...values: unknown[]): void {
    for (const listener of this.#listeners.get(event) ?? [])
      (listener as (...all: unknown[]) => void)(...values);
  }
}

/** A value of the file: `{"$bytes": base64}` becomes bytes, however deep it lies. */
export function revive(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(revive);
  if (typeof value !== "object" || value === null) return value;
  const { $bytes } = value as { $bytes?: unknown };
  if (typeof $bytes === "string") return new DataView(Uint8Array.from(atob($bytes), byteOf).buffer);
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, revive(item)]));
}

const byteOf = (char: string): number => char.charCodeAt(0);

/** Little-endian float32 numbers, cut into rows. */
export function rowsOf(bytes: unknown, width: number): Float32Array[] {
  if (!bytes) return [];
  const view = viewOf(bytes as Bytes);
  const rows = Math.floor(view.byteLength / 4 / width);
  return Array.from({ length: rows }, (_, row) =>
    Float32Array.from({ length: width }, (__, k) => view.getFloat32(4 * (row * width + k), true)),
  );
}

/** Bytes, cut into as many equal rows. */
export function tokensOf(bytes: unknown, count: number): Uint8Array[] {
  if (!bytes || count === 0) return [];
  const { buffer, byteOffset, byteLength } = viewOf(bytes as Bytes);
  const width = byteLength / count;
  return Array.from({ length: count }, (_, k) => new Uint8Array(buffer, byteOffset + k * width, width));
}

/** Share of tokens in which a decoded clip differs from each waypoint. */
export const distancesTo = (waypoints: readonly Uint8Array[], { tokens, width }: Decoded): number[] =>
  waypoints.map((waypoint) => hamming(waypoint, tokens, width));
