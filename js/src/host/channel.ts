/** Requests of one kind: one in flight, the newest wins, the stale are dropped before they cost a decode. */

import type { Strain, Work } from "../core/work";
import { type Reply, type RequestOptions, type Rpc, RpcError } from "./rpc";

/** Milliseconds after which the page says that it waits, and that the kernel does not answer. */
const WAITING = 300;
const GONE = 10_000;
/** A kernel that trains for minutes still answers at last: its answer is waited for. */
const TIMEOUT = 3_600_000;

export interface ChannelOptions extends RequestOptions {
  /** Asked for ahead and not by a reader: how the kernel fares with it is not said. */
  readonly quiet?: boolean;
}

interface Wish {
  readonly op: string;
  readonly args: unknown;
  readonly options: ChannelOptions;
}

interface Waiting extends Wish {
  readonly settle: (reply: Reply | null) => void;
}

export class Channel {
  readonly #rpc: Rpc;
  readonly #work: Work;
  readonly #name: string;
  #busy = false;
  #next: Waiting | undefined;

  constructor(rpc: Rpc, work: Work, name: string) {
    this.#rpc = rpc;
    this.#work = work;
    this.#name = name;
  }

  /** The kernel's answer; null where a newer request took this one's place, or where it failed, which is said. */
  latest(op: string, args: unknown, options: ChannelOptions = {}): Promise<Reply | null> {
    return new Promise((settle) => {
      this.#next?.settle(null);
      this.#next = { op, args, options, settle };
      if (!this.#busy) void this.#run();
    });
  }

  /** The same of an edit: none takes its place, and they are made in the order in which they are asked. */
  each(op: string, args: unknown, options: ChannelOptions = {}): Promise<Reply | null> {
    return this.#ask({ op, args, options });
  }

  async #run(): Promise<void> {
    this.#busy = true;
    for (let wish = this.#next; wish; wish = this.#next) {
      this.#next = undefined;
      wish.settle(await this.#ask(wish));
    }
    this.#busy = false;
  }

  async #ask({ op, args, options }: Wish): Promise<Reply | null> {
    const say = (strain: Strain | null) => {
      if (!options.quiet) this.#work.say(strain);
    };
    const timers = this.#rpc.alone
      ? [setTimeout(() => say({ kind: "working" }), WAITING)]
      : [setTimeout(() => say({ kind: "waiting" }), WAITING), setTimeout(() => say({ kind: "gone" }), GONE)];
    try {
      const reply = await this.#rpc.request(this.#name, op, args, { timeout: TIMEOUT, ...options });
      say(null);
      return reply;
    } catch (error) {
      const told = error instanceof RpcError ? error : new RpcError("error", String(error));
      const kind = told.code === "page" ? "info" : "error";
      say(
        told.code === "timeout"
          ? { kind: "gone" }
          : { kind: "failed", status: { kind, text: told.message, hint: told.hint } },
      );
      return null;
    } finally {
      for (const timer of timers) clearTimeout(timer);
    }
  }
}
