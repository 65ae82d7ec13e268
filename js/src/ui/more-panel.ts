import type { Track } from "../core/clip";
import type { Translate } from "../core/i18n";
import type { Mix, TrackMix } from "../core/mix";
import { MOST_SWING, STRAIGHT } from "../core/play-time";
import { Choice, type Option } from "./choice";
import { freshId, h, say } from "./dom";
import { Mixer } from "./mixer";
import { NumberField } from "./number-field";
import { WordButton } from "./word-button";

export interface MoreActions {
  swing(swing: number): void;
  metronome(on: boolean): void;
  countIn(on: boolean): void;
  track(track: number, change: Partial<TrackMix>): void;
  /** The list of MIDI outputs is about to be opened. */
  midiOpened(): void;
  midi(id: string): void;
}

export interface MoreState {
  readonly swing: number;
  readonly metronome: boolean;
  readonly countIn: boolean;
  readonly mix: Mix;
  readonly tracks: readonly Track[];
  /** MIDI outputs by id, and the one that is played to, "" for none; null where the browser has no MIDI. */
  readonly midi: { readonly outputs: readonly Option[]; readonly chosen: string } | null;
}

/** What the transport row has no room for: swing, metronome, count-in, MIDI out, and the tracks. */
export class MorePanel {
  readonly el = h("div", "mv-more", { id: freshId("more") });
  readonly #swing: NumberField;
  readonly #swingWord = h("span", "");
  readonly #metronome: WordButton;
  readonly #countIn: WordButton;
  readonly #midi: Choice;
  readonly #mixer: Mixer;
  #state: MoreState | undefined;

  constructor(actions: MoreActions) {
    this.el.hidden = true;
    this.#swing = new NumberField(
      (percent) => actions.swing(percent / 100),
      100 * STRAIGHT,
      100 * MOST_SWING,
    );
    this.#metronome = new WordButton("metronome", () => actions.metronome(!this.#state?.metronome));
    this.#countIn = new WordButton("count", () => actions.countIn(!this.#state?.countIn));
    this.#midi = new Choice(actions.midi, actions.midiOpened);
    this.#mixer = new Mixer(actions.track);
    const swing = h("label", "mv-number mv-swing", {}, this.#swingWord, this.#swing.el, "%");
    const row = h("div", "mv-more-row", {}, swing, this.#metronome.el, this.#countIn.el, this.#midi.el);
    this.el.append(row, this.#mixer.el);
  }

  update(state: MoreState, t: Translate): void {
    this.#state = state;
    // What nobody sees is made when it is opened.
    if (this.el.hidden) return;
    say(this.#swingWord, t("swing.word"));
    this.#swing.update(Math.round(100 * state.swing), t("swing"));
    this.#metronome.update({ word: t("metronome"), on: state.metronome });
    this.#countIn.update({ word: t("count-in"), label: t("count-in.label"), on: state.countIn });
    this.#midi.el.hidden = state.midi === null;
    if (state.midi) {
      const page = { value: "", text: t("midi.page") };
      const options = [page, ...state.midi.outputs];
      const shown = options.find(({ value }) => value === state.midi?.chosen) ?? page;
      this.#midi.update(t("midi.out.label"), shown, () => options);
    }
    this.#mixer.update(state.tracks, state.mix, t);
  }
}
