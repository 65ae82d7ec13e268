/** Beside the map: a small map of each group, the ramp of numbers, the reader's own clips. */

import { attributeName } from "../../core/attributes";
import type { Translate } from "../../core/i18n";
import type { MapProps } from "../../core/latent-scatter-props";
import { cividis, OKABE_ITO, paletteOf } from "../../core/map-palette";
import type { Look } from "../../core/palette";
import { h, put, say } from "../../ui/dom";
import { Seal } from "../../ui/seal";
import { boundsOf } from "./camera";

export interface LegendActions {
  choose(group: number | null): void;
  mark(index: number): void;
}

const WIDTH = 52;
const HEIGHT = 40;
const DOTS = 1200;

interface Entry {
  readonly el: HTMLButtonElement;
  readonly map: HTMLCanvasElement;
  readonly name: HTMLElement;
  readonly count: HTMLElement;
}

interface Own {
  readonly el: HTMLButtonElement;
  readonly seal: Seal;
  readonly letter: HTMLElement;
  readonly title: HTMLElement;
}

export class MapLegend {
  readonly el = h("div", "mv-map-side");
  readonly #actions: LegendActions;
  readonly #shown = h("div", "mv-map-section");
  readonly #shownTitle = h("div", "mv-map-heading");
  readonly #list = h("div", "mv-map-list", { role: "group" });
  readonly #note = h("div", "mv-map-note");
  readonly #ramp = h("div", "mv-map-section");
  readonly #rampTitle = h("div", "mv-map-heading");
  readonly #bar = h("div", "mv-map-ramp");
  readonly #ticks = h("div", "mv-map-ticks");
  readonly #missing = h("div", "mv-map-note");
  readonly #mine = h("div", "mv-map-section");
  readonly #mineTitle = h("div", "mv-map-heading");
  readonly #own = h("div", "mv-map-own", { role: "group" });
  #entries: Entry[] = [];
  #owns: Own[] = [];
  #props: MapProps | undefined;
  #group: number | null = null;

