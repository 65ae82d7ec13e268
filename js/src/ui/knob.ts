/**
 * The knob (LOOK.md 7): 270 degrees of travel with a detent. The pointer is what is asked, the diamond what
 * is got, the arc between them the miss, and the comb around it how common each value is.
 *
 * A knob knows places on its travel, 0 to 1, and no units.
 */

import { type Look, lookOf } from "../core/palette";
import { h, put, s } from "./dom";
import { icon } from "./icons";
import { attachTurning, type Turning } from "./knob-turning";
import { matches } from "./theme";

export interface KnobProps {
  /** What is asked, 0 to 1 along the travel. */
  readonly asked: number;
  /** What is got; null where it is not known. */
  readonly got: number | null;
  readonly detent: number;
  /** Length of the rays around the travel, 0 to 1 each. */
  readonly comb: readonly number[];
  readonly locked: boolean;
  /** Colour of diamond and arc. */
  readonly colour: string;
  readonly label: string;
  /** How to turn it, in words. */
  readonly keys: string;
  /** Least, most and current value, in the units that are read out. */
  readonly range: readonly [number, number, number];
  readonly text: string;
}

export interface KnobActions extends Turning {
  /** Frames are needed: the diamond is on its way. */
  request(): void;
}

const START = -135;
const SWEEP = 270;
/** Milliseconds of the diamond's way to its value (LOOK.md 9). */
const SETTLE = 240;

const clamp = (value: number) => Math.max(0, Math.min(1, value));
const figure = (value: number) => String(Math.round(value * 100) / 100);

/** A point at a place of the travel, seen from the middle. */
export function at(place: number, radius: number): [number, number] {
  const angle = ((START + SWEEP * place) * Math.PI) / 180;
  return [radius * Math.sin(angle), -radius * Math.cos(angle)];
}

/** The path of an arc from one place of the travel to another. */
export function arc(from: number, to: number, radius: number): string {
  const [low, high] = from < to ? [from, to] : [to, from];
  const [x0, y0] = at(low, radius);
  const [x1, y1] = at(high, radius);
  const large = (high - low) * SWEEP > 180 ? 1 : 0;
  const r = figure(radius);
  return `M${figure(x0)} ${figure(y0)}A${r} ${r} 0 ${large} 1 ${figure(x1)} ${figure(y1)}`;
}

const line = (place: number, inner: number, outer: number): string => {
  const [x0, y0] = at(place, inner);
  const [x1, y1] = at(place, outer);
  return `M${figure(x0)} ${figure(y0)}L${figure(x1)} ${figure(y1)}`;
};

export class Knob {
  readonly el: HTMLElement;
  readonly #request: () => void;
  readonly #svg = s("svg", { "aria-hidden": "true", class: "mv-knob-svg" });
  readonly #rare = s("path", { class: "mv-knob-rays mv-knob-rare" });
  readonly #rays = s("path", { class: "mv-knob-rays" });
  readonly #track = s("path", { class: "mv-knob-track" });
  readonly #miss = s("path", { class: "mv-knob-miss" });
  readonly #body = s("circle", { class: "mv-knob-body", cx: 0, cy: 0 });
  readonly #ring = s("circle", { class: "mv-knob-ring", cx: 0, cy: 0 });
  readonly #detent = s("path", { class: "mv-knob-detent" });
  readonly #pointer = s("path", { class: "mv-knob-pointer" });
  readonly #diamond = s("rect", { class: "mv-knob-diamond", x: -4, y: -4, width: 8, height: 8, rx: 1.5 });
  readonly #lock = s("g", { class: "mv-knob-lock", transform: "translate(-7 -7) scale(.875)" }, icon("lock"));
  readonly #turning: { detach(): void; release(): void };
  #props: KnobProps | undefined;
  #look: Look = lookOf("light");
  #side = 0;
  #comb: readonly number[] | undefined;
  /** Where the diamond is drawn, and its way to where it belongs. */
  #got: number | null = null;
  #way: { from: number; to: number; start: number } | null = null;

