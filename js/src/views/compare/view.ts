/** The Compare view: rolls under each other, or rows of small rolls. */

import type { Playing } from "../../audio/player";
import type { CompareActions, CompareProps } from "../../core/compare-props";
import { summary } from "../../core/describe";
import type { Translate } from "../../core/i18n";
import { type Look, lookOf } from "../../core/palette";
import { MeterMap } from "../../core/time";
import type { Work } from "../../core/work";
import { h, put, s, say } from "../../ui/dom";
import { Segments } from "../../ui/segments";
import type { StageHost } from "../piano-roll/stage";
import { Shell, type ShellView } from "../shell";
import { Rolls } from "./rolls";
import { Rows } from "./rows";
import { rowName } from "./words";

const BAR = new MeterMap([[0, 4, 4]], 4);

export class CompareView implements ShellView {
  readonly #shell: Shell;
  readonly #host: StageHost;
  readonly #player: Playing;
  readonly #actions: CompareActions;
  readonly #legend = h("span", "mv-legend");
  /** What bars mean: in the head, and where that is narrow in the row of the transport. */
  readonly #captions = [h("span", "mv-caption"), h("span", "mv-caption mv-caption-low")];
  #body: Rolls | Rows | undefined;
  #which: Segments<string> | undefined;
  #props: CompareProps | undefined;
  #look: Look = lookOf("light");

  constructor(el: HTMLElement, player: Playing, work: Work, actions: CompareActions) {
    this.#player = player;
    this.#actions = actions;
    this.#host = {
      sound: player,
      request: () => this.#shell.request(),
      announce: (text) => this.#shell.announce(text),
    };
    this.#shell = new Shell(el, player, actions, this, work);
    this.#shell.head.right.append(this.#legend, this.#captions[0] as Node);
    this.#shell.bar.right.append(this.#captions[1] as Node);
  }

  get meter(): MeterMap {
    return this.#body?.meter ?? BAR;
  }

  update(props: CompareProps): void {
    const before = this.#props;
    this.#props = props;
    const clip = props.clips[props.value];
    const rolls = props.kind === "pair" || props.kind === "mean";
    if (!clip) return;
    if (before?.kind !== props.kind || before.rows.length !== props.rows.length) this.#build(props, rolls);
    this.#shell.update(props, props.places[props.value] ?? null, (t) => ({
      title: props.title || t(`compare.${props.kind}`),
      meta: props.subtitle || summary(t, clip),
      idle: null,
    }));
    const t = this.#shell.t;
    const root = this.#shell.root;
    put(root, "data-kind", props.kind);
    put(root, "data-value", props.value);
    put(root, "data-notes", clip.notes.length);
    this.#body?.update(props, t);
    if (this.#which) {
      const sides = [t("compare.before"), t("compare.after")];
      const words = Object.fromEntries(
        props.rows.map((row, index) => [
          String(index),
          (this.#shell.part && sides[index]) || rowName(t, row),
        ]),
      );
      this.#which.update(String(props.value), t("compare.plays"), words);
    }
    this.#tell(props, t);
  }

  resize(width: number): void {
    this.#body?.resize(width);
  }

  paint(look: Look): void {
    this.#look = look;
    this.#body?.paint(look);
    if (this.#props) this.#tell(this.#props, this.#shell.t);
  }

  frame(now: number): boolean {
    return this.#body?.frame(now) ?? false;
  }

  dispose(): void {
    this.#body?.dispose();
    this.#shell.dispose();
  }

  #build(props: CompareProps, rolls: boolean): void {
    this.#body?.dispose();
    this.#which?.el.remove();
    this.#which = undefined;
    if (rolls) {
      this.#body = new Rolls(this.#host, this.#shell.part);
      const values = props.rows.map((_, index) => String(index));
      this.#which = new Segments(values, (value) => this.#actions.choose(Number(value)));
      (this.#shell.part ? this.#shell.head.right : this.#shell.bar.right).append(this.#which.el);
    } else this.#body = new Rows(this.#host, { choose: (value, play) => this.#choose(value, play) });
    this.#shell.body.replaceChildren(this.#body.el);
    this.#body.paint(this.#look);
    const width = Math.floor(this.#shell.body.clientWidth);
    if (width > 0) this.#body.resize(width);
  }

  /** A click plays from the start; while something sounds the new one begins at the bar line, a whole piece at once. */
  #choose(value: number, play: boolean): void {
    const same = value === this.#props?.value;
    const whole = this.#props?.kind === "playlist";
    this.#actions.choose(value);
    if (!play) return;
    if (this.#player.playing && (same || !whole)) {
      if (same) this.#player.pause();
      return;
    }
    if (!same) this.#player.stop();
    // The player takes the choice at the end of this turn.
    queueMicrotask(() => void this.#player.play());
  }

  #tell({ difference, costs, limit, places }: CompareProps, t: Translate): void {
    this.#legend.hidden = difference === null;
    if (difference) {
      const { same, missing, added } = difference;
      const counts = { same, missing: missing.length, added: added.size };
      put(this.#legend, "role", "img");
      put(this.#legend, "aria-label", t("compare.counts", counts));
      const entry = (name: keyof typeof counts) =>
        h(
          "span",
          "mv-legend-item",
          {},
          this.#swatch(name, places[1] ?? null),
          h("b", "", {}, String(counts[name])),
          t(`compare.${name}`),
        );
      this.#legend.replaceChildren(entry("same"), entry("missing"), entry("added"));
    }
    const words = limit === null ? t("compare.costs") : t("compare.limit", { n: limit.toFixed(2) });
    for (const caption of this.#captions) {
      const shown = !this.#which && costs.length > 0;
      caption.hidden = !shown;
      say(caption, shown ? words : "");
    }
  }

  #swatch(name: "same" | "missing" | "added", place: CompareProps["places"][number]): SVGSVGElement {
    const { tokens } = this.#look;
    const box = { x: 0.75, y: 0.75, width: 16.5, height: 6.5, rx: 2 };
    const styles = {
      same: { fill: this.#look.clip(place), "fill-opacity": 0.4, stroke: "none" },
      missing: { fill: "none", stroke: tokens.signal, "stroke-width": 1.5 },
      added: { fill: tokens.signal, stroke: tokens.signal, "stroke-width": 1.5 },
    };
    const svg = { width: 18, height: 8, viewBox: "0 0 18 8", "aria-hidden": "true" };
    return s("svg", svg, s("rect", { ...box, ...styles[name] }));
  }
}
