/** Work asked of the kernel: `{id, channel, op, args}` out, `{id, ok, result | error}` or `{id, progress}` back. */

import { type Bytes, viewOf } from "../core/notes";
import type { Model } from "./model";

export class RpcError extends Error {
  override readonly name = "RpcError";

  constructor(
    /** "timeout" where nobody answers, "page" where a page without a kernel has come to its end. */
    readonly code: string,
    message: string,
    readonly hint = "",
  ) {
    super(message);
  }
}

export interface Reply {
  readonly result: unknown;
  readonly buffers: readonly Bytes[];
}

export interface RequestOptions {
  /** Milliseconds without an answer or progress after which the request fails with the code "timeout". */
  readonly timeout?: number;
  readonly progress?: (value: unknown) => void;
}

interface Waiting {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
  readonly progress: ((value: unknown) => void) | undefined;
  readonly renew: () => void;
}

interface Answer {
  readonly id?: unknown;
  readonly ok?: unknown;
  readonly result?: unknown;
  readonly progress?: unknown;
  readonly error?: { readonly code?: unknown; readonly message?: unknown; readonly hint?: unknown };
}

const TIMEOUT = 20_000;

export class Rpc {
  readonly #model: Model;
  readonly #waiting = new Map<string, Waiting>();
  /** Other views of the model hear the same answers: ids must not meet. */
  readonly #stem = Math.random().toString(36).slice(2, 10);
  #count = 0;

  constructor(model: Model) {
    this.#model = model;
    model.on("msg:custom", this.#hear as (...values: never[]) => void);
  }

  /** Whether the page itself answers. */
  get alone(): boolean {
    return this.#model.alone === true;
  }

  request(channel: string, op: string, args: unknown, options: RequestOptions = {}): Promise<Reply> {
    const id = `${this.#stem}-${++this.#count}`;
    return new Promise<Reply>((resolve, reject) => {
      let timer: ReturnType<typeof setTimeout>;
      const settle = () => {
        clearTimeout(timer);
        this.#waiting.delete(id);
      };
      const fail = (error: Error) => {
        settle();
        reject(error);
      };
      const renew = () => {
        clearTimeout(timer);
        timer = setTimeout(
          () => fail(new RpcError("timeout", `the kernel did not answer "${op}"`)),
          options.timeout ?? TIMEOUT,
        );
      };
      renew();
      const progress = options.progress;
      this.#waiting.set(id, {
        resolve: (reply) => {
          settle();
          resolve(reply);
        },
        reject: fail,
        progress,
        renew,
      });
      try {
        this.#model.send({ id, channel, op, args });
      } catch (error) {
        fail(new RpcError("timeout", String(error)));
      }
    });
  }

  dispose(): void {
    this.#model.off("msg:custom", this.#hear as (...values: never[]) => void);
    for (const waiting of [...this.#waiting.values()])
      waiting.reject(new RpcError("timeout", "the widget was closed"));
  }

  readonly #hear = (answer: Answer | null, buffers?: readonly Bytes[]): void => {
    const waiting = typeof answer?.id === "string" ? this.#waiting.get(answer.id) : undefined;
    if (!answer || !waiting) return;
    if (answer.ok === true) waiting.resolve({ result: answer.result, buffers: buffers ?? [] });
    else if (answer.ok === false) {
      const { code, message, hint } = answer.error ?? {};
      waiting.reject(new RpcError(String(code ?? "error"), String(message ?? ""), String(hint ?? "")));
    } else if ("progress" in answer) {
      waiting.renew();
      waiting.progress?.(answer.progress);
    }
  };
}

/** Time in ms for a file to arrive: megabytes as base64 through a slow proxy take their time. */
const ASSET_TIMEOUT = 60_000;

interface AssetResult {
  /** Bytes of the file, and of the piece that is sent. */
  readonly size?: unknown;
  readonly length?: unknown;
  readonly data?: unknown;
}

/** A file of the package or of the user. */
export const fetchAsset = async (rpc: Rpc, name: string): Promise<ArrayBuffer> =>
  (await fetchFile(rpc, "asset", { name })).bytes;

/** A file that an operation sends piece by piece, as hosts limit how long a message may be; and what it said of it. */
export async function fetchFile(
  rpc: Rpc,
  op: string,
  args: Readonly<Record<string, unknown>>,
): Promise<{ bytes: ArrayBuffer; told: Readonly<Record<string, unknown>> }> {
  const pieces: ArrayBuffer[] = [];
  let got = 0;
  for (;;) {
    const { bytes, size, told } = await fetchPiece(rpc, op, args, got);
    pieces.push(bytes);
    got += bytes.byteLength;
    if (got >= size || bytes.byteLength === 0)
      return { bytes: pieces.length === 1 ? bytes : await new Blob(pieces).arrayBuffer(), told };
  }
}

/** What begins at a byte of a file, as a buffer or, where a host loses those, as base64. */
async function fetchPiece(
  rpc: Rpc,
  op: string,
  what: Readonly<Record<string, unknown>>,
  start: number,
): Promise<{ bytes: ArrayBuffer; size: number; told: Readonly<Record<string, unknown>> }> {
  const args = start > 0 ? { ...what, start } : what;
  const { result, buffers } = await rpc.request(op, op, args, { timeout: ASSET_TIMEOUT });
  const told = (result ?? {}) as Record<string, unknown>;
  const { size, length = size } = (result ?? {}) as AssetResult;
  const bytes = buffers[0];
  if (bytes) {
    const view = viewOf(bytes);
    const whole = typeof length !== "number" || length === view.byteLength;
    if (view.byteLength > 0 && whole)
      return { bytes: copyOf(view), size: typeof size === "number" ? size : view.byteLength, told };
  }
  const again = await rpc.request(op, op, { ...args, base64: true }, { timeout: ASSET_TIMEOUT });
  const { data, size: total } = (again.result ?? {}) as AssetResult;
  if (typeof data !== "string") throw new RpcError("asset", `"${what.name ?? op}" did not arrive`);
  const piece = decodeBase64(data);
  return { bytes: piece, size: typeof total === "number" ? total : piece.byteLength, told };
}

const copyOf = (view: DataView): ArrayBuffer =>
  new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice().buffer;

export function encodeBase64(buffer: ArrayBuffer): string {
  const bytes = new Uint8Array(buffer);
  let text = "";
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(text);
}

export function decodeBase64(text: string): ArrayBuffer {
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
  return bytes.buffer;
}
