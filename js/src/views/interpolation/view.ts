/** The InterpolationSlider view: plain props in, callbacks out. */

import type { Player } from "../../audio/player";
import type { Clip, Note } from "../../core/clip";
import { summary } from "../../core/describe";
import type { Look } from "../../core/palette";
import type { InterpolationActions, InterpolationProps } from "../../core/props";
import type { MeterMap } from "../../core/time";
import { put } from "../../ui/dom";
import { Stage, type StageProps } from "../piano-roll/stage";
import { Shell, type ShellView } from "../shell";
import { stepText, Track } from "./track";

const ROLL = 170;
/** Each lane beyond the first makes the roll taller. */
const LANE = 58;

export class InterpolationView implements ShellView {
  readonly #shell: Shell;
  readonly #stage: Stage;
  readonly #track: Track;
  #all: readonly Note[] = [];
  #notes: readonly (readonly Note[])[] = [];
  #steps: readonly Clip[] | undefined;

  constructor(el: HTMLElement, player: Player, actions: InterpolationActions) {
    this.#stage = new Stage({
      sound: player,
      request: () => this.#shell.request(),
      announce: (text) => this.#shell.announce(text),
    });
    this.#track = new Track((step) => actions.step(step));
    this.#shell = new Shell(el, player, actions, this);
    this.#shell.body.append(this.#stage.el, this.#track.el);
    this.#shell.root.addEventListener("keydown", (event) => {
      if (event.key !== " " || !(event.target as Element).matches(".mv-slider")) return;
      event.preventDefault();
      player.toggle();
    });
  }

  get meter(): MeterMap {
    return this.#stage.meter;
  }

  update(props: InterpolationProps): void {
    const clip = props.steps[props.step];
    const place = props.places[props.step] ?? null;
    if (!clip) return;
    if (this.#steps !== props.steps) {
      this.#steps = props.steps;
      this.#notes = props.steps.map((step) => step.notes);
      this.#all = this.#notes.flat();
    }
    const [a, b] = props.labels;
    let title = "";
    this.#shell.update(props, place, (t) => {
      title = props.title || t("slider.title");
      const route = a || b ? t("slider.route", { a, b }) : summary(t, clip);
      return { title, meta: props.subtitle || route, idle: null };
    });
    const t = this.#shell.t;
    const root = this.#shell.root;
    put(root, "data-notes", clip.notes.length);
    put(root, "data-step", props.step);
    const lanes = Math.max(1, clip.score.tracks.length);
    const stage: StageProps = {
      clip,
      place,
      title: `${title}, ${stepText(t, props.step, props.steps.length)}`,
      height: ROLL + LANE * (lanes - 1),
      scale: this.#all,
      keys: false,
      morph: true,
    };
    this.#stage.update(stage, t);
    const { places, step, labels } = props;
    this.#track.update({ steps: this.#notes, places, step, labels, quarters: clip.score.quarters }, t);
  }

  resize(width: number): void {
    this.#stage.resize(width);
    this.#track.resize(width);
  }

  paint(look: Look): void {
    this.#stage.paint(look);
    this.#track.paint(look);
  }

  frame(now: number): boolean {
    return this.#stage.frame(now);
  }

  dispose(): void {
    this.#stage.dispose();
    this.#shell.dispose();
  }
}
