/** Rows of small rolls, each to be heard, with what they cost under them. */

import { type CompareProps, costScale, perLine } from "../../core/compare-props";
import type { Translate } from "../../core/i18n";
import { type Look, lookOf } from "../../core/palette";
import { MeterMap } from "../../core/time";
import { h, put, say } from "../../ui/dom";
import type { StageHost } from "../piano-roll/stage";
import { paintThumb, type Scale, scaleOf } from "../thumbnails";
import { rowName } from "./words";

const GAP = 6;
/** Narrower small rolls go to another line, wider ones are not drawn. */
const SMALL = { height: 50, narrowest: 36, widest: 200 };
/** Whole pieces. */
const LARGE = { height: 96, narrowest: 220, widest: 460 };

interface Cell {
  readonly el: HTMLElement;
  readonly button: HTMLElement;
  readonly canvas: HTMLCanvasElement;
  readonly head: HTMLElement;
  readonly bar: HTMLElement;
  readonly fill: HTMLElement;
  readonly figure: HTMLElement;
}

export interface RowsActions {
  /** Chooses a clip; `play` is false for a choice by arrow keys. */
  choose(value: number, play: boolean): void;
}

export class Rows {
  readonly el = h("div", "mv-rows", { role: "radiogroup" });
  readonly #host: StageHost;
  readonly #actions: RowsActions;
  #rows: { readonly name: HTMLElement; readonly line: HTMLElement }[] = [];
  #cells: Cell[] = [];
  #props: CompareProps | undefined;
  #scale: Scale | undefined;
  #meter = new MeterMap([[0, 4, 4]], 4);
  #look: Look = lookOf("light");
  #width = 0;

  constructor(host: StageHost, actions: RowsActions) {
    this.#host = host;
    this.#actions = actions;
  }

  get meter(): MeterMap {
    return this.#meter;
  }

