/** How what lies between is drawn: a temperature, and a die for another draw. */

import type { Translate } from "../../core/i18n";
import type { Space } from "../../core/interpolation-props";
import { IconButton } from "../../ui/button";
import { h, put, say } from "../../ui/dom";
import { icon } from "../../ui/icons";

export interface DrawingProps {
  readonly space: Space;
  readonly temperature: number | null;
  readonly seed: number;
}

const CHOICES = [null, 0.2, 0.5, 0.8, 1, 1.5];
const MOST_SEED = 2 ** 31 - 1;
const name = (temperature: number | null) => (temperature === null ? "" : String(temperature));
/** "1.0", "0.25": a temperature is never a whole number to the eye. */
const figure = (temperature: number) =>
  Number.isInteger(temperature) ? temperature.toFixed(1) : String(Math.round(temperature * 1000) / 1000);

export class Drawing {
  readonly el: HTMLElement;
  readonly #label = h("span", "mv-word");
  readonly #field: HTMLElement;
  readonly #select = h("select", "mv-select");
  readonly #dice: IconButton;
  #props: DrawingProps = { space: "latent", temperature: null, seed: 0 };

  constructor(draw: (temperature: number | null, seed: number) => void) {
    this.#dice = new IconButton("dice", "mv-button", () => {
      const { temperature, seed } = this.#props;
      draw(temperature, seed < MOST_SEED ? seed + 1 : 0);
    });
    this.#select.addEventListener("change", () => {
      const value = Number.parseFloat(this.#select.value);
      draw(Number.isFinite(value) ? value : null, this.#props.seed);
    });
    this.#select.addEventListener("keydown", (event) => event.stopPropagation());
    this.#field = h("label", "mv-field", {}, this.#label, this.#select, icon("down"));
    this.el = h("span", "mv-drawing", {}, this.#field, this.#dice.el);
  }

  update(props: DrawingProps, t: Translate): void {
    this.#props = props;
    const { space, temperature, seed } = props;
    say(this.#label, t("slider.temperature"));
    put(this.#select, "aria-label", t("slider.temperature"));
    put(this.#select, "title", t("slider.temperature.hint"));
    const values = CHOICES.includes(temperature) ? CHOICES : [...CHOICES, temperature];
    const words = values
      .sort((a, b) => (a ?? 0) - (b ?? 0))
      .map((value) => ({ value: name(value), word: value === null ? t("slider.likeliest") : figure(value) }));
    const wanted = words.map(({ value, word }) => `${value}=${word}`).join();
    if (this.#select.dataset.words !== wanted) {
      this.#select.dataset.words = wanted;
      this.#select.replaceChildren(...words.map(({ value, word }) => h("option", "", { value }, word)));
    }
    this.#select.value = name(temperature);
    // Nothing is decoded in data space, and the likeliest music has no other draw.
    this.#field.hidden = space === "data";
    this.#dice.el.hidden = space === "latent" && temperature === null;
    this.#dice.update({ label: t("slider.again", { seed }) });
  }
}