  constructor(actions: LegendActions) {
    this.#actions = actions;
    this.#ramp.append(this.#rampTitle, this.#bar, this.#ticks, this.#missing);
    this.#shown.append(this.#shownTitle, this.#list, this.#note);
    this.#mine.append(this.#mineTitle, this.#own);
    this.el.append(this.#ramp, this.#shown, this.#mine);
  }

  /** Whether there is anything to be listed. */
  get empty(): boolean {
    return [this.#ramp, this.#shown, this.#mine].every((section) => section.hidden !== false);
  }

  update(props: MapProps, group: number | null, look: Look, t: Translate): void {
    const { groups, legend, marks } = props;
    const names = [
      { name: t(groups.name === "source" ? "map.all.source" : "map.all"), count: props.count },
      ...groups.entries.map(({ name, count }) => ({ name: name || t("map.nameless"), count })),
      ...(groups.rest
        ? [{ name: t("map.rest", { n: number(groups.rest.values) }), count: groups.rest.count }]
        : []),
    ];
    this.#shown.hidden = groups.entries.length === 0;
    say(this.#shownTitle, groups.name === "source" || !groups.name ? t("map.show") : groups.name);
    put(this.#list, "aria-label", t("map.show"));
    this.#note.hidden = !groups.rest;
    say(this.#note, groups.rest ? t("map.many", { n: number(groups.values), name: groups.name }) : "");
    this.#fill(this.#shown.hidden ? 0 : names.length);
    this.#entries.forEach((entry, index) => {
      const known = names[index];
      if (!known) return;
      say(entry.name, known.name);
      say(entry.count, number(known.count));
      put(entry.el, "title", known.name);
      put(entry.el, "aria-pressed", group === (index === 0 ? null : index - 1) ? "true" : "false");
    });
    const numbers = legend.kind === "number";
    this.#ramp.hidden = !numbers;
    say(this.#rampTitle, attributeName(t, legend.name));
    this.#ticks.replaceChildren(
      ...legend.ticks.map((tick, k) => {
        const below = k === 0 && legend.open[0] ? "≤ " : "";
        const above = k === legend.ticks.length - 1 && legend.open[1] ? "≥ " : "";
        return h("span", "", {}, `${below}${above}${tick}`);
      }),
    );
    this.#missing.hidden = !legend.missing;
    say(this.#missing, legend.missing ? t("map.missing", { n: number(legend.missing) }) : "");
    this.#mine.hidden = marks.length === 0;
    say(this.#mineTitle, t("map.mine"));
    put(this.#own, "aria-label", t("map.mine"));
    this.#listOwn(props, look);
    const repaint =
      this.#props?.cloud !== props.cloud || this.#props.legend !== props.legend || this.#group !== group;
    this.#props = props;
    this.#group = group;
    if (repaint) this.paint(look);
  }

  paint(look: Look): void {
    const props = this.#props;
    const stops = Array.from({ length: 17 }, (_, k) => cividis(k / 16, look.theme));
    this.#bar.style.background = `linear-gradient(to right, ${stops.join()})`;
    if (!props) return;
    for (const [index, entry] of this.#entries.entries())
      paintSmall(entry.map, props, index === 0 ? null : index - 1, look);
    this.#listOwn(props, look);
  }

  #fill(count: number): void {
    while (this.#entries.length > count) this.#entries.pop()?.el.remove();
    while (this.#entries.length < count) {
      const group = this.#entries.length === 0 ? null : this.#entries.length - 1;
      const map = h("canvas", "mv-map-small", { "aria-hidden": "true" });
      const name = h("span", "mv-map-name");
      const figure = h("span", "mv-map-count");
      const el = h(
        "button",
        "mv-map-entry",
        { type: "button" },
        map,
        h("span", "mv-map-words", {}, name, figure),
      );
      el.addEventListener("click", () => this.#actions.choose(group));
      this.#entries.push({ el, map, name, count: figure });
      this.#list.append(el);
    }
  }

  #listOwn({ marks, here }: MapProps, look: Look): void {
    while (this.#owns.length > marks.length) this.#owns.pop()?.el.remove();
    while (this.#owns.length < marks.length) {
      const index = this.#owns.length;
      const seal = new Seal(16);
      const letter = h("b", "mv-map-letter");
      const title = h("span", "mv-map-name");
      const el = h("button", "mv-map-mine", { type: "button" }, seal.el, letter, title);
      el.addEventListener("click", () => this.#actions.mark(index));
      this.#owns.push({ el, seal, letter, title });
      this.#own.append(el);
    }
    marks.forEach((mark, index) => {
      const own = this.#owns[index];
      if (!own) return;
      own.seal.update(mark.place, look);
      say(own.letter, mark.letter);
      say(own.title, mark.title);
      put(own.el, "title", mark.title);
      put(
        own.el,
        "aria-current",
        here?.number === null && here.at.join() === mark.at.join() ? "true" : "false",
      );
    });
  }
}

const number = (value: number): string => value.toLocaleString("en");

/** Paints one group's points, each in its colour, on a stage of 52 x 40. */
function paintSmall(canvas: HTMLCanvasElement, props: MapProps, group: number | null, look: Look): void {
  const { cloud, groups } = props;
  const ratio = Math.max(1, globalThis.devicePixelRatio || 1);
  canvas.width = Math.round(WIDTH * ratio);
  canvas.height = Math.round(HEIGHT * ratio);
  const context = canvas.getContext("2d");
  if (!context) return;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, WIDTH, HEIGHT);
  const palette = paletteOf(props.legend, look);
  const count = group === null ? props.count : (groups.entries[group]?.count ?? groups.rest?.count ?? 0);
  const share = cloud.size / Math.max(1, props.count);
  const stride = Math.max(1, Math.floor((count * share) / DOTS));
  const d = cloud.dimensions;
  const flat = d === 2 ? cloud.at : cloud.at.filter((_, k) => k % 3 < 2);
  const box = boundsOf(flat, []);
  const side = count * share < 200 ? 1.5 : 1;
  context.globalAlpha = count * share < 200 ? 1 : 0.7;
  const ink = props.legend.kind === "category" && group !== null ? OKABE_ITO[group] : undefined;
  let met = 0;
  for (let i = 0; i < cloud.size; i++) {
    if (group !== null && cloud.groups[i] !== group) continue;
    if (met++ % stride !== 0) continue;
    const x = (((flat[2 * i] as number) - box.left) / (box.right - box.left)) * WIDTH;
    const y = (1 - ((flat[2 * i + 1] as number) - box.bottom) / (box.top - box.bottom)) * HEIGHT;
    const own = palette[Math.min(palette.length - 1, cloud.codes[i] as number)] as string;
    context.fillStyle = look.forced ? "CanvasText" : ink && ink !== "ink" ? ink : own;
    context.fillRect(x - side / 2, y - side / 2, side, side);
  }
}
