/** Thumbnails, track and handle: one slider between A and B. */

import type { Note, Place } from "../../core/clip";
import type { Translate } from "../../core/i18n";
import { type Look, lookOf } from "../../core/palette";
import { h, put, say } from "../../ui/dom";
import { Seal } from "../../ui/seal";
import { paintThumb, type Scale, type Slots, scaleOf, slotsOf, THUMB_HEIGHT } from "../thumbnails";

export interface TrackProps {
  /** Notes of every step. */
  readonly steps: readonly (readonly Note[])[];
  readonly places: readonly Place[];
  readonly step: number;
  readonly labels: readonly [string, string];
  readonly quarters: number;
}

/** Room above and below the thumbnails for the outline of the current one. */
const OUTLINE = 2;
const HEIGHT = THUMB_HEIGHT + 2 * OUTLINE;
/** Rings nearer to each other than this are left out. */
const RING_ROOM = 14;

/** "0.5", "0.38": where a step lies between A and B. */
export function stepValue(step: number, steps: number): string {
  return String(Math.round((step / Math.max(1, steps - 1)) * 100) / 100);
}

export function stepText(t: Translate, step: number, steps: number): string {
  return t("slider.step", { step, last: steps - 1, value: stepValue(step, steps) });
}

export class Track {
  readonly el: HTMLElement;
  readonly #canvas = h("canvas", "mv-thumbs", { "aria-hidden": "true" });
  readonly #line = h("div", "mv-track-line");
  readonly #rings = h("div", "mv-rings");
  readonly #ends: readonly [Seal, Seal] = [new Seal(18), new Seal(18)];
  readonly #seal = new Seal(26);
  readonly #handle: HTMLElement;
  readonly #slider: HTMLElement;
  readonly #a = h("span", "mv-end mv-end-a");
  readonly #b = h("span", "mv-end mv-end-b");
  readonly #now = h("span", "mv-step");
  readonly #changed: (step: number) => void;
  #props: TrackProps | undefined;
  #scale: Scale | undefined;
  #slots: Slots = { width: 1, steps: [0] };
  #look: Look = lookOf("light");
  #width = 0;

