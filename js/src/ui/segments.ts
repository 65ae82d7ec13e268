import { freshId, h, put, say } from "./dom";

/** Words side by side of which one holds (LOOK.md 7, "Latent space | Data space"): a radio group. */
export class Segments<Value extends string> {
  readonly el = h("div", "mv-segments", { role: "radiogroup" });
  readonly #inputs = new Map<Value, { input: HTMLInputElement; word: HTMLElement }>();

  constructor(values: readonly Value[], chosen: (value: Value) => void) {
    const name = freshId("segments");
    for (const value of values) {
      const input = h("input", "mv-segment-input", { type: "radio", name, value });
      const word = h("span", "mv-segment-word");
      this.#inputs.set(value, { input, word });
      this.el.append(h("label", "mv-segment", {}, input, word));
      input.addEventListener("change", () => {
        if (input.checked) chosen(value);
      });
      input.addEventListener("keydown", (event) => event.stopPropagation());
    }
  }

  update(value: Value, label: string, words: Readonly<Record<Value, string>>): void {
    put(this.el, "aria-label", label);
    for (const [key, { input, word }] of this.#inputs) {
      input.checked = key === value;
      say(word, words[key]);
    }
  }
}
