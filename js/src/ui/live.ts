import { h } from "./dom";

/** Says things to a screen reader, and to no one else. */
export class LiveRegion {
  readonly el = h("div", "mv-live", { "aria-live": "polite", "aria-atomic": "true" });
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Waits a moment, so that a held key says where it came to rest and not every stop. */
  say(text: string): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.el.textContent = text;
    }, 120);
  }

  dispose(): void {
    clearTimeout(this.#timer);
  }
}
