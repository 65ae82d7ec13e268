/** Where the parts of a Studio stand: the map over the pad, beside the roll, slider, knobs and Compare. */

import type { Translate } from "../../core/i18n";
import type { StudioActions, StudioProps } from "../../core/studio-props";
import { IconButton } from "../../ui/button";
import { h, put, say } from "../../ui/dom";
import type { Seats } from "../shell";

export interface PartsHost {
  /** Shows a part in an element; gives back the way to take it away. */
  mount(name: string, el: HTMLElement): () => void;
  /** Says how much height there is for what a part shows; 0 where it decides by itself. */
  room(name: string, height: number): void;
}

/** Where the parts stand: in the grid itself, under the map, under the roll. */
const ALONE = ["map", "roll"];
const COMPARE = "compare";
const LEFT = ["pad"];
const RIGHT = ["slider", "knobs", COMPARE];
/** In less width the knobs take two rows, and Compare stands under the pad, where there is room. */
const MIDDLE = 960;

export class Parts {
  readonly el: HTMLElement;
  readonly #left = h("div", "mv-studio-left");
  readonly #right = h("div", "mv-studio-right");
  readonly #opening = h("p", "mv-empty", { role: "status" });
  readonly #seats: Seats;
  readonly #host: PartsHost;
  readonly #vary: IconButton;
  readonly #draw: IconButton;
  /** Tells when the map or the roll is of another height. */
  readonly #watch: ResizeObserver;
  #under = false;
  #beside = true;
  readonly #shown = new Map<string, () => void>();

  constructor(seats: Seats, actions: StudioActions, host: PartsHost) {
    this.#seats = seats;
    this.#host = host;
    this.#watch = new ResizeObserver(() => this.#level());
    this.#vary = new IconButton("vary", "mv-button", () => actions.vary());
    this.#draw = new IconButton("dice", "mv-button", () => actions.draw());
    this.el = h("div", "mv-studio-parts", {}, this.#opening, this.#left, this.#right);
  }

  update({ parts }: StudioProps, t: Translate): void {
    this.#opening.hidden = parts.length > 0;
    say(this.#opening, t("studio.opening"));
    this.#vary.update({ label: t("studio.vary") });
    this.#draw.update({ label: t("studio.draw") });
    this.el.classList.toggle("mv-one", parts.length > 0 && !parts.includes("map") && !parts.includes("pad"));
    for (const name of [...ALONE, ...LEFT, ...RIGHT])
      if (parts.includes(name) && !this.#shown.has(name)) this.#show(name);
    this.#arrange();
  }

  resize(width: number, narrow: boolean): void {
    this.#under = width < MIDDLE && !narrow;
    this.#beside = !narrow;
    this.#arrange();
    this.#level();
  }

  dispose(): void {
    this.#watch.disconnect();
    for (const leave of this.#shown.values()) leave();
    this.#shown.clear();
  }

  #arrange(): void {
    this.el.classList.toggle("mv-under", this.#under);
    const compare = this.el.querySelector(`[data-part="${COMPARE}"]`);
    const home = this.#under && this.#left.childElementCount > 0 ? this.#left : this.#right;
    if (compare && compare.parentElement !== home) home.append(compare);
  }

  /** Beside the map the roll is as tall as that. */
  #level(): void {
    const [map, roll] = ALONE.map((name) =>
      this.el.querySelector<HTMLElement>(`[data-part="${name}"] > .mv-root`),
    );
    const stage = roll?.querySelector<HTMLElement>(".mv-stage");
    if (!roll || !stage) return;
    const rest = roll.offsetHeight - stage.offsetHeight;
    this.#host.room("roll", map && this.#beside ? Math.max(0, map.offsetHeight - rest) : 0);
  }

  #show(name: string): void {
    const el = h("section", "mv-section mv-seat");
    put(el, "data-part", name);
    if (name === "map") this.#left.before(el);
    else if (name === "roll") this.#right.before(el);
    else (LEFT.includes(name) ? this.#left : this.#right).append(el);
    for (const type of ["pointerdown", "keydown", "wheel"] as const)
      el.addEventListener(type, () => this.#seats.touch(name), { capture: true, passive: true });
    this.#shown.set(name, this.#host.mount(name, el));
    const root = el.querySelector(".mv-root");
    if (root && ALONE.includes(name)) this.#watch.observe(root);
    const label = root?.getAttribute("aria-labelledby");
    if (label) put(el, "aria-labelledby", label);
    if (name === "roll") root?.querySelector(".mv-head-right")?.prepend(this.#vary.el, this.#draw.el);
  }
}
