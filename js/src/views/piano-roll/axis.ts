/** Where a quarter lies on the stage: zoom and scroll of the time axis. */

const MOST = 240;

export class Axis {
  /** Left edge of the notes, in css px. */
  left = 0;
  /** Width of the notes' window, in css px. */
  width = 1;
  quarters = 4;
  #zoom = 1;
  #scroll = 0;

  /** Pixels a quarter. */
  get scale(): number {
    return (this.width / this.quarters) * this.#zoom;
  }

  /** 1 fits the whole clip. */
  get zoom(): number {
    return this.#zoom;
  }

  get zoomed(): boolean {
    return this.#zoom > 1.0001;
  }

  /** Pixels scrolled off at the left. */
  get scroll(): number {
    return this.#scroll;
  }

  /** Width of the whole clip in px. */
  get extent(): number {
    return this.scale * this.quarters;
  }

  get right(): number {
    return this.left + this.width;
  }

  x(quarter: number): number {
    return this.left + quarter * this.scale - this.#scroll;
  }

  quarter(x: number): number {
    return (x - this.left + this.#scroll) / this.scale;
  }

  /** Takes a new window or length; the quarter at the left edge stays there. */
  resize(left: number, width: number, quarters: number): void {
    const first = this.quarter(this.left);
    const same = quarters === this.quarters;
    this.left = left;
    this.width = Math.max(1, width);
    this.quarters = quarters;
    this.#zoom = same ? Math.min(this.#zoom, this.#mostZoom()) : 1;
    this.scrollTo(same ? first * this.scale : 0);
  }

  /** Zooms by a factor; the quarter under `x` stays under it. */
  zoomAt(x: number, factor: number): boolean {
    const held = this.quarter(x);
    const before = this.#zoom;
    this.#zoom = Math.max(1, Math.min(this.#mostZoom(), before * factor));
    this.scrollTo(held * this.scale - (x - this.left));
    return this.#zoom !== before;
  }

  fit(): void {
    this.#zoom = 1;
    this.#scroll = 0;
  }

  /** Gives back whether anything moved. */
  scrollTo(pixels: number): boolean {
    const before = this.#scroll;
    this.#scroll = Math.max(0, Math.min(pixels, this.extent - this.width));
    return Math.abs(this.#scroll - before) > 0.01;
  }

  /** Turns a page when a quarter has left the window; gives back whether it did. */
  follow(quarter: number): boolean {
    if (!this.zoomed) return false;
    const x = this.x(quarter);
    if (x >= this.left && x <= this.right - 0.04 * this.width) return false;
    return this.scrollTo(quarter * this.scale - 0.08 * this.width);
  }

  #mostZoom(): number {
    return Math.max(1, (MOST * this.quarters) / this.width);
  }
}
