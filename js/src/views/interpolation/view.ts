/** The InterpolationSlider view: plain props in, callbacks out. */

import type { Playing } from "../../audio/player";
import type { Clip, Note } from "../../core/clip";
import { summary } from "../../core/describe";
import {
  type InterpolationActions,
  type InterpolationProps,
  SPACES,
  type Space,
} from "../../core/interpolation-props";
import type { Look } from "../../core/palette";
import type { MeterMap } from "../../core/time";
import type { Work } from "../../core/work";
import { put } from "../../ui/dom";
import { Segments } from "../../ui/segments";
import { Curves } from "../curves/curves";
import { Stage, type StageProps } from "../piano-roll/stage";
import { Shell, type ShellView, stageParts } from "../shell";
import { Drawing } from "./drawing";
import { stepText, Track } from "./track";

const ROLL = 170;
/** Each lane beyond the first makes the roll taller. */
const LANE = 58;

export class InterpolationView implements ShellView {
  readonly #shell: Shell;
  readonly #stage: Stage;
  readonly #track: Track;
  readonly #curves = new Curves();
  readonly #drawing: Drawing;
  readonly #spaces: Segments<Space>;
  #all: readonly Note[] = [];
  #notes: readonly (readonly Note[])[] = [];
  #clips: readonly Clip[] = [];
  #width = 0;

  constructor(el: HTMLElement, player: Playing, work: Work, actions: InterpolationActions) {
    this.#stage = new Stage({ sound: player, ...stageParts(() => this.#shell) });
    this.#track = new Track((position) => actions.move(position));
    this.#drawing = new Drawing((temperature, seed) => actions.draw(temperature, seed));
    this.#spaces = new Segments(SPACES, (space) => actions.space(space));
    this.#shell = new Shell(el, player, actions, this, work);
    this.#shell.head.right.append(this.#spaces.el);
    this.#shell.bar.right.append(this.#drawing.el);
    this.#shell.body.append(this.#stage.el, this.#track.el, this.#curves.el);
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
    const { here, position, routes, space, stops, labels, snap, temperature, seed } = props;
    const { clips, places } = routes[space];
    const { clip, place } = here;
    this.#gather(props);
    let title = "";
    this.#shell.update(props, place, (t) => {
      title = props.title || t("slider.title");
      const named = labels.filter((label) => label !== "");
      const route = labels.reduce((a, b) => (a ? t("slider.route", { a, b }) : b), "");
      return { title, meta: props.subtitle || (named.length > 0 ? route : summary(t, clip)), idle: null };
    });
    const t = this.#shell.t;
    const root = this.#shell.root;
    put(root, "data-notes", clip.notes.length);
    put(root, "data-step", props.step);
    put(root, "data-space", space);
    put(root, "data-exact", Math.abs(here.at - position) < 1e-6 ? "true" : "false");
    const lanes = Math.max(1, clip.score.tracks.length);
    const stage: StageProps = {
      clip,
      place,
      title: `${title}, ${stepText(t, position, clips.length)}`,
      height: ROLL + LANE * (lanes - 1),
      scale: this.#all,
      keys: false,
      morph: true,
    };
    this.#stage.update(stage, t);
    const { quarters } = clip.score;
    this.#track.update({ steps: this.#notes, places, stops, labels, position, place, snap, quarters }, t);
    this.#curves.update(props, t);
    this.#drawing.update({ space, temperature, seed }, t);
    this.#spaces.el.hidden = routes.data.clips.length !== routes.latent.clips.length;
    this.#spaces.update(space, t("space.label"), { latent: t("space.latent"), data: t("space.data") });
    this.#measure();
  }

  resize(width: number): void {
    this.#width = width;
    this.#stage.resize(width);
    this.#track.resize(width);
    this.#measure();
  }

  paint(look: Look): void {
    this.#stage.paint(look);
    this.#track.paint(look);
    this.#curves.paint(look);
    this.#measure();
  }

  frame(now: number): boolean {
    return this.#stage.frame(now);
  }

  dispose(): void {
    this.#stage.dispose();
    this.#shell.dispose();
  }

  /** Both spaces share one scale of pitches, so that a switch moves the notes and not the ground. */
  #gather({ routes, space }: InterpolationProps): void {
    const clips = routes[space].clips;
    if (this.#clips === clips) return;
    this.#clips = clips;
    this.#notes = clips.map((clip) => clip.notes);
    this.#all = SPACES.flatMap((name) => routes[name].clips.flatMap((clip) => clip.notes));
  }

  #measure(): void {
    this.#curves.draw(this.#width, (position) => this.#track.x(position));
  }
}
