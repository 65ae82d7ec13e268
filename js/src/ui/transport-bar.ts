import type { Translate } from "../core/i18n";
import type { MeterMap } from "../core/time";
import { IconButton } from "./button";
import { h, put, say } from "./dom";
import { quarterMark } from "./icons";
import { type MoreActions, MorePanel, type MoreState } from "./more-panel";
import { NumberField } from "./number-field";
import { VolumeWedge } from "./volume";

export const SLOWEST = 10;
export const FASTEST = 400;

export interface TransportActions extends MoreActions {
  toggle(): void;
  stop(): void;
  loop(on: boolean): void;
  tempo(qpm: number): void;
  volume(volume: number): void;
}

export interface TransportState extends MoreState {
  readonly playing: boolean;
  readonly loop: boolean;
  readonly tempo: number;
  readonly volume: number;
}

/**
 * Play, stop, loop, position, tempo, volume, and behind a button what is needed less often; `right` is where
 * a view puts its own words.
 */
export class TransportBar {
  readonly el: HTMLElement;
  /** The row alone, without the panel: a Studio has it in its head. */
  readonly row: HTMLElement;
  readonly right = h("div", "mv-transport-right");
  readonly #play: IconButton;
  readonly #stop: IconButton;
  readonly #loop: IconButton;
  readonly #at = h("b", "");
  readonly #of = h("span", "");
  readonly #position: HTMLElement;
  readonly #tempo: NumberField;
  readonly #volume: VolumeWedge;
  readonly #more: IconButton;
  readonly #panel: MorePanel;
  #looping = false;
  #last: { state: TransportState; t: Translate } | undefined;

  constructor(actions: TransportActions) {
    this.#play = new IconButton("play", "mv-play", () => actions.toggle());
    this.#stop = new IconButton("stop", "mv-button", () => actions.stop());
    this.#loop = new IconButton("loop", "mv-button", () => actions.loop(!this.#looping));
    this.#tempo = new NumberField((qpm) => actions.tempo(qpm), SLOWEST, FASTEST);
    this.#volume = new VolumeWedge((volume) => actions.volume(volume));
    this.#position = h("span", "mv-number mv-position", {}, this.#at, this.#of);
    const tempo = h("label", "mv-number mv-tempo-label", {}, quarterMark(), this.#tempo.el);
    this.#panel = new MorePanel(actions);
    this.#more = new IconButton("more", "mv-button", () => this.open(this.#panel.el.hidden === true));
    put(this.#more.el, "aria-controls", this.#panel.el.id);
    this.row = h(
      "div",
      "mv-transport",
      { role: "group" },
      this.#play.el,
      this.#stop.el,
      this.#loop.el,
      this.#position,
      tempo,
      this.#volume.el,
      this.#more.el,
      this.right,
    );
    this.el = h("div", "mv-transport-frame", {}, this.row, this.#panel.el);
    this.open(false);
  }

  /** Shows or hides the further controls. */
  open(open: boolean): void {
    this.#panel.el.hidden = !open;
    put(this.#more.el, "aria-expanded", open ? "true" : "false");
    if (this.#last) this.update(this.#last.state, this.#last.t);
  }

  update(state: TransportState, t: Translate): void {
    this.#last = { state, t };
    this.#looping = state.loop;
    this.#more.update({ label: t("more") });
    this.#panel.update(state, t);
    this.#play.update({ label: t(state.playing ? "pause" : "play"), icon: state.playing ? "pause" : "play" });
    this.#stop.update({ label: t("stop") });
    this.#loop.update({ label: t("loop"), on: state.loop });
    this.#tempo.update(state.tempo, t("tempo"));
    this.#volume.update(state.volume, t("volume"), t("volume.value", { n: Math.round(100 * state.volume) }));
  }

  /** Bar and beat of a quarter. */
  place(quarter: number, meter: MeterMap, t: Translate): void {
    const { bar, beat } = meter.position(Math.min(quarter, meter.quarters - 1e-6));
    const bars = meter.bars.length;
    say(this.#at, `${bar}.${beat}`);
    say(this.#of, ` / ${bars}`);
    put(this.#position, "title", t("position", { bar, beat, bars }));
  }
}
