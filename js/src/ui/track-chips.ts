import type { Translate } from "../core/i18n";
import type { TrackMix } from "../core/mix";
import { h, put, say } from "./dom";

/** Solo and mute of a track (LOOK.md 6): S and M, on = ink ground. */
export class TrackChips {
  readonly el = h("span", "mv-chips");
  readonly #solo: HTMLButtonElement;
  readonly #mute: HTMLButtonElement;
  #now: Pick<TrackMix, "solo" | "mute"> = { solo: false, mute: false };

  constructor(changed: (change: Partial<TrackMix>) => void) {
    this.#solo = chip(() => changed({ solo: !this.#now.solo }));
    this.#mute = chip(() => changed({ mute: !this.#now.mute }));
    this.el.append(this.#solo, this.#mute);
  }

  update(mix: TrackMix, name: string, t: Translate): void {
    this.#now = mix;
    show(this.#solo, t("mixer.solo.short"), t("mixer.solo", { name }), mix.solo);
    show(this.#mute, t("mixer.mute.short"), t("mixer.mute", { name }), mix.mute);
  }
}

function chip(pressed: () => void): HTMLButtonElement {
  const button = h("button", "mv-chip", { type: "button" });
  button.addEventListener("click", pressed);
  // A key on a chip is the chip's: the stage around it has keys of its own.
  button.addEventListener("keydown", (event) => event.stopPropagation());
  button.addEventListener("pointerdown", (event) => event.stopPropagation());
  return button;
}

function show(button: HTMLButtonElement, letter: string, label: string, on: boolean): void {
  say(button, letter);
  put(button, "aria-label", label);
  put(button, "title", label);
  put(button, "aria-pressed", on ? "true" : "false");
}
