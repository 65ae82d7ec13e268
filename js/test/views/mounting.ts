/** A widget's bundle in the test's page, on a made-up model. */

import { afterEach, beforeEach, vi } from "vitest";
import type { Model } from "../../src/host/model";
import type { FakeModel } from "../host/fake";

export const SCORE = {
  quarters: 8,
  tempos: [[0, 112]],
  meters: [[0, 4, 4]],
  tracks: [{ name: "Melody", program: 0, drum: false }],
};

/** Traits that all widgets have. */
export const COMMON = {
  title: "",
  subtitle: "",
  tempo: 112,
  volume: 0.8,
  loop: true,
  playing: false,
  theme: "light",
  language: "en",
  _status: {},
  _score: SCORE,
};

type Bundle = () => {
  initialize(context: { model: Model }): () => void;
  render(context: { model: Model; el: HTMLElement }): () => void;
};

const closers: (() => void)[] = [];

/** Closes what is open, as a notebook does that is shut. */
export function close(): void {
  for (const closer of closers.splice(0)) closer();
}

/** Opens a model and shows some views of it; their roots. */
export function showViews(bundle: Bundle, model: FakeModel, views: number): HTMLElement[] {
  const { initialize, render } = bundle();
  closers.push(initialize({ model }));
  return Array.from({ length: views }, () => {
    const el = document.createElement("div");
    document.body.append(el);
    closers.unshift(render({ model, el }));
    return el.querySelector(".mv-root") as HTMLElement;
  });
}

export function show(bundle: Bundle, model: FakeModel): HTMLElement {
  return showViews(bundle, model, 1)[0] as HTMLElement;
}

/** Each test has a clock of its own, and an empty page after it. */
export function useFreshPage(): void {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => {
    close();
    document.body.replaceChildren();
    vi.useRealTimers();
  });
}
