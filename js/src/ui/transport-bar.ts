import type { Translate } from "../core/i18n";
import type { MeterMap } from "../core/time";
import { IconButton } from "./button";
import { h, put, say } from "./dom";
import { quarterMark } from "./icons";
import { TempoField } from "./tempo-field";
import { VolumeWedge } from "./volume";

export interface TransportActions {
  toggle(): void;
  stop(): void;
  loop(on: boolean): void;
  tempo(qpm: number): void;
  volume(volume: number): void;
}

export interface TransportState {
  readonly playing: boolean;
  readonly loop: boolean;
  readonly tempo: number;
  readonly volume: number;
}

/** Play, stop, loop, position, tempo, volume; `right` is where a view puts its own words. */
export class TransportBar {
  readonly el = h("div", "mv-transport", { role: "group" });
  readonly right = h("div", "mv-transport-right");
  readonly #play: IconButton;
  readonly #stop: IconButton;
  readonly #loop: IconButton;
  readonly #at = h("b", "");
  readonly #of = h("span", "");
  readonly #position: HTMLElement;
  readonly #tempo: TempoField;
  readonly #volume: VolumeWedge;
  #looping = false;

  constructor(actions: TransportActions) {
    this.#play = new IconButton("play", "mv-play", () => actions.toggle());
    this.#stop = new IconButton("stop", "mv-button", () => actions.stop());
    this.#loop = new IconButton("loop", "mv-button", () => actions.loop(!this.#looping));
    this.#tempo = new TempoField((qpm) => actions.tempo(qpm));
    this.#volume = new VolumeWedge((volume) => actions.volume(volume));
    this.#position = h("span", "mv-number mv-position", {}, this.#at, this.#of);
    const tempo = h("label", "mv-number mv-tempo-label", {}, quarterMark(), this.#tempo.el);
    this.el.append(
      this.#play.el,
      this.#stop.el,
      this.#loop.el,
      this.#position,
      tempo,
      this.#volume.el,
      this.right,
    );
  }

  update(state: TransportState, t: Translate): void {
    this.#looping = state.loop;
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
