/** Thumbnails, track and handle: one slider through all waypoints. */

import type { Note, Place } from "../../core/clip";
import type { Translate } from "../../core/i18n";
import { waypointLetter } from "../../core/interpolation-props";
import { type Look, lookOf } from "../../core/palette";
import { h, put, say } from "../../ui/dom";
import { Seal } from "../../ui/seal";
import { paintThumb, type Scale, type Slots, scaleOf, slotsOf, THUMB_HEIGHT } from "../thumbnails";

export interface TrackProps {
  /** Notes of every step. */
  readonly steps: readonly (readonly Note[])[];
  readonly places: readonly Place[];
  /** Steps at which the waypoints stand. */
  readonly stops: readonly number[];
  readonly labels: readonly string[];
  /** Where the handle stands, in steps; what is heard there has this place. */
  readonly position: number;
  readonly place: Place;
  readonly snap: boolean;
  readonly quarters: number;
}

/** Room above and below the thumbnails for the outline of the current one. */
const OUTLINE = 2;
const HEIGHT = THUMB_HEIGHT + 2 * OUTLINE;
/** Rings nearer to each other than this are left out. */
const RING_ROOM = 14;
/** The handle takes a step that is nearer than this many px. */
const MAGNET = 5;

/** "step 4 of 8 · 0.5", "step 4.4 of 8 · 0.55": where the handle stands. */
export function stepText(t: Translate, position: number, steps: number): string {
  const last = Math.max(1, steps - 1);
  const value = String(Math.round((position / last) * 100) / 100);
  return t("slider.step", { step: String(Math.round(position * 100) / 100), last: steps - 1, value });
}

export class Track {
  readonly el: HTMLElement;
  readonly #canvas = h("canvas", "mv-thumbs", { "aria-hidden": "true" });
  readonly #line = h("div", "mv-track-line");
  readonly #rings = h("div", "mv-rings");
  readonly #seals = h("div", "mv-rings");
  readonly #seal = new Seal(26);
  readonly #handle: HTMLElement;
  readonly #slider: HTMLElement;
  readonly #words: HTMLElement;
  readonly #now = h("span", "mv-step");
  readonly #changed: (position: number) => void;
  #waypoints: { readonly seal: Seal; readonly word: HTMLElement }[] = [];
  #props: TrackProps | undefined;
  #scale: Scale | undefined;
  #slots: Slots = { width: 1, steps: [0] };
  #look: Look = lookOf("light");
  #width = 0;

