/** The square of cells: tinted, painted, with the path over them; how it is drawn, not how it is used. */

import type { Note } from "../../core/clip";
import type { Translate } from "../../core/i18n";
import {
  cellAt,
  cornersOf,
  LETTERS,
  onCell,
  type PadProps,
  type Spot,
  spotOf,
} from "../../core/interpolation-pad-props";
import { type Look, lookOf } from "../../core/palette";
import { freshId, h, put, s, say } from "../../ui/dom";
import { Seal } from "../../ui/seal";
import { paintThumb, type Scale, scaleOf } from "../thumbnails";
import { curveThrough, type Point } from "./curve";
import { whereText } from "./words";

/** Grounds beside that of a thumbnail (LOOK.md 7): of the corners, and of the current cell. */
const GROUNDS = { light: [0.1, 0.2, 0.26], dark: [0.15, 0.28, 0.36] } as const;

export class Square {
  readonly el: HTMLElement;
  readonly grid: HTMLElement;
  readonly #canvas = h("canvas", "mv-pad-layer", { "aria-hidden": "true" });
  readonly #path = s("svg", { class: "mv-pad-layer mv-pad-path", "aria-hidden": "true" });
  readonly #current = h("div", "mv-pad-current", { "aria-hidden": "true" });
  readonly #seal = new Seal(16);
  readonly #aim = h("div", "mv-pad-aim", { "aria-hidden": "true" }, this.#seal.el);
  readonly #corners = LETTERS.map((letter, k) => {
    const seal = new Seal(16);
    const title = h("span", "mv-pad-title");
    const el = h(
      "span",
      `mv-pad-corner${k % 2 ? " mv-pad-right" : ""}`,
      {},
      seal.el,
      h("b", "", {}, letter),
      title,
    );
    return { el, seal, title };
  });
  readonly #id = freshId("pad");
  #cells: HTMLElement[] = [];
  #props: PadProps | undefined;
  #named = "";
  #scale: Scale | undefined;
  #look: Look = lookOf("light");
  #side = 0;
  #node = -1;

  constructor() {
    this.grid = h("div", "mv-pad-square", { role: "grid", tabindex: 0 });
    const ends = this.#corners.map(({ el }) => el);
    const [above, below] = [ends.slice(0, 2), ends.slice(2)].map((two) =>
      h("div", "mv-pad-ends", {}, ...two),
    );
    this.el = h("div", "mv-pad", {}, above as Node, this.grid, below as Node);
  }

  get side(): number {
    return this.#side;
  }

  /** Space between two cells. */
  get #gap(): number {
    return (this.#props?.n ?? 7) <= 10 ? 3 : 2;
  }

  get #cell(): number {
    const n = this.#props?.n ?? 7;
    return (this.#side - this.#gap * (n - 1)) / n;
  }

  /** From one cell to the next. */
  get pitch(): number {
    return this.#cell + this.#gap;
  }

  /** Middle of a cell, or of a place between cells. */
  middle([row, column]: Spot): Point {
    return { x: column * this.pitch + this.#cell / 2, y: row * this.pitch + this.#cell / 2 };
  }

  /** The place under a point of the square. */
  spotAt({ x, y }: Point): Spot {
    const last = (this.#props?.n ?? 2) - 1;
    const at = (value: number) => Math.max(0, Math.min(last, (value - this.#cell / 2) / this.pitch));
    return [at(y), at(x)];
  }

  update(props: PadProps, t: Translate): void {
    const before = this.#props;
    this.#props = props;
    if (before?.n !== props.n) this.#build(props.n);
    put(this.grid, "aria-label", t("pad.grid"));
    put(this.grid, "aria-description", t("pad.keys"));
    this.#name(props, t);
    props.labels.forEach((label, k) => {
      const corner = this.#corners[k];
      if (!corner) return;
      say(corner.title, label);
      put(corner.el, "title", label);
    });
    if (before?.cells !== props.cells) {
      const notes = props.cells.flatMap((clip): readonly Note[] => clip.notes);
      this.#scale = scaleOf(notes, props.cells[0]?.score.quarters ?? 8);
    }
    if (before?.cells !== props.cells || before?.places !== props.places || before.n !== props.n)
      this.#paintNotes();
    this.#mark(props);
    this.#drawPath(props);
  }

  /** Which place of the path sounds; -1 for none. */
  mark(node: number): void {
    if (node === this.#node) return;
    this.#node = node;
    if (this.#props) this.#drawPath(this.#props);
  }

  resize(side: number): void {
    if (side === this.#side) return;
    this.#side = side;
    this.#draw();
  }

  paint(look: Look): void {
    this.#look = look;
    this.#draw();
  }

  #draw(): void {
    const props = this.#props;
    if (!props || this.#side <= 0) return;
    this.grid.style.width = `${this.#side}px`;
    this.grid.style.height = `${this.#side}px`;
    this.#paintNotes();
    this.#mark(props);
    this.#drawPath(props);
  }

  #build(n: number): void {
    this.#cells = Array.from({ length: n * n }, (_, cell) =>
      h("div", "mv-pad-cell", { role: "gridcell", id: `${this.#id}-${cell}` }),
    );
    const rows = Array.from({ length: n }, (_, row) =>
      h("div", "mv-pad-row", { role: "row" }, ...this.#cells.slice(row * n, (row + 1) * n)),
    );
    this.grid.style.setProperty("--mv-n", String(n));
    this.grid.style.setProperty("--mv-gap", `${this.#gap}px`);
    for (const corner of cornersOf(n)) this.#cells[corner]?.classList.add("mv-pad-end");
    this.grid.replaceChildren(...rows, this.#canvas, this.#path, this.#current, this.#aim);
  }

  #name({ n, path }: PadProps, t: Translate): void {
    const named = [n, t("pad.where"), ...path].join();
    if (named === this.#named) return;
    this.#named = named;
    const corners = cornersOf(n);
    this.#cells.forEach((el, cell) => {
      const parts = [whereText(t, spotOf(cell, n))];
      const corner = corners.indexOf(cell);
      if (corner >= 0) parts.push(LETTERS[corner] as string);
      const place = path.indexOf(cell);
      if (place >= 0) parts.push(t("pad.in-path", { k: place + 1 }));
      put(el, "aria-label", parts.join(t("pad.comma")));
    });
  }

  /** Tints, outline, aim and seals. */
  #mark(props: PadProps): void {
    const { n, places, value } = props;
    const now = cellAt(value, n);
    const whole = onCell(value);
    const [plain, strong, current] = GROUNDS[this.#look.theme];
    const corners = cornersOf(n);
    this.#cells.forEach((el, cell) => {
      const ground = cell === now ? current : corners.includes(cell) ? strong : plain;
      const colour = this.#look.clip(places[cell] ?? null);
      const alpha = Math.round(255 * ground).toString(16);
      const tint = this.#look.forced ? "" : `${colour}${alpha.padStart(2, "0")}`;
      if (el.dataset.tint !== tint) {
        el.dataset.tint = tint;
        el.style.background = tint;
      }
      put(el, "aria-selected", cell === now ? "true" : "false");
    });
    put(this.grid, "aria-activedescendant", `${this.#id}-${now}`);
    corners.forEach((cell, k) => {
      this.#corners[k]?.seal.update(places[cell] ?? null, this.#look);
    });
    // Outside the cell, and at the edges within the widget: nothing of it makes a host scroll.
    const { x, y } = this.middle(spotOf(now, n));
    const half = this.#cell / 2 + 1;
    const [left, top] = [Math.max(0, x - half), Math.max(0, y - half)];
    this.#current.style.transform = `translate(${left}px, ${top}px)`;
    this.#current.style.width = `${Math.min(this.#side, x + half) - left}px`;
    this.#current.style.height = `${Math.min(this.#side, y + half) - top}px`;
    this.#current.classList.toggle("mv-pad-near", !whole);
    this.#aim.hidden = whole;
    const at = this.middle(value);
    this.#aim.style.transform = `translate(${at.x}px, ${at.y}px)`;
    this.#aim.classList.toggle("mv-pad-waiting", props.shown.preview);
    this.#seal.update(props.shown.place, this.#look);
  }

  #paintNotes(): void {
    const props = this.#props;
    if (!props || this.#side <= 0) return;
    const ratio = Math.max(1, globalThis.devicePixelRatio || 1);
    const size = Math.round(this.#side * ratio);
    if (this.#canvas.width !== size) {
      this.#canvas.width = size;
      this.#canvas.height = size;
    }
    this.#canvas.style.width = `${this.#side}px`;
    this.#canvas.style.height = `${this.#side}px`;
    const context = this.#canvas.getContext("2d");
    const scale = this.#scale;
    if (!context || !scale) return;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, this.#side, this.#side);
    const width = this.#cell;
    props.cells.forEach((clip, cell) => {
      const { x, y } = this.middle(spotOf(cell, props.n));
      const box = { x: x - width / 2, y: y - width / 2, width, height: width };
      const style = { look: this.#look, place: props.places[cell] ?? null, ground: 0 };
      paintThumb(context, box, clip.notes, scale, style);
    });
  }

  #drawPath({ path, n, along }: PadProps): void {
    put(this.#path, "width", this.#side);
    put(this.#path, "height", this.#side);
    const points = path.map((cell) => this.middle(spotOf(cell, n)));
    const d = curveThrough(points);
    const small = this.#cell < 36 ? 0.7 : 1;
    const nodes = points.map((point, k) => {
      const end = k === 0 ? "start" : k === points.length - 1 ? "end" : "node";
      const sounding = along && k === this.#node;
      const r = (sounding || end !== "node" ? 5 : 3) * small;
      const kind = `mv-pad-${end}${sounding ? " mv-pad-sounding" : ""}`;
      return s("circle", { cx: point.x.toFixed(1), cy: point.y.toFixed(1), r, class: kind });
    });
    // The sounding node is not to be hidden by one that came to the same cell later.
    nodes.sort((a, b) => Number(a.matches(".mv-pad-sounding")) - Number(b.matches(".mv-pad-sounding")));
    this.#path.replaceChildren(
      s("path", { d, class: "mv-pad-halo" }),
      s("path", { d, class: "mv-pad-line" }),
      ...nodes,
    );
  }
}
