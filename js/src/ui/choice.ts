import { h, put } from "./dom";

export interface Option {
  readonly value: string;
  readonly text: string;
}

/** A native list to choose from; its options are made when it is first opened. */
export class Choice {
  readonly el = h("select", "mv-choice");
  #options: () => readonly Option[] = () => [];
  #opened = false;
  #shown = "";

  /** @param open Called when the list is about to open. */
  constructor(chosen: (value: string) => void, open: () => void = () => {}) {
    const fill = () => {
      this.#opened = true;
      this.#fill(this.#options());
      open();
    };
    this.el.addEventListener("pointerdown", fill);
    this.el.addEventListener("focus", fill);
    this.el.addEventListener("change", () => chosen(this.el.value));
    this.el.addEventListener("keydown", (event) => event.stopPropagation());
  }

  /** @param shown What is chosen now; `options` are asked for once the list has been opened. */
  update(label: string, shown: Option, options: () => readonly Option[]): void {
    this.#options = options;
    put(this.el, "aria-label", label);
    put(this.el, "title", label);
    this.#fill(this.#opened ? options() : [shown]);
    this.el.value = shown.value;
  }

  #fill(options: readonly Option[]): void {
    const name = JSON.stringify(options);
    if (name === this.#shown) return;
    this.#shown = name;
    const value = this.el.value;
    this.el.replaceChildren(...options.map(({ value: own, text }) => h("option", "", { value: own }, text)));
    this.el.value = value;
  }
}
