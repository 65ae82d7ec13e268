import { h, put, say } from "./dom";
import { type IconName, icon } from "./icons";

/** An icon with a word; where room is scarce the word goes and stays as tooltip and label. */
export class WordButton {
  readonly el: HTMLButtonElement;
  readonly #word = h("span", "mv-word");

  constructor(name: IconName, pressed: () => void) {
    this.el = h("button", "mv-button mv-word-button", { type: "button" }, icon(name), this.#word);
    this.el.addEventListener("click", pressed);
  }

  update(options: { word: string; label?: string; on?: boolean; disabled?: boolean }): void {
    const label = options.label ?? options.word;
    say(this.#word, options.word);
    put(this.el, "aria-label", label);
    put(this.el, "title", label);
    if (options.on !== undefined) put(this.el, "aria-pressed", options.on ? "true" : "false");
    this.el.disabled = options.disabled === true;
  }
}
