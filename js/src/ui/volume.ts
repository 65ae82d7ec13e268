import { h, put, s } from "./dom";

const WIDTH = 52;

/** The volume as a wedge: drag, click, arrows; role slider. */
export class VolumeWedge {
  readonly el: HTMLDivElement;
  readonly #changed: (volume: number) => void;
  readonly #fill = s("path", { class: "mv-wedge-fill" });
  #value = 0.8;

  constructor(changed: (volume: number) => void) {
    this.#changed = changed;
    const ground = s("path", { d: "M0 12.5 52 3.5v9z", class: "mv-wedge-ground" });
    this.el = h(
      "div",
      "mv-wedge",
      {
        role: "slider",
        tabindex: 0,
        "aria-valuemin": 0,
        "aria-valuemax": 100,
        "aria-orientation": "horizontal",
      },
      s(
        "svg",
        { width: WIDTH, height: 16, viewBox: `0 0 ${WIDTH} 16`, "aria-hidden": "true" },
        ground,
        this.#fill,
      ),
    );
    this.el.addEventListener("keydown", (event) => this.#key(event));
    this.el.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      this.el.setPointerCapture(event.pointerId);
      this.#at(event);
    });
    this.el.addEventListener("pointermove", (event) => {
      if (this.el.hasPointerCapture(event.pointerId)) this.#at(event);
    });
  }

  update(volume: number, label: string, text: string): void {
    this.#value = volume;
    put(this.el, "aria-label", label);
    put(this.el, "title", `${label} · ${Math.round(100 * volume)}`);
    put(this.el, "aria-valuenow", Math.round(100 * volume));
    put(this.el, "aria-valuetext", text);
    put(this.#fill, "d", `M0 12.5 ${WIDTH * volume} ${12.5 - 9 * volume}V12.5z`);
  }

  #set(volume: number): void {
    const value = Math.max(0, Math.min(1, Math.round(100 * volume) / 100));
    if (value !== this.#value) this.#changed(value);
  }

  #at(event: PointerEvent): void {
    const box = this.el.getBoundingClientRect();
    const pad = (box.width - WIDTH) / 2;
    this.#set((event.clientX - box.left - pad) / WIDTH);
  }

  #key(event: KeyboardEvent): void {
    const steps: Record<string, number> = {
      ArrowRight: this.#value + 0.05,
      ArrowUp: this.#value + 0.05,
      ArrowLeft: this.#value - 0.05,
      ArrowDown: this.#value - 0.05,
      PageUp: this.#value + 0.2,
      PageDown: this.#value - 0.2,
      Home: 0,
      End: 1,
    };
    const value = steps[event.key];
    if (value === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    this.#set(value);
  }
}
