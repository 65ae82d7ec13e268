/** A Studio's edits and its parts' values on one slow way: nothing arrives out of turn, and both sides agree. */

import { expect, test, vi } from "vitest";
import type { Model } from "../../src/host/model";
import type { PartModel } from "../../src/host/part-model";
import { openSession, type Session } from "../../src/host/session";
import { StudioParts } from "../../src/host/studio-parts";
import { type Sounds, StudioModel } from "../../src/host/studio-traits";
import { FakeModel } from "./fake";

interface Asked {
  readonly id: string;
  readonly op: string;
  readonly args: { readonly part?: string };
}

interface Update {
  readonly part: string;
  readonly state: { readonly value: number };
}

/** A kernel of one part with one value, and undo; messages take as long as `delay` says, either way, in order. */
class SlowKernel extends FakeModel {
  value = 0;
  readonly past: number[] = [];
  readonly log: string[] = [];
  #up = Promise.resolve();
  #down = Promise.resolve();

  constructor(readonly delay: () => number) {
    super({ _parts: ["pad"], title: "" });
  }

  override send(content: unknown): void {
    const wait = this.delay();
    this.#up = this.#up
      .then(() => new Promise((done) => setTimeout(done, wait)))
      .then(() => this.#hear(content));
  }

  #tell(content: unknown): void {
    const wait = this.delay();
    this.#down = this.#down
      .then(() => new Promise((done) => setTimeout(done, wait)))
      .then(() => this.emit("msg:custom", content, []));
  }

  #all(): void {
    this.#tell({ part: "pad", method: "update", state: { value: this.value }, buffer_paths: [] });
  }

  #hear(content: unknown): void {
    if ("part" in (content as object)) {
      this.past.push(this.value);
      this.value = (content as Update).state.value;
      this.log.push(`value ${this.value}`);
      return;
    }
    const { id, op, args } = content as Asked;
    if (op !== "heard") this.log.push(op);
    if (op === "open" || args.part) this.#all();
    if (op === "undo" && this.past.length > 0) {
      this.value = this.past.pop() as number;
      this.#all();
    }
    this.#tell({ id, ok: true, result: {} });
  }
}

async function open(delay: () => number) {
  const kernel = new SlowKernel(delay);
  const own = new StudioModel(kernel);
  const sounds = {
    changed: { on: () => () => {} },
    ...{ playing: false, since: 0, leader: "", play: async () => {}, pause() {}, set() {}, dispose() {} },
    ...{ lead() {}, touch() {}, seek() {}, playOnly: async () => {}, programmeOf: () => undefined },
  };
  const session = openSession(
    kernel,
    own.reader,
    ({ song }) => ({ clip: song.clip }),
    () => sounds as never,
  );
  own.join(session as unknown as Session<never, Sounds> as never);
  let part: Model | undefined;
  const bundle = {
    initialize: ({ model }: { model: Model }) => {
      part = model;
      return () => {};
    },
    render: () => () => {},
  };
  const parts = new StudioParts(kernel, own, { pad: () => bundle });
  own.after(() => parts.settled());
  const opening = parts.open(session, () => ({}));
  await vi.runAllTimersAsync();
  await opening;
  return { kernel, actions: own.actions(session.actions), part: part as unknown as PartModel };
}

test("an edit comes after what hands did in a part before it, also after what a part waits with", async () => {
  vi.useFakeTimers();
  const { kernel, actions, part } = await open(() => 100);
  part.on("settle", () => {
    part.set("value", 3);
    part.save_changes();
  });
  for (const value of [1, 2]) {
    part.set("value", value);
    part.save_changes();
  }
  void actions.keep();
  actions.undo();
  await vi.runAllTimersAsync();
  expect(kernel.log).toEqual(["open", "value 1", "value 3", "keep", "undo"]);
  expect([kernel.value, part.get("value")]).toEqual([1, 1]);
  vi.useRealTimers();
});

test("whatever crosses on the way, page and kernel have the same in the end", async () => {
  vi.useFakeTimers();
  let state = 1;
  const random = () => {
    state = (state * 16807) % 2147483647;
    return state / 2147483647;
  };
  const { kernel, actions, part } = await open(() => Math.floor(random() * 120));
  for (let k = 1; k <= 400; k++) {
    if (random() < 0.3) actions.undo();
    else {
      part.set("value", k);
      part.save_changes();
    }
    await vi.advanceTimersByTimeAsync(Math.floor(random() * 200));
    if (k % 3 > 0) continue;
    await vi.runAllTimersAsync();
    expect(part.get("value")).toBe(kernel.value);
  }
  while (kernel.past.length > 0) {
    actions.undo();
    await vi.runAllTimersAsync();
  }
  expect([kernel.value, part.get("value")]).toEqual([0, 0]);
  vi.useRealTimers();
});