  constructor(changed: (step: number) => void) {
    this.#changed = changed;
    this.#handle = h("div", "mv-handle", {}, this.#seal.el);
    const rail = h(
      "div",
      "mv-rail",
      {},
      this.#line,
      this.#rings,
      this.#ends[0].el,
      this.#ends[1].el,
      this.#handle,
    );
    for (const seal of this.#ends) seal.el.classList.add("mv-end-seal");
    this.#slider = h(
      "div",
      "mv-slider",
      { role: "slider", tabindex: 0, "aria-orientation": "horizontal", "aria-valuemin": 0 },
      this.#canvas,
      rail,
    );
    const words = h("div", "mv-ends", { "aria-hidden": "true" }, this.#a, this.#now, this.#b);
    this.el = h("div", "mv-track", {}, this.#slider, words);
    this.#slider.addEventListener("keydown", (event) => this.#key(event));
    this.#slider.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      this.#slider.setPointerCapture(event.pointerId);
      this.#slider.classList.add("mv-dragging");
      this.#at(event);
    });
    this.#slider.addEventListener("pointermove", (event) => {
      if (this.#slider.hasPointerCapture(event.pointerId)) this.#at(event);
    });
    const end = () => this.#slider.classList.remove("mv-dragging");
    this.#slider.addEventListener("pointerup", end);
    this.#slider.addEventListener("pointercancel", end);
  }

  update(props: TrackProps, t: Translate): void {
    const before = this.#props;
    this.#props = props;
    if (before?.steps !== props.steps || before.quarters !== props.quarters) {
      this.#scale = scaleOf(props.steps.flat(), props.quarters);
    }
    put(this.#slider, "aria-label", t("slider.label"));
    put(this.#slider, "aria-valuemax", props.steps.length - 1);
    put(this.#slider, "aria-valuenow", props.step);
    put(this.#slider, "aria-valuetext", stepText(t, props.step, props.steps.length));
    this.#label(this.#a, t("slider.end-a"), props.labels[0], false);
    this.#label(this.#b, t("slider.end-b"), props.labels[1], true);
    say(this.#now, stepText(t, props.step, props.steps.length));
    this.#draw();
  }

  resize(width: number): void {
    this.#width = width;
    this.#draw();
  }

  paint(look: Look): void {
    this.#look = look;
    this.#draw();
  }

  /** Middle of a step along the track, in css px. */
  #x(step: number): number {
    const last = Math.max(1, (this.#props?.steps.length ?? 2) - 1);
    return this.#slots.width / 2 + (step / last) * (this.#width - this.#slots.width);
  }

  #label(el: HTMLElement, letter: string, title: string, last: boolean): void {
    const mark = h("b", "", {}, letter);
    el.replaceChildren(...(last ? [h("span", "", {}, title), mark] : [mark, h("span", "", {}, title)]));
    put(el, "title", title);
  }

  #draw(): void {
    const props = this.#props;
    if (!props || this.#width <= 0) return;
    const count = props.steps.length;
    this.#slots = slotsOf(count, this.#width);
    this.#paintThumbs(props);

    const from = this.#x(0);
    const to = this.#x(count - 1);
    const stops = props.places.map(
      (place, step) => `${this.#look.clip(place)} ${(100 * step) / Math.max(1, count - 1)}%`,
    );
    this.#line.style.left = `${from}px`;
    this.#line.style.width = `${to - from}px`;
    this.#line.style.background =
      stops.length > 1
        ? `linear-gradient(90deg, ${stops.join(", ")})`
        : this.#look.clip(props.places[0] ?? null);
    this.#paintRings(props, (to - from) / Math.max(1, count - 1));
    this.#ends[0].update(props.places[0] ?? null, this.#look);
    this.#ends[1].update(props.places[count - 1] ?? null, this.#look);
    this.#ends[0].el.style.left = `${from}px`;
    this.#ends[1].el.style.left = `${to}px`;
    this.#seal.update(props.places[props.step] ?? null, this.#look);
    this.#handle.style.left = `${this.#x(props.step)}px`;
    this.#placeWords(props);
  }

  #paintRings(props: TrackProps, room: number): void {
    const inner = room >= RING_ROOM ? props.steps.length - 2 : 0;
    while (this.#rings.childElementCount > inner) this.#rings.lastElementChild?.remove();
    while (this.#rings.childElementCount < inner) this.#rings.append(h("i", "mv-ring"));
    for (let step = 1; step <= inner; step++) {
      const ring = this.#rings.children[step - 1] as HTMLElement;
      ring.style.left = `${this.#x(step)}px`;
      ring.style.borderColor = this.#look.clip(props.places[step] ?? null);
      ring.style.visibility = step === props.step ? "hidden" : "";
    }
  }

  /** The step's words under the handle, kept clear of the titles at the ends. */
  #placeWords(props: TrackProps): void {
    const half = this.#now.offsetWidth / 2;
    const stacked = this.el.closest(".mv-narrow") !== null;
    const left = stacked ? 0 : this.#a.offsetWidth + 16;
    const right = stacked ? 0 : this.#b.offsetWidth + 16;
    const x = Math.max(left + half, Math.min(this.#x(props.step), this.#width - right - half));
    this.#now.style.left = `${x}px`;
  }

  #paintThumbs(props: TrackProps): void {
    const scale = this.#scale;
    const ratio = Math.max(1, globalThis.devicePixelRatio || 1);
    const width = Math.round(this.#width * ratio);
    const height = Math.round(HEIGHT * ratio);
    if (this.#canvas.width !== width || this.#canvas.height !== height) {
      this.#canvas.width = width;
      this.#canvas.height = height;
      this.#canvas.style.width = `${this.#width}px`;
      this.#canvas.style.height = `${HEIGHT}px`;
    }
    const context = this.#canvas.getContext("2d");
    if (!context || !scale) return;
    context.setTransform(ratio, 0, 0, ratio, 0, OUTLINE * ratio);
    context.clearRect(0, -OUTLINE, this.#width, HEIGHT);
    // Where steps are thinned out, the slot nearest to the current step shows that step itself.
    const nearest = this.#slots.steps.reduce((best, step) =>
      Math.abs(step - props.step) < Math.abs(best - props.step) ? step : best,
    );
    for (const slot of this.#slots.steps) {
      const step = slot === nearest ? props.step : slot;
      const box = {
        x: this.#x(slot) - this.#slots.width / 2,
        y: 0,
        width: this.#slots.width,
        height: THUMB_HEIGHT,
      };
      const style = { look: this.#look, place: props.places[step] ?? null };
      paintThumb(context, box, props.steps[step] ?? [], scale, style);
      if (slot !== nearest) continue;
      context.strokeStyle = this.#look.forced ? this.#look.tokens.signal : this.#look.tokens.ink;
      context.lineWidth = 2;
      context.beginPath();
      // Outside the thumbnail, and at the ends within the widget: nothing of it makes a host scroll.
      const from = Math.max(1, box.x - 1);
      const to = Math.min(this.#width - 1, box.x + box.width + 1);
      context.roundRect(from, -1, to - from, THUMB_HEIGHT + 2, 5);
      context.stroke();
    }
  }

  #set(step: number): void {
    const props = this.#props;
    if (!props) return;
    const next = Math.max(0, Math.min(props.steps.length - 1, Math.round(step)));
    if (next !== props.step) this.#changed(next);
  }

  #at(event: PointerEvent): void {
    const count = this.#props?.steps.length ?? 1;
    const x = event.clientX - this.#slider.getBoundingClientRect().left;
    const span = this.#x(count - 1) - this.#x(0);
    if (span > 0) this.#set(((x - this.#x(0)) / span) * (count - 1));
  }

  #key(event: KeyboardEvent): void {
    const props = this.#props;
    if (!props || event.ctrlKey || event.metaKey || event.altKey) return;
    const last = props.steps.length - 1;
    const tenth = Math.max(1, Math.round(last / 10));
    const by = event.shiftKey ? tenth : 1;
    const targets: Record<string, number> = {
      ArrowRight: props.step + by,
      ArrowUp: props.step + by,
      ArrowLeft: props.step - by,
      ArrowDown: props.step - by,
      PageUp: props.step + tenth,
      PageDown: props.step - tenth,
      Home: 0,
      End: last,
    };
    const target = targets[event.key];
    if (target === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    this.#set(target);
  }
}
