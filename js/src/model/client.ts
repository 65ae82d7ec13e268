/** The page's side: decodes in a worker, or in slices of time where the page may have none. */

import type { Decode, Decoded } from "../core/decoding";
import { measure } from "./attributes";
import type { Network } from "./decoder";
import { networkOf, type Opening, type Reply, type Request, runs } from "./messages";
import { notesOf, type Speech, tokensOf, widthOf } from "./music";

/** Where the numbers are computed. */
export type Where = "worker" | "page";

export interface InPage {
  readonly decode: Decode;
  /** Known once the worker has answered, or could not be had. */
  readonly where: Promise<Where>;
}

type Solve = (request: Omit<Request, "id">) => Promise<readonly Float32Array[]>;

/** Milliseconds for which the page stands still at most while it decodes by itself. */
const SLICE = 8;

/**
 * Opens a decoder.
 *
 * @param code The worker's program.
 */
export function openDecoder(opening: Opening, speech: Speech, code: string): InPage {
  // Made here as well: damaged weights are found at once, and the depth is known.
  const network = networkOf(opening);
  const solver = startWorker(opening, code).then(
    (solve) => ({ solve, where: "worker" as const }),
    () => ({ solve: inSlices(network), where: "page" as const }),
  );
  const decode: Decode = async (points, { temperature = null, seed = 0, programs = [] } = {}) => {
    const { solve } = await solver;
    const all = await solve({ points: points.map((z) => Float32Array.from(z)), temperature, seed });
    return all.map((rows, k) => read(speech, rows, network.depth, programs[k] ?? programs[0] ?? 0));
  };
  return { decode, where: solver.then(({ where }) => where) };
}

export function read(speech: Speech, rows: Float32Array, depth: number, program: number): Decoded {
  const tokens = tokensOf(speech, rows, depth);
  return {
    notes: notesOf(speech, tokens, rows, depth, program),
    tokens,
    width: widthOf(speech),
    got: measure(speech, tokens, rows, depth),
  };
}

/** Rejects where the browser or the page's policy allows no worker. */
function startWorker(opening: Opening, code: string): Promise<Solve> {
  return new Promise((resolve, reject) => {
    const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
    const waiting = new Map<number, { settle(rows: readonly Float32Array[]): void; fail(e: Error): void }>();
    let count = 0;
    const worker = new Worker(url);
    const solve: Solve = (request) =>
      new Promise((settle, fail) => {
        waiting.set(++count, { settle, fail });
        worker.postMessage({ id: count, ...request });
      });
    worker.onmessage = ({ data }: MessageEvent<Reply>) => {
      if ("ready" in data) {
        URL.revokeObjectURL(url);
        resolve(solve);
        return;
      }
      const asked = waiting.get(data.id);
      waiting.delete(data.id);
      if ("rows" in data) asked?.settle(data.rows);
      else asked?.fail(new Error(data.failed));
    };
    worker.onerror = (event) => {
      event.preventDefault?.();
      reject(new Error("no worker"));
      for (const { fail } of waiting.values()) fail(new Error("the worker stopped"));
    };
    worker.postMessage(opening);
  });
}

/** One request after another, with a pause for the page's own work every few milliseconds. */
function inSlices(network: Network): Solve {
  let last: Promise<unknown> = Promise.resolve();
  const solve: Solve = async (request) => {
    const all: Float32Array[] = [];
    let since = performance.now();
    for (const run of runs(network, { id: 0, ...request })) {
      let step = run.next();
      while (!step.done) {
        if (performance.now() - since > SLICE) {
          await new Promise((resolve) => setTimeout(resolve));
          since = performance.now();
        }
        step = run.next();
      }
      all.push(step.value);
    }
    return all;
  };
  return (request) => {
    const done = last.then(() => solve(request));
    last = done.catch(() => undefined);
    return done;
  };
}
