/** The card of the clip under the pointer: seal, title, what it is, a small roll. */

import type { Place } from "../../core/clip";
import { summary } from "../../core/describe";
import type { Translate } from "../../core/i18n";
import type { Card, Mark } from "../../core/latent-scatter-props";
import type { Look } from "../../core/palette";
import { h, say } from "../../ui/dom";
import { Seal } from "../../ui/seal";
import { paintThumb, scaleOf } from "../thumbnails";

const WIDTH = 188;
const ROLL_WIDTH = WIDTH - 22;
const ROLL_HEIGHT = 44;
const GAP = 16;

/** What is known of one of the reader's own clips; their numbers lie below those of the map's. */
export const cardOfMark = ({ title, letter, place, clip }: Mark, index: number): Card => ({
  number: -1 - index,
  title,
  meta: letter,
  place,
  clip,
});

export class HoverCard {
  readonly el = h("div", "mv-card", { "aria-hidden": "true" });
  readonly #seal = new Seal(14);
  readonly #title = h("div", "mv-card-title");
  readonly #meta = h("div", "mv-card-meta");
  readonly #roll = h("canvas", "mv-card-roll");

  constructor() {
    this.el.append(h("div", "mv-card-head", {}, this.#seal.el, this.#title), this.#meta, this.#roll);
    this.el.hidden = true;
  }

  hide(): void {
    this.el.hidden = true;
  }

  /** @param waiting What is said while the clip is not known. */
  show(card: Card | null, place: Place, waiting: string, look: Look, t: Translate): void {
    this.el.hidden = false;
    this.#seal.el.style.display = place ? "" : "none";
    this.#seal.update(card?.place ?? place, look);
    say(this.#title, card ? card.title : waiting);
    say(this.#meta, card ? [card.meta, summary(t, card.clip)].filter(Boolean).join(" · ") : "");
    this.#meta.hidden = card === null;
    this.#roll.hidden = card === null;
    if (card) this.#paint(card, look);
  }

  /** Stands beside a place of the stage, on the side that has room. */
  place(x: number, y: number, width: number, height: number): void {
    const own = this.el.offsetHeight || 96;
    const left = x + GAP + WIDTH <= width ? x + GAP : Math.max(4, x - GAP - WIDTH);
    const top = Math.max(4, Math.min(height - own - 4, y - own / 3));
    this.el.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  }

  #paint({ clip, place }: Card, look: Look): void {
    const ratio = Math.max(1, globalThis.devicePixelRatio || 1);
    this.#roll.width = Math.round(ROLL_WIDTH * ratio);
    this.#roll.height = Math.round(ROLL_HEIGHT * ratio);
    const context = this.#roll.getContext("2d");
    if (!context) return;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const scale = scaleOf(clip.notes, clip.score.quarters);
    paintThumb(context, { x: 0, y: 0, width: ROLL_WIDTH, height: ROLL_HEIGHT }, clip.notes, scale, {
      look,
      place,
    });
  }
}
