/** The canvas of the points: WebGL while the map is in sight and a browser has it, else a plain one. */

import { h } from "../../ui/dom";
import type { Camera } from "./camera";
import type { Engine } from "./engine";
import { CanvasPainter, GlPainter, type Painter, type Picture } from "./painters";

/** Milliseconds out of sight after which a map gives its share of the graphics memory back. */
const LEAVE = 2000;

export class Layers {
  readonly #el: HTMLElement;
  readonly #holder = h("div", "mv-map-holder", { "aria-hidden": "true" });
  readonly #engine: () => Promise<Engine | null>;
  readonly #changed: () => void;
  readonly #watch: IntersectionObserver | undefined;
  readonly #plain = new CanvasPainter();
  #painter: Painter = this.#plain;
  /** Being made: shown once its points are drawn. */
  #next: GlPainter | undefined;
  #picture: Picture | undefined;
  #size: readonly [number, number] = [0, 0];
  #seen = false;
  #asked = false;
  #gone = false;
  #leaving: ReturnType<typeof setTimeout> | undefined;
  #drawn = 0;

  constructor(el: HTMLElement, engine: () => Promise<Engine | null>, changed: () => void) {
    this.#el = el;
    this.#engine = engine;
    this.#changed = changed;
    el.append(this.#holder, this.#plain.el);
    if (typeof IntersectionObserver === "function") {
      this.#watch = new IntersectionObserver((entries) =>
        this.#sight(entries.at(-1)?.isIntersecting === true),
      );
      this.#watch.observe(el);
    }
  }

  get kind(): string {
    return this.#painter.kind;
  }

  /** How many points were last drawn. */
  get drawn(): number {
    return this.#drawn;
  }

  get painted(): boolean {
    return this.#picture !== undefined;
  }

  set(picture: Picture): void {
    const forced = this.#picture?.look.forced !== picture.look.forced;
    this.#picture = picture;
    this.#painter.set(picture);
    this.#next?.set(picture);
    if (this.#painter === this.#plain) this.#drawn = picture.codes.length;
    if (forced) this.#choose();
  }

  draw(camera: Camera): void {
    this.#painter.draw(camera);
    this.#next?.draw(camera);
  }

  resize(width: number, height: number): void {
    this.#size = [width, height];
    this.#plain.resize(width, height);
    if (this.#painter !== this.#plain) this.#painter.resize(width, height);
    this.#next?.resize(width, height);
    this.#choose();
  }

  dispose(): void {
    this.#gone = true;
    clearTimeout(this.#leaving);
    this.#watch?.disconnect();
    this.#drop();
    this.#plain.dispose();
  }

  #sight(seen: boolean): void {
    clearTimeout(this.#leaving);
    this.#seen = seen;
    if (seen) this.#choose();
    else
      this.#leaving = setTimeout(() => {
        this.#drop();
        this.#changed();
      }, LEAVE);
  }

  /** Takes WebGL where it is of use, and leaves it where it is not. */
  #choose(): void {
    const wanted = this.#seen && this.#picture && !this.#picture.look.forced && this.#size[0] > 0;
    if (!wanted) {
      if (this.#picture?.look.forced) this.#drop();
      return;
    }
    if (this.#painter !== this.#plain || this.#next || this.#asked) return;
    this.#asked = true;
    this.#engine().then(
      (engine) => {
        this.#asked = engine === null;
        if (engine) this.#begin(engine);
      },
      () => {
        // No kernel, no engine: the plain canvas has what was saved. Coming into sight again asks again.
        this.#asked = false;
      },
    );
  }

  #begin(engine: Engine): void {
    const picture = this.#picture;
    if (this.#gone || this.#next || !this.#seen || !picture || picture.look.forced) return;
    const lost = () => {
      this.#drop();
      this.#changed();
      setTimeout(() => this.#choose(), LEAVE);
    };
    const painter = new GlPainter(engine, this.#holder, lost, () => {
      this.#drawn = this.#picture?.codes.length ?? 0;
      if (this.#next === painter) this.#swap(painter);
      this.#changed();
    });
    this.#next = painter;
    painter.el.style.visibility = "hidden";
    this.#el.insertBefore(painter.el, this.#plain.el);
    painter.resize(...this.#size);
    painter.set(picture);
    this.#changed();
  }

  #swap(painter: GlPainter): void {
    this.#next = undefined;
    this.#painter = painter;
    painter.el.style.visibility = "";
    this.#plain.el.style.visibility = "hidden";
  }

  /** Back to the plain canvas. */
  #drop(): void {
    this.#next?.dispose();
    this.#next = undefined;
    if (this.#painter === this.#plain) return;
    this.#painter.dispose();
    this.#painter = this.#plain;
    this.#plain.el.style.visibility = "";
    if (this.#picture && !this.#gone) this.#plain.set(this.#picture);
  }
}
