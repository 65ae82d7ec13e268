/** The LatentScatter view: plain props in, callbacks out. */

import type { Playing } from "../../audio/player";
import type { Key } from "../../core/i18n";
import type { MapActions, MapProps } from "../../core/latent-scatter-props";
import { type Look, lookOf } from "../../core/palette";
import { MeterMap } from "../../core/time";
import type { Work } from "../../core/work";
import { h, put } from "../../ui/dom";
import { WordButton } from "../../ui/word-button";
import { Shell, type ShellView } from "../shell";
import { type Assets, loadEngine } from "./engine";
import type { Tool } from "./gestures";
import { MapLegend } from "./legend";
import { MapStage } from "./stage";

const SIDE = 170;
const SIDE_SMALL = 148;
const WIDE = 900;
const NARROW = 700;
const GAP = 24;
/** Height by width; in a Studio, where the roll beside it is as tall, always the same. */
const RATIO = 0.77;
const TALL = 520;
const PART_TALL = 400;
const LOW = 300;

/** What the map says at rest: what its colours mean, which are those of the plane whatever the map. */
function hintOf({ legend, map }: MapProps): Key {
  if (legend.kind !== "place") return "map.hint";
  return map === "plane" ? "map.hint.place" : "map.hint.plane";
}

export class LatentScatterView implements ShellView {
  readonly #shell: Shell;
  readonly #stage: MapStage;
  readonly #legend: MapLegend;
  readonly #box = h("div", "mv-map");
  readonly #tools: Readonly<Record<Tool, WordButton>>;
  readonly #neighbours: WordButton;
  readonly #fit: WordButton;
  readonly #sound: WordButton;
  readonly #clear: WordButton;
  readonly #work: Work;
  #props: MapProps | undefined;
  #look: Look = lookOf("light");
  #meter = new MeterMap([[0, 4, 4]], 4);
  #width = 0;

  constructor(el: HTMLElement, player: Playing, actions: MapActions, work: Work, assets: Assets) {
    this.#work = work;
    this.#stage = new MapStage({
      actions,
      engine: () => loadEngine(assets),
      request: () => this.#shell.request(),
      announce: (text) => this.#shell.announce(text),
      toggle: () => player.toggle(),
      waiting: () => this.#shell.t(this.#work.strain?.kind === "gone" ? "map.unknown" : "map.waiting"),
    });
    this.#legend = new MapLegend({
      choose: (group) => {
        // A second click on what is chosen shows all again.
        this.#stage.choose(group === this.#stage.group ? null : group);
        this.#redraw();
      },
      mark: (index) => actions.mark(index),
    });
    const tool = (name: Tool) => () => {
      this.#stage.tool = name;
      this.#redraw();
    };
    this.#tools = {
      point: new WordButton("point", tool("point")),
      lasso: new WordButton("lasso", tool("lasso")),
      turn: new WordButton("rotate", tool("turn")),
    };
    this.#neighbours = new WordButton("path", () => actions.neighbours(!this.#props?.neighbours));
    this.#fit = new WordButton("reset", () => this.#stage.fit());
    this.#sound = new WordButton("sound", () => actions.sound(!this.#props?.sound));
    this.#clear = new WordButton("cross", () => this.#stage.clear());
    this.#shell = new Shell(el, player, actions, this, work);
    const buttons = [...Object.values(this.#tools), this.#neighbours, this.#sound, this.#fit, this.#clear];
    this.#shell.head.right.append(...buttons.map((button) => button.el));
    this.#shell.head.right.classList.add("mv-map-tools");
    this.#box.append(this.#stage.el, this.#legend.el);
    this.#shell.body.append(this.#box);
  }

  get meter(): MeterMap {
    return this.#meter;
  }

  update(props: MapProps): void {
    this.#props = props;
    if (props.here) this.#meter = MeterMap.of(props.here.clip.score);
    const count = props.count.toLocaleString("en");
    this.#shell.update(props, props.here?.place ?? null, (t) => ({
      title: props.title || t("map.title"),
      meta:
        props.subtitle ||
        [t(props.count === 1 ? "map.clips.one" : "map.clips.other", { n: count }), props.model]
          .filter(Boolean)
          .join(" · "),
      idle: {
        kind: "info",
        text: t(props.count === 0 ? "map.empty" : hintOf(props)),
        hint: props.count === 0 ? t("map.empty.hint") : "",
      },
    }));
    this.#redraw();
  }

  resize(width: number): void {
    this.#width = width;
    this.#arrange();
  }

  paint(look: Look): void {
    this.#look = look;
    this.#stage.paint(look);
    this.#legend.paint(look);
  }

  frame(): boolean {
    const moving = this.#stage.frame();
    put(this.#shell.root, "data-painter", this.#stage.painter);
    put(this.#shell.root, "data-drawn", this.#stage.drawn);
    return moving;
  }

  dispose(): void {
    this.#stage.dispose();
    this.#shell.dispose();
  }

  #redraw(): void {
    const props = this.#props;
    if (!props) return;
    const { t, root } = this.#shell;
    const { selection, here } = props;
    for (const name of ["point", "lasso", "turn"] as const) {
      const label =
        name === "turn"
          ? t("map.turn.label")
          : name === "lasso"
            ? t("map.lasso.label")
            : t("map.point.label");
      this.#tools[name].update({ word: t(`map.${name}`), label, on: this.#stage.tool === name });
    }
    this.#tools.turn.el.hidden = props.cloud.dimensions < 3;
    this.#neighbours.update({ word: t("map.neighbours"), on: props.neighbours });
    this.#sound.update({ word: t("map.hear"), label: t("map.hear.label"), on: props.sound });
    this.#fit.update({ word: t("map.fit") });
    this.#clear.update({ word: t("map.clear"), label: t("map.clear.label") });
    this.#clear.el.hidden = selection.count === 0;
    put(this.#stage.el, "data-tool", this.#stage.tool);
    put(root, "data-count", props.count);
    put(root, "data-points", props.cloud.size);
    put(root, "data-value", here?.number ?? "");
    put(root, "data-here", here ? here.at.map((x) => x.toFixed(3)).join(" ") : "");
    put(root, "data-selected", selection.count);
    put(root, "data-notes", here?.clip.notes.length ?? 0);
    this.#stage.update(props, t);
    const empty = this.#legend.empty;
    this.#legend.update(props, this.#stage.group, this.#look, t);
    if (empty !== this.#legend.empty) this.#arrange();
  }

  /** Side by side where there is room, else the legend below (LOOK.md 10). */
  #arrange(): void {
    const width = this.#width;
    if (width <= 0) return;
    const narrow = width < NARROW;
    const { part } = this.#shell;
    const side = this.#legend.empty ? 0 : width < WIDE ? SIDE_SMALL : SIDE;
    this.#legend.el.hidden = side === 0;
    this.#legend.el.style.width = narrow ? "" : `${side}px`;
    const stage = narrow || side === 0 ? width : width - side - GAP;
    const height = part ? PART_TALL : Math.round(Math.max(LOW, Math.min(TALL, stage * RATIO)));
    this.#legend.el.style.maxHeight = narrow ? "" : `${height}px`;
    this.#stage.resize(stage, height);
  }
}