  constructor(changed: (position: number) => void) {
    this.#changed = changed;
    this.#handle = h("div", "mv-handle", {}, this.#seal.el);
    const rail = h("div", "mv-rail", {}, this.#line, this.#rings, this.#seals, this.#handle);
    this.#slider = h(
      "div",
      "mv-slider",
      { role: "slider", tabindex: 0, "aria-orientation": "horizontal", "aria-valuemin": 0 },
      this.#canvas,
      rail,
    );
    this.#words = h("div", "mv-ends", { "aria-hidden": "true" }, this.#now);
    this.el = h("div", "mv-track", {}, this.#slider, this.#words);
    this.#slider.addEventListener("keydown", (event) => this.#key(event));
    this.#slider.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      this.#slider.setPointerCapture(event.pointerId);
      this.#slider.classList.add("mv-dragging");
      this.#at(event, true);
    });
    this.#slider.addEventListener("pointermove", (event) => {
      if (this.#slider.hasPointerCapture(event.pointerId)) this.#at(event, false);
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
    const count = props.steps.length;
    put(this.#slider, "aria-label", t("slider.label", { last: waypointLetter(props.stops.length - 1) }));
    put(this.#slider, "aria-valuemax", count - 1);
    put(this.#slider, "aria-valuenow", Math.round(props.position * 100) / 100);
    put(this.#slider, "aria-valuetext", stepText(t, props.position, count));
    say(this.#now, stepText(t, props.position, count));
    this.#name(props);
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

  /** Where a place along the track is, in css px; places count in steps. */
  x(position: number): number {
    const last = Math.max(1, (this.#props?.steps.length ?? 2) - 1);
    return this.#slots.width / 2 + (position / last) * (this.#width - this.#slots.width);
  }

  /** A seal on the track and a title under it for each waypoint. */
  #name({ stops, labels }: TrackProps): void {
    if (this.#waypoints.length !== stops.length) {
      this.#waypoints = stops.map(() => ({ seal: new Seal(18), word: h("span", "mv-end") }));
      for (const { seal } of this.#waypoints) seal.el.classList.add("mv-end-seal");
      this.#seals.replaceChildren(...this.#waypoints.map(({ seal }) => seal.el));
      this.#words.replaceChildren(...this.#waypoints.map(({ word }) => word), this.#now);
    }
    this.el.classList.toggle("mv-many", stops.length > 2);
    this.#waypoints.forEach(({ word }, index) => {
      const label = labels[index] ?? "";
      const mark = h("b", "", {}, waypointLetter(index));
      const last = index > 0 && index === stops.length - 1;
      word.replaceChildren(...(last ? [h("span", "", {}, label), mark] : [mark, h("span", "", {}, label)]));
      put(word, "title", label);
    });
  }

  #draw(): void {
    const props = this.#props;
    if (!props || this.#width <= 0) return;
    const count = props.steps.length;
    this.#slots = slotsOf(count, this.#width);
    this.#paintThumbs(props);

    const from = this.x(0);
    const to = this.x(count - 1);
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
    props.stops.forEach((stop, index) => {
      const seal = this.#waypoints[index]?.seal;
      if (!seal) return;
      seal.update(props.places[stop] ?? null, this.#look);
      seal.el.style.left = `${this.x(stop)}px`;
    });
    this.#seal.update(props.place, this.#look);
    this.#handle.style.left = `${this.x(props.position)}px`;
    this.#placeWords(props);
  }

  #paintRings(props: TrackProps, room: number): void {
    const inner = room >= RING_ROOM ? props.steps.length - 2 : 0;
    while (this.#rings.childElementCount > inner) this.#rings.lastElementChild?.remove();
    while (this.#rings.childElementCount < inner) this.#rings.append(h("i", "mv-ring"));
    for (let step = 1; step <= inner; step++) {
      const ring = this.#rings.children[step - 1] as HTMLElement;
      ring.style.left = `${this.x(step)}px`;
      ring.style.borderColor = this.#look.clip(props.places[step] ?? null);
      const covered = Math.abs(this.x(step) - this.x(props.position)) < 18;
      ring.style.visibility = covered || props.stops.includes(step) ? "hidden" : "";
    }
  }

  /** The titles under their seals, and the step's words under the handle, kept clear of them. */
  #placeWords(props: TrackProps): void {
    const [first, last] = [this.#waypoints[0]?.word, this.#waypoints.at(-1)?.word];
    const room = Math.min(
      ...props.stops.slice(1).map((stop, index) => this.x(stop) - this.x(props.stops[index] as number)),
    );
    this.#waypoints.slice(1, -1).forEach(({ word }, index) => {
      word.style.left = `${this.x(props.stops[index + 1] as number)}px`;
      word.style.maxWidth = `${Math.max(12, room - 8)}px`;
    });
    const many = props.stops.length > 2;
    for (const word of [first, last]) {
      if (word) word.style.maxWidth = many ? `${Math.max(12, room / 2 + this.x(0) - 8)}px` : "";
    }
    const half = this.#now.offsetWidth / 2;
    const stacked = many || this.el.closest(".mv-narrow") !== null;
    const left = stacked ? 0 : (first?.offsetWidth ?? 0) + 16;
    const right = stacked ? 0 : (last?.offsetWidth ?? 0) + 16;
    const x = Math.max(left + half, Math.min(this.x(props.position), this.#width - right - half));
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
    const current = Math.round(props.position);
    const nearest = this.#slots.steps.reduce((best, step) =>
      Math.abs(step - current) < Math.abs(best - current) ? step : best,
    );
    const between = Math.abs(props.position - current) > 1e-6;
    for (const slot of this.#slots.steps) {
      const step = slot === nearest ? current : slot;
      const box = {
        x: this.x(slot) - this.#slots.width / 2,
        y: 0,
        width: this.#slots.width,
        height: THUMB_HEIGHT,
      };
      const style = { look: this.#look, place: props.places[step] ?? null };
      paintThumb(context, box, props.steps[step] ?? [], scale, style);
      if (slot !== nearest) continue;
      const { tokens, forced } = this.#look;
      // A thin line for the step that is only the nearest one.
      context.strokeStyle = forced ? tokens.signal : between ? tokens.ink3 : tokens.ink;
      context.lineWidth = between ? 1 : 2;
      context.beginPath();
      // Outside the thumbnail, and at the ends within the widget: nothing of it makes a host scroll.
      const from = Math.max(1, box.x - 1);
      const to = Math.min(this.#width - 1, box.x + box.width + 1);
      context.roundRect(from, -1, to - from, THUMB_HEIGHT + 2, 5);
      context.stroke();
    }
  }

  #set(position: number): void {
    const props = this.#props;
    if (!props) return;
    const held = Math.max(0, Math.min(props.steps.length - 1, position));
    const next = props.snap ? Math.round(held) : held;
    if (next !== props.position) this.#changed(next);
  }

  /** On a thumbnail its own step is meant; on the rail any place, and a step where it is near. */
  #at(event: PointerEvent, pressed: boolean): void {
    const count = this.#props?.steps.length ?? 1;
    const box = this.#slider.getBoundingClientRect();
    const span = this.x(count - 1) - this.x(0);
    if (span <= 0) return;
    const position = ((event.clientX - box.left - this.x(0)) / span) * (count - 1);
    const step = Math.round(position);
    const thumbs = pressed && event.clientY - box.top < THUMB_HEIGHT;
    const near = (Math.abs(position - step) / (count - 1)) * span < MAGNET;
    this.#set(thumbs || near ? step : position);
  }

  #key(event: KeyboardEvent): void {
    const props = this.#props;
    if (!props || event.ctrlKey || event.metaKey || event.altKey) return;
    const last = props.steps.length - 1;
    const tenth = Math.max(1, Math.round(last / 10));
    const at = props.position;
    const by = (direction: -1 | 1): number => {
      // A tenth of a step, counted from the step so that ten of them are the next one.
      if (event.shiftKey) return props.snap ? at + direction * tenth : Math.round(at * 10 + direction) / 10;
      return direction > 0 ? Math.floor(at + 1 + 1e-6) : Math.ceil(at - 1 - 1e-6);
    };
    const targets: Record<string, () => number> = {
      ArrowRight: () => by(1),
      ArrowUp: () => by(1),
      ArrowLeft: () => by(-1),
      ArrowDown: () => by(-1),
      PageUp: () => Math.round(at) + tenth,
      PageDown: () => Math.round(at) - tenth,
      Home: () => 0,
      End: () => last,
    };
    const target = targets[event.key];
    if (!target) return;
    event.preventDefault();
    event.stopPropagation();
    this.#set(target());
  }
}