  update(props: CompareProps, t: Translate): void {
    const before = this.#props;
    this.#props = props;
    const score = props.clips[0]?.score;
    if (score) this.#meter = MeterMap.of(score);
    if (before?.clips !== props.clips) {
      this.#scale = scaleOf(
        props.clips.flatMap((clip) => clip.notes),
        score?.quarters ?? 4,
      );
    }
    if (before?.rows !== props.rows) this.#build(props);
    put(this.el, "aria-label", t("compare.plays"));
    const full = costScale(props.costs, props.limit);
    for (const [index, row] of props.rows.entries()) {
      const name = rowName(t, row);
      const shown = this.#rows[index]?.name as HTMLElement;
      say(shown, name);
      // A playlist has one row, and its title says what it is.
      shown.hidden = props.kind === "playlist";
      for (const [k, item] of row.items.entries()) {
        const words = [t("compare.item", { row: name, n: k + 1, count: row.items.length })];
        this.#cost(item, props, full, words, t);
        if (props.kind === "playlist") this.#number(item, k + 1);
        const cell = this.#cells[item];
        if (!cell) continue;
        put(cell.button, "aria-label", words.join(", "));
        put(cell.button, "aria-checked", item === props.value ? "true" : "false");
        put(cell.button, "tabindex", item === props.value ? 0 : -1);
      }
    }
    this.#draw();
  }

  resize(width: number): void {
    this.#width = width;
    this.#draw();
  }

  paint(look: Look): void {
    this.#look = look;
    this.#draw();
  }

  frame(_now: number): boolean {
    const props = this.#props;
    const scale = this.#scale;
    if (!props || !scale) return false;
    const { sound } = this.#host;
    for (const [item, cell] of this.#cells.entries()) {
      const shown = item === props.value && (sound.playing || sound.position > 0);
      cell.head.hidden = !shown;
      if (!shown) continue;
      const pad = Math.min(5, cell.canvas.clientWidth * 0.1);
      const x = pad + (sound.position / scale.quarters) * (cell.canvas.clientWidth - 2 * pad);
      cell.head.style.transform = `translateX(${x.toFixed(2)}px)`;
    }
    return false;
  }

  dispose(): void {
    this.el.remove();
  }

  #build(props: CompareProps): void {
    this.#cells = props.clips.map((_, item) => this.#cell(item));
    this.#rows = props.rows.map((row) => {
      const name = h("b", "mv-row-name");
      const line = h("div", "mv-cells", {}, ...row.items.map((item) => (this.#cells[item] as Cell).el));
      return { name, line };
    });
    this.el.replaceChildren(
      ...this.#rows.map(({ name, line }) => h("div", "mv-compare-row", {}, name, line)),
    );
  }

  #cell(item: number): Cell {
    const canvas = h("canvas", "mv-thumb", { "aria-hidden": "true" });
    const head = h("i", "mv-thumb-head");
    head.hidden = true;
    const button = h("div", "mv-cell", { role: "radio" }, canvas, head);
    const fill = h("i", "mv-cost-fill");
    const bar = h("div", "mv-cost-bar", { "aria-hidden": "true" }, fill);
    const figure = h("div", "mv-cost-figure", { "aria-hidden": "true" });
    button.addEventListener("click", () => this.#actions.choose(item, true));
    button.addEventListener("keydown", (event) => this.#key(event, item));
    return { el: h("div", "mv-cell-box", {}, button, bar, figure), button, canvas, head, bar, fill, figure };
  }

  #number(item: number, n: number): void {
    const cell = this.#cells[item];
    if (!cell) return;
    cell.figure.hidden = false;
    say(cell.figure, String(n));
  }

  #cost(item: number, props: CompareProps, full: number, words: string[], t: Translate): void {
    const cell = this.#cells[item];
    if (!cell) return;
    const cost = props.costs[item] ?? Number.NaN;
    const known = Number.isFinite(cost);
    const high = known && props.limit !== null && cost > props.limit;
    cell.bar.hidden = !known;
    cell.figure.hidden = !known;
    cell.bar.classList.toggle("mv-high", high);
    cell.figure.classList.toggle("mv-high", high);
    if (!known) return;
    cell.fill.style.width = `${Math.min(100, (100 * cost) / full)}%`;
    say(cell.figure, cost.toFixed(2));
    words.push(t("compare.cost", { n: cost.toFixed(2) }));
    if (high) words.push(t("compare.high"));
  }

  #draw(): void {
    const props = this.#props;
    const scale = this.#scale;
    if (!props || !scale || this.#width <= 0) return;
    const { height, narrowest, widest } = props.kind === "playlist" ? LARGE : SMALL;
    for (const [index, row] of props.rows.entries()) {
      const line = perLine(row.items.length, this.#width, narrowest, GAP);
      const each = Math.floor(Math.min(widest, (this.#width - GAP * (line - 1)) / line) * 100) / 100;
      const grid = this.#rows[index]?.line;
      if (grid) grid.style.gridTemplateColumns = `repeat(${line}, ${each}px)`;
      for (const item of row.items) this.#thumb(item, each, height, props, scale);
    }
  }

  #thumb(item: number, width: number, height: number, props: CompareProps, scale: Scale): void {
    const cell = this.#cells[item];
    const context = cell?.canvas.getContext("2d");
    if (!cell || !context) return;
    const ratio = Math.max(1, globalThis.devicePixelRatio || 1);
    const { canvas } = cell;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const style = { look: this.#look, place: props.places[item] ?? null };
    paintThumb(context, { x: 0, y: 0, width, height }, props.clips[item]?.notes ?? [], scale, style);
  }

  #key(event: KeyboardEvent, item: number): void {
    const props = this.#props;
    if (!props || event.ctrlKey || event.metaKey || event.altKey) return;
    const at = props.rows.findIndex((row) => row.items.includes(item));
    const row = props.rows[at]?.items ?? [];
    const k = row.indexOf(item);
    const other = (step: number) => {
      const items = props.rows[at + step]?.items ?? row;
      return items[Math.min(k, items.length - 1)];
    };
    const targets: Record<string, () => number | undefined> = {
      ArrowLeft: () => row[Math.max(0, k - 1)],
      ArrowRight: () => row[Math.min(row.length - 1, k + 1)],
      ArrowUp: () => other(-1),
      ArrowDown: () => other(1),
      Home: () => row[0],
      End: () => row.at(-1),
      " ": () => item,
      Enter: () => item,
    };
    const target = targets[event.key]?.();
    if (target === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const play = event.key === " " || event.key === "Enter";
    this.#actions.choose(target, play);
    this.#cells[target]?.button.focus();
    if (!play) this.#host.announce(this.#cells[target]?.button.getAttribute("aria-label") ?? "");
  }
}
