/** Two pieces or three as rolls under each other, on one scale; the second shows how it differs. */

import type { Note } from "../../core/clip";
import type { CompareProps, CompareRow } from "../../core/compare-props";
import type { Translate } from "../../core/i18n";
import type { Look } from "../../core/palette";
import { MeterMap } from "../../core/time";
import { h, put, say } from "../../ui/dom";
import { Stage, type StageHost, type StageProps } from "../piano-roll/stage";
import { Beats } from "./beats";
import { rowName } from "./words";

const HEIGHT = { two: 150, more: 122, part: 112 };
/** Each lane beyond the first makes a roll taller. */
const LANE = 58;

interface Part {
  readonly el: HTMLElement;
  readonly stage: Stage;
  readonly name: HTMLElement;
  readonly detail: HTMLElement;
}

export class Rolls {
  readonly el = h("div", "mv-rolls");
  readonly #host: StageHost;
  /** Whether it is a part of a Studio, where the chosen roll alone is shown. */
  readonly #one: boolean;
  readonly #beats = new Beats();
  #parts: Part[] = [];
  #meter = new MeterMap([[0, 4, 4]], 4);
  #width = 0;
  #look: Look | undefined;
  #axes = "";

  constructor(host: StageHost, one: boolean) {
    this.#host = host;
    this.#one = one;
  }

  get meter(): MeterMap {
    return this.#meter;
  }

  update(props: CompareProps, t: Translate): void {
    this.#build(props.rows.length);
    const scale: readonly Note[] = props.clips.flatMap((clip) => clip.notes);
    const least = this.#one ? HEIGHT.part : props.rows.length > 2 ? HEIGHT.more : HEIGHT.two;
    props.rows.forEach((row, index) => {
      const part = this.#parts[index];
      const item = row.items[0] ?? 0;
      const clip = props.clips[item];
      if (!part || !clip) return;
      const name = rowName(t, row);
      say(part.name, name);
      say(part.detail, detailOf(t, props, row, index));
      const difference = index === 1 ? props.difference : null;
      const stage: StageProps = {
        clip,
        place: props.places[item] ?? null,
        title: name,
        height: least + LANE * (Math.max(1, clip.score.tracks.length) - 1),
        scale,
        keys: false,
        ...(difference ? { difference } : {}),
      };
      part.stage.update(stage, t);
      put(part.stage.el, "data-playing", item === props.value ? "true" : "false");
      part.el.hidden = this.#one && item !== props.value;
    });
    const first = this.#parts[0];
    if (first) this.#meter = first.stage.meter;
    this.#beats.el.hidden = props.difference === null;
    if (props.difference) this.#beats.update(props.difference.beats, this.#meter, t);
  }

  resize(width: number): void {
    this.#width = width;
    for (const { stage } of this.#parts) stage.resize(width);
  }

  paint(look: Look): void {
    this.#look = look;
    for (const { stage } of this.#parts) stage.paint(look);
  }

  frame(now: number): boolean {
    this.#together();
    const moving = this.#parts.map(({ stage }) => stage.frame(now)).some(Boolean);
    const last = this.#parts[1] ?? this.#parts[0];
    if (last) this.#beats.draw(last.stage.axis);
    return moving;
  }

  dispose(): void {
    for (const { stage } of this.#parts) stage.dispose();
  }

  #build(count: number): void {
    if (this.#parts.length === count) return;
    this.dispose();
    this.#parts = Array.from({ length: count }, () => {
      const [stage, name, detail] = [new Stage(this.#host), h("b", ""), h("span", "mv-part-detail")];
      const head = h("div", "mv-part-head", {}, name, detail);
      return { el: h("div", "mv-part", {}, head, stage.el), stage, name, detail };
    });
    this.el.replaceChildren(...this.#parts.map(({ el }) => el));
    (this.#one ? this.el : this.#parts[1]?.el)?.append(this.#beats.el);
    if (this.#width > 0) this.resize(this.#width);
    if (this.#look) this.paint(this.#look);
  }

  /** Zoom and scroll of one roll are those of all: what stands above each other belongs together. */
  #together(): void {
    const states = this.#parts.map(
      ({ stage: { axis } }) => `${axis.zoom.toFixed(6)},${axis.scroll.toFixed(2)}`,
    );
    const led = states.findIndex((state) => state !== this.#axes);
    const leader = this.#parts[led]?.stage.axis;
    if (!leader) return;
    for (const { stage } of this.#parts) {
      if (stage.axis === leader) continue;
      stage.axis.zoomAt(stage.axis.left, leader.zoom / stage.axis.zoom);
      stage.axis.scrollTo(leader.scroll);
      if (this.#look) stage.paint(this.#look);
    }
    this.#axes = states[led] as string;
  }
}

function detailOf(t: Translate, props: CompareProps, row: CompareRow, index: number): string {
  const { difference, costs } = props;
  if (difference && index === 1) {
    const all = difference.same + difference.missing.length;
    return t("compare.kept", { n: all > 0 ? Math.round((100 * difference.same) / all) : 100 });
  }
  const cost = costs[row.items[0] ?? 0];
  const told = cost !== undefined && Number.isFinite(cost) ? t("compare.cost", { n: cost.toFixed(2) }) : "";
  return [row.label, told].filter((part) => props.kind === "mean" && part !== "").join(" · ");
}
