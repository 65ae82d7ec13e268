import type { Place } from "../core/clip";
import type { Look } from "../core/palette";
import { put, s } from "./dom";

/** Where the seal's dot lies, and how large it is, for a seal of side 1. */
export function sealDot(place: readonly [number, number]): { x: number; y: number; r: number } {
  const pad = 0.22;
  const inner = 1 - 2 * pad;
  return { x: pad + ((place[0] + 1) / 2) * inner, y: pad + (1 - (place[1] + 1) / 2) * inner, r: 0.145 };
}

/** The seal (LOOK.md 1): the clip's colour, and its place on the map as a dot. */
export class Seal {
  readonly el: SVGSVGElement;
  readonly #ground = s("rect", { width: 1, height: 1, rx: 0.25 });
  readonly #dot = s("circle");

  constructor(side: number) {
    this.el = s(
      "svg",
      { width: side, height: side, viewBox: "0 0 1 1", "aria-hidden": "true", class: "mv-seal" },
      this.#ground,
      this.#dot,
    );
  }

  /** A clip without a place has no dot. */
  update(place: Place, look: Look): void {
    put(this.#ground, "fill", look.clip(place));
    const dot = place ? sealDot(place) : { x: 0.5, y: 0.5, r: 0 };
    put(this.#dot, "cx", dot.x);
    put(this.#dot, "cy", dot.y);
    put(this.#dot, "r", dot.r);
    put(this.#dot, "fill", look.tokens.paper);
  }
}
