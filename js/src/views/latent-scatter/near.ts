/** Which points lie under the pointer, in a lasso, in sight: without the kernel, and for 1,000,000 of them. */

/** Points sorted into cells, a few to each. */
export class PointGrid {
  readonly #xy: Float32Array;
  readonly #side: number;
  readonly #left: number = 0;
  readonly #bottom: number = 0;
  readonly #wide: number = 1;
  readonly #high: number = 1;
  readonly #starts: Uint32Array;
  readonly #order: Uint32Array;

  constructor(xy: Float32Array) {
    this.#xy = xy;
    const size = xy.length / 2;
    this.#side = Math.max(1, Math.min(512, Math.round(Math.sqrt(size / 4))));
    let [left, right, bottom, top] = [Infinity, -Infinity, Infinity, -Infinity];
    for (let i = 0; i < size; i++) {
      left = Math.min(left, xy[2 * i] as number);
      right = Math.max(right, xy[2 * i] as number);
      bottom = Math.min(bottom, xy[2 * i + 1] as number);
      top = Math.max(top, xy[2 * i + 1] as number);
    }
    if (size > 0) {
      this.#left = left;
      this.#bottom = bottom;
      this.#wide = Math.max(right - left, 1e-12);
      this.#high = Math.max(top - bottom, 1e-12);
    }
    const cells = this.#side * this.#side;
    const starts = new Uint32Array(cells + 1);
    const cell = new Uint32Array(size);
    for (let i = 0; i < size; i++) {
      const at = this.#row(xy[2 * i + 1] as number) * this.#side + this.#column(xy[2 * i] as number);
      cell[i] = at;
      starts[at + 1] = (starts[at + 1] as number) + 1;
    }
    for (let k = 0; k < cells; k++) starts[k + 1] = (starts[k + 1] as number) + (starts[k] as number);
    this.#starts = starts;
    const next = starts.slice(0, cells);
    this.#order = new Uint32Array(size);
    for (let i = 0; i < size; i++) {
      const at = cell[i] as number;
      this.#order[next[at] as number] = i;
      next[at] = (next[at] as number) + 1;
    }
  }

  #column(x: number): number {
    return Math.max(0, Math.min(this.#side - 1, Math.floor(((x - this.#left) / this.#wide) * this.#side)));
  }

  #row(y: number): number {
    return Math.max(0, Math.min(this.#side - 1, Math.floor(((y - this.#bottom) / this.#high) * this.#side)));
  }

  /** Calls back with every point of the cells that a box touches. */
  within(left: number, right: number, bottom: number, top: number, found: (point: number) => void): void {
    const [from, to] = [this.#column(left), this.#column(right)];
    for (let row = this.#row(bottom); row <= this.#row(top); row++) {
      const first = this.#starts[row * this.#side + from] as number;
      const last = this.#starts[row * this.#side + to + 1] as number;
      for (let k = first; k < last; k++) found(this.#order[k] as number);
    }
  }

  /**
   * The points nearest to a place, nearest first.
   *
   * @param reach How far they may be, in px.
   * @param kx Px for one unit across, and `ky` up.
   * @param wanted Whether a point counts.
   */
  nearest(
    [x, y]: readonly [number, number],
    reach: number,
    [kx, ky]: readonly [number, number],
    most: number,
    wanted: (point: number) => boolean = () => true,
  ): number[] {
    const known: [number, number][] = [];
    this.within(x - reach / kx, x + reach / kx, y - reach / ky, y + reach / ky, (point) => {
      const distance = Math.hypot(
        ((this.#xy[2 * point] as number) - x) * kx,
        ((this.#xy[2 * point + 1] as number) - y) * ky,
      );
      if (distance <= reach && wanted(point)) known.push([distance, point]);
    });
    known.sort((a, b) => a[0] - b[0]);
    return known.slice(0, most).map(([, point]) => point);
  }

  /** The points inside a polygon (even-odd rule). */
  inside(polygon: readonly (readonly [number, number])[]): number[] {
    if (polygon.length < 3) return [];
    const xs = polygon.map((corner) => corner[0]);
    const ys = polygon.map((corner) => corner[1]);
    const [left, right, bottom, top] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    const found: number[] = [];
    this.within(left, right, bottom, top, (point) => {
      const x = this.#xy[2 * point] as number;
      const y = this.#xy[2 * point + 1] as number;
      if (x < left || x > right || y < bottom || y > top) return;
      let odd = false;
      for (let k = 0, j = xs.length - 1; k < xs.length; j = k++) {
        const [xk = 0, yk = 0, xj = 0, yj = 0] = [xs[k], ys[k], xs[j], ys[j]];
        if (yk > y !== yj > y && x < ((xj - xk) * (y - yk)) / (yj - yk) + xk) odd = !odd;
      }
      if (odd) found.push(point);
    });
    return found;
  }
}
