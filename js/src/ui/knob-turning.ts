/** How a knob is turned: drag, wheel, keys, double-click. Places are 0 to 1 along the travel. */

import { matches } from "./theme";

export interface Turning {
  /** Asks for a place of the travel. */
  turn(place: number): void;
  /** Turns by some of the smallest steps that are seen in figures; parts of a step are fine. */
  step(steps: number): void;
  reset(): void;
  lock(): void;
  /** Begins to type the value; `text` is what was typed already. */
  type(text: string): void;
}

export interface Stand {
  readonly asked: number;
  readonly detent: number;
  readonly locked: boolean;
}

/** Pixels of dragging for the whole travel: with a mouse, and with a finger. */
const TRAVEL = 200;
const TRAVEL_COARSE = 140;
const FINE = 1 / 8;
/** Nearer to the detent than this part of the travel, a drag rests on it. */
const CATCH = 0.02;
const FAR = 10;

const clamp = (value: number) => Math.max(0, Math.min(1, value));

export function attachTurning(
  element: HTMLElement,
  actions: Turning,
  stand: () => Stand,
): { detach(): void; release(): void } {
  let drag: { id: number; x: number; y: number; place: number } | null = null;

  const release = () => {
    if (drag && element.hasPointerCapture(drag.id)) element.releasePointerCapture(drag.id);
    drag = null;
    element.classList.remove("mv-dragging");
  };

  const down = (event: PointerEvent) => {
    if (event.button !== 0) return;
    element.focus({ preventScroll: true });
    event.preventDefault();
    if (stand().locked) return;
    element.setPointerCapture(event.pointerId);
    element.classList.add("mv-dragging");
    drag = { id: event.pointerId, x: event.clientX, y: event.clientY, place: stand().asked };
  };

  const move = (event: PointerEvent) => {
    if (!drag || drag.id !== event.pointerId) return;
    const travel = matches("(pointer: coarse)") ? TRAVEL_COARSE : TRAVEL;
    // Each stretch counts at its own fineness, so that Shift in mid-drag makes no jump.
    const moved = event.clientX - drag.x - (event.clientY - drag.y);
    drag.x = event.clientX;
    drag.y = event.clientY;
    drag.place = clamp(drag.place + (moved / travel) * (event.shiftKey ? FINE : 1));
    const { asked, detent } = stand();
    const caught = !event.shiftKey && Math.abs(drag.place - detent) < CATCH;
    const place = caught ? detent : drag.place;
    if (place !== asked) actions.turn(place);
  };

  // Only a knob that was clicked or tabbed to takes the wheel: else the page could not be scrolled past it.
  const wheel = (event: WheelEvent) => {
    const root = element.getRootNode() as Document | ShadowRoot;
    const by = event.deltaY || event.deltaX;
    if (root.activeElement !== element || by === 0 || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    if (!stand().locked) actions.step(-Math.sign(by) * (event.shiftKey ? FINE : 1));
  };

  const key = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { locked } = stand();
    const fine = event.shiftKey ? FINE : 1;
    const table: Record<string, () => void> = {
      ArrowRight: () => actions.step(fine),
      ArrowUp: () => actions.step(fine),
      ArrowLeft: () => actions.step(-fine),
      ArrowDown: () => actions.step(-fine),
      PageUp: () => actions.step(FAR),
      PageDown: () => actions.step(-FAR),
      Home: () => actions.reset(),
      Delete: () => actions.reset(),
      Backspace: () => actions.reset(),
      Enter: () => actions.type(""),
    };
    if (event.key === "l" || event.key === "L") actions.lock();
    else if (table[event.key]) {
      if (!locked) table[event.key]?.();
    } else if (/^[0-9.,a-g-]$/i.test(event.key)) {
      if (!locked) actions.type(event.key);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };

  const twice = () => {
    if (!stand().locked) actions.reset();
  };

  element.addEventListener("pointerdown", down);
  element.addEventListener("pointermove", move);
  element.addEventListener("pointerup", release);
  element.addEventListener("pointercancel", release);
  element.addEventListener("wheel", wheel, { passive: false });
  element.addEventListener("keydown", key);
  element.addEventListener("dblclick", twice);
  return {
    release,
    detach() {
      element.removeEventListener("pointerdown", down);
      element.removeEventListener("pointermove", move);
      element.removeEventListener("pointerup", release);
      element.removeEventListener("pointercancel", release);
      element.removeEventListener("wheel", wheel);
      element.removeEventListener("keydown", key);
      element.removeEventListener("dblclick", twice);
    },
  };
}
