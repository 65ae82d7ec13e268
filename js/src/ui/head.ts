import type { Place } from "../core/clip";
import type { Look } from "../core/palette";
import { h, put, say } from "./dom";
import { Seal } from "./seal";

/** Seal, title and what the clip is; `right` is where a view puts its own buttons. */
export class Head {
  readonly el = h("div", "mv-head");
  readonly right = h("div", "mv-head-right");
  readonly #seal = new Seal(18);
  readonly #title = h("span", "mv-title");
  readonly #meta = h("span", "mv-meta");

  constructor(titleId: string) {
    this.#title.id = titleId;
    this.el.append(this.#seal.el, this.#title, this.#meta, this.right);
  }

  update(title: string, meta: string): void {
    say(this.#title, title);
    put(this.#title, "title", title);
    say(this.#meta, meta);
  }

  paint(place: Place, look: Look): void {
    this.#seal.el.style.display = place ? "" : "none";
    this.#seal.update(place, look);
  }
}
