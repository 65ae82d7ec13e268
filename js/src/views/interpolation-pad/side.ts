/** What stands beside the square: the current cell's words, its weights, and the path as a row of thumbnails. */

import type { Note } from "../../core/clip";
import { counted, type Translate } from "../../core/i18n";
import {
  cornersOf,
  LETTERS,
  type PadProps,
  percentages,
  weightsAt,
} from "../../core/interpolation-pad-props";
import { type Look, lookOf } from "../../core/palette";
import { MeterMap } from "../../core/time";
import { IconButton } from "../../ui/button";
import { h, put, say } from "../../ui/dom";
import { Seal } from "../../ui/seal";
import { paintThumb, type Scale, scaleOf } from "../thumbnails";
import { pathText, weightsText, whereText } from "./words";

export interface SideActions {
  /** The reader picks a place of the path, from 0. */
  node(node: number): void;
  removeLast(): void;
  clear(): void;
}

const THUMB = 40;
const NARROWEST = 34;
const WIDEST = 96;
const GAP = 6;

/** "row 4, column 3" with its seal, and what it costs. */
export class CellWords {
  readonly el: HTMLElement;
  readonly #seal = new Seal(16);
  readonly #where = h("b", "mv-pad-where");
  readonly #name = h("span", "");
  readonly #cost = h("b", "");
  readonly #costs = h("span", "mv-pad-cost", {}, this.#name, this.#cost);