  constructor(actions: KnobActions) {
    this.#request = () => actions.request();
    const layers = [this.#rare, this.#rays, this.#track, this.#miss, this.#detent, this.#body, this.#ring];
    this.#svg.append(...layers, this.#pointer, this.#diamond, this.#lock);
    this.el = h("div", "mv-knob", { role: "slider", tabindex: 0 }, this.#svg);
    this.#turning = attachTurning(this.el, actions, () => ({
      asked: this.#props?.asked ?? 0,
      detent: this.#props?.detent ?? 0,
      locked: this.#props?.locked === true,
    }));
  }

  update(props: KnobProps): void {
    const before = this.#props;
    this.#props = props;
    const [least, most, now] = props.range;
    put(this.el, "aria-label", props.label);
    put(this.el, "aria-valuemin", figure(least));
    put(this.el, "aria-valuemax", figure(most));
    put(this.el, "aria-valuenow", figure(now));
    put(this.el, "aria-valuetext", props.text);
    put(this.el, "aria-description", props.keys);
    put(this.el, "aria-disabled", props.locked ? "true" : "false");
    put(this.el, "title", `${props.label}: ${props.text}\n${props.keys}`);
    this.el.classList.toggle("mv-locked", props.locked);
    if (props.locked) this.#turning.release();
    this.#aim(before, props);
    this.#draw();
  }

  /** The side of the square that the travel is in; the picture is a little less high, as its foot is empty. */
  resize(side: number): void {
    if (side === this.#side || side <= 0) return;
    this.#side = side;
    this.#comb = undefined;
    this.#draw();
  }

  paint(look: Look): void {
    this.#look = look;
    put(this.#body, "stroke", look.tokens.bar);
    put(this.#diamond, "stroke", look.tokens.paper);
    this.#draw();
  }

  /** Brings the diamond on its way; gives back whether it is still going. */
  frame(now: number): boolean {
    const way = this.#way;
    if (!way) return false;
    if (way.start < 0) way.start = now;
    const k = Math.min(1, (now - way.start) / SETTLE);
    this.#got = way.from + (way.to - way.from) * (1 - (1 - k) ** 3);
    if (k >= 1) this.#way = null;
    this.#placeDiamond();
    return this.#way !== null;
  }

  dispose(): void {
    this.#turning.detach();
  }

  /** Sends the diamond to a new value; where it was not seen before it is there at once. */
  #aim(before: KnobProps | undefined, { got }: KnobProps): void {
    if (before && before.got === got) return;
    const target = got === null ? null : clamp(got);
    const still = matches("(prefers-reduced-motion: reduce)");
    if (target === null || this.#got === null || still) {
      this.#way = null;
      this.#got = target;
      return;
    }
    this.#way = { from: this.#got, to: target, start: -1 };
    this.#request();
  }

  #draw(): void {
    const props = this.#props;
    const side = this.#side;
    if (!props || side <= 0) return;
    const r = side * 0.27;
    const body = r - 6;
    if (this.#comb !== props.comb) {
      this.#comb = props.comb;
      this.#frame(side, r, body);
    }
    put(this.#detent, "d", line(props.detent, r - 1.5, r + 3.5));
    put(this.#pointer, "d", line(clamp(props.asked), body - 9, body + (props.locked ? -2 : 3)));
    put(this.#miss, "stroke", props.colour);
    put(this.#diamond, "fill", props.colour);
    this.#lock.style.display = props.locked ? "" : "none";
    put(this.#body, "fill", props.locked ? "none" : this.#look.tokens.stage);
    this.#placeDiamond();
  }

  /** What stays as it is while the knob turns. */
  #frame(side: number, r: number, body: number): void {
    const height = side * 0.87;
    put(this.#svg, "width", side);
    put(this.#svg, "height", figure(height));
    put(this.#svg, "viewBox", `${-side / 2} ${figure(-side / 2)} ${side} ${figure(height)}`);
    const comb = this.#comb ?? [];
    const ray = (length: number, index: number) =>
      line(index / Math.max(1, comb.length - 1), r + 6, r + 7 + length * side * 0.13);
    put(this.#rare, "d", comb.map((length, index) => (length < 0.02 ? ray(length, index) : "")).join(""));
    put(this.#rays, "d", comb.map((length, index) => (length < 0.02 ? "" : ray(length, index))).join(""));
    put(this.#track, "d", arc(0, 1, r));
    put(this.#body, "r", figure(body));
    put(this.#ring, "r", figure(body + 1));
  }

  #placeDiamond(): void {
    const props = this.#props;
    const got = this.#got;
    this.#diamond.style.display = got === null ? "none" : "";
    if (!props || got === null) {
      put(this.#miss, "d", "");
      return;
    }
    const r = this.#side * 0.27;
    const [x, y] = at(got, r);
    const turn = figure(START + SWEEP * got + 45);
    put(this.#diamond, "transform", `translate(${figure(x)} ${figure(y)}) rotate(${turn})`);
    const asked = clamp(props.asked);
    put(this.#miss, "d", props.locked || Math.abs(asked - got) < 1e-4 ? "" : arc(asked, got, r));
  }
}
