/** A clip in the hand: picked up with the pointer, carried over the song, let go there or elsewhere. */

import { h } from "../../ui/dom";

/** A press that moves less than this is a click. */
const SLACK = 5;

export interface Carrying {
  /** Id of the kept clip. */
  readonly id: number;
  /** Its place in the song, if it was picked up there. */
  readonly from: number | null;
  readonly label: string;
}

export interface Dropping {
  /** The pointer is somewhere; null once the clip is let go. */
  over(carrying: Carrying | null, x: number, y: number): void;
  drop(carrying: Carrying, x: number, y: number): void;
}

/** Carries clips within a root. */
export class Carrier {
  readonly #root: HTMLElement;
  readonly #dropping: Dropping;
  readonly #ghost = h("div", "mv-carried", { "aria-hidden": "true" });
  #undo: (() => void) | undefined;

  constructor(root: HTMLElement, dropping: Dropping) {
    this.#root = root;
    this.#dropping = dropping;
    this.#ghost.hidden = true;
    root.append(this.#ghost);
  }

  /** Lets an element be picked up. */
  hold(el: HTMLElement, what: () => Carrying | null): void {
    el.addEventListener("pointerdown", (event) => {
      const carrying = event.button === 0 ? what() : null;
      if (carrying) this.#press(el, event, carrying);
    });
  }

  /** Puts down what is carried, nowhere. */
  cancel(): void {
    this.#undo?.();
  }

  #press(el: HTMLElement, start: PointerEvent, carrying: Carrying): void {
    this.cancel();
    let carried = false;
    const move = (event: PointerEvent) => {
      if (event.pointerId !== start.pointerId) return;
      const far = Math.hypot(event.clientX - start.clientX, event.clientY - start.clientY);
      if (!carried && far < SLACK) return;
      if (!carried) this.#lift(el, carrying);
      carried = true;
      event.preventDefault();
      this.#show(event.clientX, event.clientY);
      this.#dropping.over(carrying, event.clientX, event.clientY);
    };
    const up = (event: PointerEvent) => {
      if (event.pointerId !== start.pointerId) return;
      end();
      if (carried) this.#dropping.drop(carrying, event.clientX, event.clientY);
    };
    const key = (event: KeyboardEvent) => {
      if (event.key !== "Escape" || !carried) return;
      event.preventDefault();
      event.stopPropagation();
      end();
    };
    const end = () => {
      this.#undo = undefined;
      el.removeEventListener("pointermove", move);
      el.removeEventListener("pointerup", up);
      el.removeEventListener("pointercancel", end);
      el.removeEventListener("keydown", key);
      if (!carried) return;
      // The click that follows is the end of this gesture, and chooses nothing.
      el.addEventListener("click", swallow, { capture: true, once: true });
      setTimeout(() => el.removeEventListener("click", swallow, { capture: true }), 0);
      this.#ghost.hidden = true;
      this.#root.classList.remove("mv-carrying");
      this.#dropping.over(null, 0, 0);
    };
    this.#undo = end;
    el.setPointerCapture(start.pointerId);
    el.addEventListener("pointermove", move);
    el.addEventListener("pointerup", up);
    el.addEventListener("pointercancel", end);
    el.addEventListener("keydown", key);
  }

  #lift(el: HTMLElement, { label }: Carrying): void {
    const picture = el.querySelector("canvas");
    const copy = h("canvas", "mv-thumb");
    if (picture) {
      copy.width = picture.width;
      copy.height = picture.height;
      copy.style.width = picture.style.width;
      copy.style.height = picture.style.height;
      copy.getContext("2d")?.drawImage(picture, 0, 0);
    }
    this.#ghost.replaceChildren(copy, h("span", "", {}, label));
    this.#ghost.hidden = false;
    this.#root.classList.add("mv-carrying");
  }

  #show(x: number, y: number): void {
    const box = this.#root.getBoundingClientRect();
    this.#ghost.style.transform = `translate(${x - box.left + 8}px, ${y - box.top + 8}px)`;
  }
}

const swallow = (event: Event): void => {
  event.preventDefault();
  event.stopPropagation();
};