  constructor() {
    this.el = h("div", "mv-pad-head", {}, this.#seal.el, this.#where, this.#costs);
  }

  update({ value, shown }: PadProps, look: Look, t: Translate): void {
    this.#seal.el.style.display = shown.place ? "" : "none";
    this.#seal.update(shown.place, look);
    say(this.#where, whereText(t, value));
    this.#costs.hidden = shown.cost === null;
    say(this.#name, t("pad.cost"));
    say(this.#cost, shown.cost === null ? "" : shown.cost.toFixed(2));
    put(this.#costs, "title", t("pad.cost.unit"));
  }
}

/** One bar in the corners' colours, with percentages. */
export class Weights {
  readonly el: HTMLElement;
  readonly #title = h("div", "mv-pad-section");
  readonly #parts = LETTERS.map(() => h("i", "mv-pad-share"));
  readonly #words = LETTERS.map(() => h("span", "mv-pad-percent"));
  readonly #bar: HTMLElement;

  constructor() {
    this.#bar = h(
      "div",
      "mv-pad-weights",
      { role: "img" },
      h("div", "mv-pad-bar", {}, ...this.#parts),
      h("div", "mv-pad-percents", {}, ...this.#words),
    );
    this.el = h("div", "", {}, this.#title, this.#bar);
  }

  update({ value, n, places }: PadProps, look: Look, t: Translate): void {
    say(this.#title, t("pad.weights"));
    put(this.#bar, "aria-label", weightsText(t, value, n));
    const shares = weightsAt(value, n);
    const whole = percentages(shares);
    cornersOf(n).forEach((cell, k) => {
      const [part, word] = [this.#parts[k] as HTMLElement, this.#words[k] as HTMLElement];
      const share = shares[k] as number;
      part.hidden = share < 0.005;
      word.hidden = whole[k] === 0;
      part.style.flexGrow = word.style.flexGrow = share.toFixed(4);
      part.style.background = look.clip(places[cell] ?? null);
      say(word, t("pad.weight", { letter: LETTERS[k] as string, n: whole[k] as number }));
    });
  }
}

/** The path: its clips in a row, each a button that plays on from there. */
export class PathRow {
  readonly el: HTMLElement;
  readonly head = h("div", "mv-pad-path-head");
  readonly #title = h("span", "mv-pad-section");
  readonly #meta = h("span", "mv-meta");
  readonly #undo: IconButton;
  readonly #clear: IconButton;
  readonly #row = h("div", "mv-pad-clips", { role: "list" });
  readonly #empty = h("div", "mv-pad-empty");
  readonly #actions: SideActions;
  #scale: Scale | undefined;
  #props: PadProps | undefined;
  #look: Look = lookOf("light");
  #width = 0;
  #drawn = "";
  #node = -1;

  constructor(actions: SideActions) {
    this.#actions = actions;
    this.#undo = new IconButton("reset", "mv-button", () => actions.removeLast());
    this.#clear = new IconButton("cross", "mv-button", () => actions.clear());
    this.head.append(this.#title, this.#meta, this.#undo.el, this.#clear.el);
    this.el = h("div", "mv-pad-path-row", {}, this.head, this.#row, this.#empty);
  }

  update(props: PadProps, look: Look, t: Translate): void {
    const before = this.#props;
    this.#props = props;
    if (before?.cells !== props.cells) {
      const notes = props.cells.flatMap((clip): readonly Note[] => clip.notes);
      this.#scale = scaleOf(notes, props.cells[0]?.score.quarters ?? 8);
      this.#drawn = "";
    }
    if (this.#look !== look) this.#drawn = "";
    this.#look = look;
    const { path, cells } = props;
    const score = cells[0]?.score;
    say(this.#title, t("pad.path"));
    say(this.#meta, pathText(t, path.length, score ? MeterMap.of(score).bars.length : 1));
    this.#undo.update({ label: t("pad.path.undo") });
    this.#clear.update({ label: t("pad.path.clear") });
    this.#undo.el.hidden = this.#clear.el.hidden = path.length === 0;
    this.#row.hidden = path.length === 0;
    this.#empty.hidden = path.length > 0;
    say(this.#empty, t("pad.path.empty"));
    put(this.#row, "aria-label", `${t("pad.path")}, ${counted(t, "pad.clips", path.length)}`);
    while (this.#row.childElementCount > path.length) this.#row.lastElementChild?.remove();
    while (this.#row.childElementCount < path.length)
      this.#row.append(this.#thumb(this.#row.childElementCount));
    path.forEach((cell, k) => {
      const button = this.#row.children[k]?.firstElementChild as HTMLElement;
      const n = props.n;
      const where = whereText(t, [Math.floor(cell / n), cell % n]);
      put(button, "aria-label", t("pad.path.clip", { k: k + 1, of: path.length, where }));
      put(button, "title", where);
    });
    this.#paint();
  }

  resize(width: number): void {
    this.#width = width;
    this.#paint();
  }

  /** Which place of the path sounds, or would; -1 for none. */
  mark(node: number): void {
    if (node === this.#node) return;
    this.#node = node;
    [...this.#row.children].forEach((item, k) => {
      const button = item.firstElementChild as HTMLElement;
      if (k === node) put(button, "aria-current", "true");
      else button.removeAttribute("aria-current");
    });
    const now = this.#row.children[node] as HTMLElement | undefined;
    if (!now) return;
    // By hand: scrollIntoView would move the notebook too.
    const [left, right] = [now.offsetLeft - GAP, now.offsetLeft + now.offsetWidth + GAP];
    if (left < this.#row.scrollLeft) this.#row.scrollLeft = left;
    else if (right > this.#row.scrollLeft + this.#row.clientWidth)
      this.#row.scrollLeft = right - this.#row.clientWidth;
  }

  #thumb(k: number): HTMLElement {
    const canvas = h("canvas", "mv-pad-thumb-roll", { "aria-hidden": "true" });
    const button = h("button", "mv-pad-thumb", { type: "button" }, canvas);
    button.addEventListener("click", () => this.#actions.node(k));
    return h("div", "mv-pad-thumb-item", { role: "listitem" }, button);
  }

  #paint(): void {
    const { path = [], cells = [], places = [] } = this.#props ?? {};
    const scale = this.#scale;
    if (path.length === 0 || this.#width <= 0 || !scale) return;
    const even = (this.#width - GAP * (path.length - 1)) / path.length;
    const width = Math.max(NARROWEST, Math.min(WIDEST, even));
    this.#row.classList.toggle("mv-pad-long", even < NARROWEST);
    const drawn = `${width} ${path.join()}`;
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const ratio = Math.max(1, globalThis.devicePixelRatio || 1);
    path.forEach((cell, k) => {
      const canvas = this.#row.children[k]?.querySelector("canvas");
      if (!canvas) return;
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(THUMB * ratio);
      canvas.style.width = `${width}px`;
      canvas.style.height = `${THUMB}px`;
      const context = canvas.getContext("2d");
      if (!context) return;
      context.scale(ratio, ratio);
      const box = { x: 0, y: 0, width, height: THUMB };
      const style = { look: this.#look, place: places[cell] ?? null };
      paintThumb(context, box, cells[cell]?.notes ?? [], scale, style);
    });
  }
}
