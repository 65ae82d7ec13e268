import { h, put } from "./dom";

const textOf = (value: number): string => String(Math.round(value * 10) / 10);

/** Pixels of dragging for 1. */
const DRAG = 2;

/** A number to type, step with arrows, wheel or drag: the tempo, the swing. */
export class NumberField {
  readonly el: HTMLInputElement;
  readonly #changed: (value: number) => void;
  readonly #least: number;
  readonly #most: number;
  #value: number;

  constructor(changed: (value: number) => void, least: number, most: number) {
    this.#changed = changed;
    this.#least = least;
    this.#most = most;
    this.#value = least;
    this.el = h("input", "mv-tempo", {
      type: "text",
      inputmode: "decimal",
      role: "spinbutton",
      autocomplete: "off",
      spellcheck: "false",
      "aria-valuemin": least,
      "aria-valuemax": most,
    });
    this.el.addEventListener("keydown", (event) => this.#key(event));
    this.el.addEventListener("change", () => this.#typed());
    this.el.addEventListener("blur", () => this.#typed());
    this.el.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    this.el.addEventListener("pointerdown", (event) => this.#drag(event));
  }

  update(value: number, label: string): void {
    this.#value = value;
    put(this.el, "aria-label", label);
    put(this.el, "title", label);
    put(this.el, "aria-valuenow", textOf(value));
    const root = this.el.getRootNode() as Document | ShadowRoot;
    if (root.activeElement !== this.el || !this.#editing()) this.#show();
  }

  #editing(): boolean {
    return this.el.dataset.editing === "true";
  }

  #show(): void {
    this.el.value = textOf(this.#value);
    this.el.style.width = `${Math.max(3, this.el.value.length) + 0.6}ch`;
    delete this.el.dataset.editing;
  }

  #set(wish: number): void {
    const value = Math.max(this.#least, Math.min(this.#most, wish));
    if (value !== this.#value) {
      this.#value = value;
      this.#changed(value);
    }
    this.#show();
  }

  #typed(): void {
    const value = Number.parseFloat(this.el.value.replace(",", "."));
    this.#set(Number.isFinite(value) && this.#editing() ? value : this.#value);
  }

  #key(event: KeyboardEvent): void {
    const step = event.shiftKey ? 10 : 1;
    if (event.key === "ArrowUp") this.#set(Math.round(this.#value) + step);
    else if (event.key === "ArrowDown") this.#set(Math.round(this.#value) - step);
    else if (event.key === "Enter") {
      this.#typed();
      this.el.select();
    } else if (event.key === "Escape") {
      this.#show();
      this.el.blur();
    } else {
      if (event.key.length === 1 || event.key === "Backspace" || event.key === "Delete")
        this.el.dataset.editing = "true";
      event.stopPropagation();
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  #wheel(event: WheelEvent): void {
    const root = this.el.getRootNode() as Document | ShadowRoot;
    if (root.activeElement !== this.el || event.deltaY === 0) return;
    event.preventDefault();
    this.#set(Math.round(this.#value) - Math.sign(event.deltaY) * (event.shiftKey ? 10 : 1));
  }

  /** A press that moves changes the tempo; one that does not puts the caret in the field. */
  #drag(down: PointerEvent): void {
    if (down.button !== 0) return;
    const from = this.#value;
    let dragging = false;
    const travel = (event: PointerEvent) => down.clientY - event.clientY + (event.clientX - down.clientX);
    const move = (event: PointerEvent) => {
      if (!dragging && Math.abs(travel(event)) < 4) return;
      if (!dragging) {
        dragging = true;
        this.el.setPointerCapture(down.pointerId);
      }
      event.preventDefault();
      this.#set(Math.round(from + travel(event) / DRAG));
    };
    const up = () => {
      this.el.removeEventListener("pointermove", move);
      this.el.removeEventListener("pointerup", up);
      this.el.removeEventListener("pointercancel", up);
      if (!dragging) this.el.select();
    };
    this.el.addEventListener("pointermove", move);
    this.el.addEventListener("pointerup", up);
    this.el.addEventListener("pointercancel", up);
  }
}
