import { h } from "../../ui/dom";
import type { Axis } from "./axis";

const LEAST = 24;

/** A thin bar under the stage, there only while the stage is zoomed. */
export class Scrollbar {
  readonly el: HTMLElement;
  readonly #thumb = h("div", "mv-scroll-thumb");
  readonly #axis: Axis;

  constructor(axis: Axis, moved: () => void) {
    this.#axis = axis;
    this.el = h("div", "mv-scroll", { "aria-hidden": "true" }, this.#thumb);
    let held: { x: number; scroll: number } | null = null;
    this.el.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      this.el.setPointerCapture(event.pointerId);
      const box = this.#thumb.getBoundingClientRect();
      if (event.clientX < box.left || event.clientX > box.right) {
        const track = this.el.getBoundingClientRect();
        const middle = ((event.clientX - track.left) / track.width) * axis.extent;
        if (axis.scrollTo(middle - axis.width / 2)) moved();
      }
      held = { x: event.clientX, scroll: axis.scroll };
    });
    this.el.addEventListener("pointermove", (event) => {
      if (!held || !this.el.hasPointerCapture(event.pointerId)) return;
      const travel = ((event.clientX - held.x) / axis.width) * axis.extent;
      if (axis.scrollTo(held.scroll + travel)) moved();
    });
    const end = () => {
      held = null;
    };
    this.el.addEventListener("pointerup", end);
    this.el.addEventListener("pointercancel", end);
    this.el.addEventListener(
      "wheel",
      (event) => {
        if (axis.scrollTo(axis.scroll + (event.deltaX || event.deltaY))) {
          event.preventDefault();
          moved();
        }
      },
      { passive: false },
    );
  }

  update(): void {
    const axis = this.#axis;
    this.el.hidden = !axis.zoomed;
    if (!axis.zoomed) return;
    this.el.style.marginLeft = `${axis.left}px`;
    const width = Math.max(LEAST, (axis.width / axis.extent) * axis.width);
    const travel = axis.extent - axis.width;
    this.#thumb.style.width = `${width}px`;
    this.#thumb.style.transform = `translateX(${travel > 0 ? (axis.scroll / travel) * (axis.width - width) : 0}px)`;
  }
}
