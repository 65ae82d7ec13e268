/** Where the map is looked at from: map coordinates <-> css px, the turn of a map of three dimensions. */

import type { Cloud, Spot } from "../../core/latent-scatter-props";

export interface Box {
  readonly left: number;
  readonly right: number;
  readonly bottom: number;
  readonly top: number;
}

/** A flat map may be stretched so far that it fills its stage. */
const STRETCH = 1.3;
const MARGIN = 0.05;
const ZOOM_OUT = 0.4;
const ZOOM_IN = 400;

/** Left, right, bottom, top of nearly all points: a stray one does not make the rest small. */
export function boundsOf(xy: Float32Array, more: readonly Spot[]): Box {
  const size = xy.length / 2;
  const stride = Math.max(1, Math.floor(size / 4000));
  const xs: number[] = [];
  const ys: number[] = [];
  for (let i = 0; i < size; i += stride) {
    xs.push(xy[2 * i] as number);
    ys.push(xy[2 * i + 1] as number);
  }
  const range = (values: number[], own: number[]): [number, number] => {
    values.sort((a, b) => a - b);
    const at = (share: number) => values[Math.round(share * (values.length - 1))] ?? 0;
    const ends = values.length > 0 ? [at(0.003), at(0.997), ...own] : own.length > 0 ? own : [-1, 1];
    const low = Math.min(...ends);
    const high = Math.max(...ends);
    const room = high > low ? (high - low) * MARGIN : 1;
    return [low - room, high + room];
  };
  const [left, right] = range(
    xs,
    more.map((spot) => spot[0] ?? 0),
  );
  const [bottom, top] = range(
    ys,
    more.map((spot) => spot[1] ?? 0),
  );
  return { left, right, bottom, top };
}

export class Camera {
  width = 1;
  height = 1;
  /** What lies in the middle. */
  x = 0;
  y = 0;
  /** Css px for one unit of the map. */
  kx = 1;
  ky = 1;
  #fit = { x: 0, y: 0, kx: 1, ky: 1 };

  /** How far it is zoomed in, 1 for all of the map. */
  get zoom(): number {
    return this.kx / this.#fit.kx;
  }

  resize(width: number, height: number): void {
    const before = { x: this.x, y: this.y, zoom: this.zoom };
    this.width = width;
    this.height = height;
    if (this.#box) this.#frame(this.#box, this.#square);
    this.x = before.x;
    this.y = before.y;
    this.kx *= before.zoom;
    this.ky *= before.zoom;
  }

  #box: Box | undefined;
  #square = false;

  /** Shows all of a box. @param square Whether both directions must have one scale. */
  frame(box: Box, square: boolean): void {
    this.#box = box;
    this.#square = square;
    this.#frame(box, square);
  }

  #frame(box: Box, square: boolean): void {
    let kx = this.width / (box.right - box.left);
    let ky = this.height / (box.top - box.bottom);
    const most = square ? 1 : STRETCH;
    kx = Math.min(kx, ky * most);
    ky = Math.min(ky, kx * most);
    this.x = (box.left + box.right) / 2;
    this.y = (box.bottom + box.top) / 2;
    this.kx = kx;
    this.ky = ky;
    this.#fit = { x: this.x, y: this.y, kx, ky };
  }

  fit(): void {
    Object.assign(this, this.#fit);
  }

  px(x: number): number {
    return this.width / 2 + (x - this.x) * this.kx;
  }

  py(y: number): number {
    return this.height / 2 - (y - this.y) * this.ky;
  }

  atX(px: number): number {
    return this.x + (px - this.width / 2) / this.kx;
  }

  atY(py: number): number {
    return this.y - (py - this.height / 2) / this.ky;
  }

  pan(dx: number, dy: number): void {
    this.x -= dx / this.kx;
    this.y += dy / this.ky;
  }

  /** Zooms so that what is under a px stays there. */
  zoomAt(px: number, py: number, factor: number): void {
    const wanted = Math.max(ZOOM_OUT, Math.min(ZOOM_IN, this.zoom * factor));
    const by = wanted / this.zoom;
    const x = this.atX(px);
    const y = this.atY(py);
    this.kx *= by;
    this.ky *= by;
    this.x = x - (px - this.width / 2) / this.kx;
    this.y = y + (py - this.height / 2) / this.ky;
  }

  /** What of the map is in sight. */
  get sight(): Box {
    return {
      left: this.atX(0),
      right: this.atX(this.width),
      bottom: this.atY(this.height),
      top: this.atY(0),
    };
  }
}

/** A turn in space: three rows of three numbers, x to the right, y up, z to the eye. */
export type Turn = readonly number[];

export const STRAIGHT: Turn = [1, 0, 0, 0, 1, 0, 0, 0, 1];

/** Turns a turn on, by angles around the upright and the level axis. */
export function turned(turn: Turn, around: number, over: number): Turn {
  const [ca, sa, cb, sb] = [Math.cos(around), Math.sin(around), Math.cos(over), Math.sin(over)];
  const by = [ca, 0, sa, sb * sa, cb, -sb * ca, -cb * sa, sb, cb * ca];
  const out: number[] = [];
  for (let row = 0; row < 3; row++)
    for (let column = 0; column < 3; column++)
      out.push([0, 1, 2].reduce((sum, k) => sum + (by[3 * row + k] ?? 0) * (turn[3 * k + column] ?? 0), 0));
  return out;
}

/** Where a spot is seen, and how near: x, y, depth. Of a flat map it is the spot itself. */
export function seen(spot: Spot, turn: Turn, middle: Spot): [number, number, number] {
  if (spot.length < 3) return [spot[0] ?? 0, spot[1] ?? 0, 0];
  const rel = [0, 1, 2].map((k) => (spot[k] ?? 0) - (middle[k] ?? 0));
  const row = (r: number) => [0, 1, 2].reduce((sum, k) => sum + (turn[3 * r + k] ?? 0) * (rel[k] ?? 0), 0);
  return [row(0), row(1), row(2)];
}

/** The spot that is seen at x and y, in the plane through the middle that faces the eye. */
export function unseen(x: number, y: number, turn: Turn, middle: Spot): Spot {
  if (middle.length < 3) return [x, y];
  return [0, 1, 2].map((k) => (middle[k] ?? 0) + (turn[k] ?? 0) * x + (turn[3 + k] ?? 0) * y);
}

/** The middle of a cloud of three dimensions. */
export function middleOf(cloud: Cloud): Spot {
  if (cloud.dimensions < 3) return [0, 0];
  const sum = [0, 0, 0];
  for (let i = 0; i < cloud.at.length; i++) sum[i % 3] = (sum[i % 3] ?? 0) + (cloud.at[i] as number);
  return sum.map((s) => s / Math.max(1, cloud.size));
}

/** All points as they are seen: x and y, and the depth of each from 0 (far) to 1, for three dimensions. */
export function flatten(
  cloud: Cloud,
  turn: Turn,
  middle: Spot,
): { xy: Float32Array; depth: Float32Array | null } {
  if (cloud.dimensions < 3) return { xy: cloud.at, depth: null };
  const xy = new Float32Array(2 * cloud.size);
  const depth = new Float32Array(cloud.size);
  const [a = 1, b = 0, c = 0, d = 0, e = 1, f = 0, g = 0, h = 0, k = 1] = turn;
  const [mx = 0, my = 0, mz = 0] = middle;
  let near = Number.NEGATIVE_INFINITY;
  let far = Number.POSITIVE_INFINITY;
  for (let i = 0; i < cloud.size; i++) {
    const x = (cloud.at[3 * i] as number) - mx;
    const y = (cloud.at[3 * i + 1] as number) - my;
    const z = (cloud.at[3 * i + 2] as number) - mz;
    xy[2 * i] = a * x + b * y + c * z;
    xy[2 * i + 1] = d * x + e * y + f * z;
    const deep = Math.fround(g * x + h * y + k * z);
    depth[i] = deep;
    near = Math.max(near, deep);
    far = Math.min(far, deep);
  }
  for (let i = 0; i < cloud.size; i++)
    depth[i] = near > far ? ((depth[i] as number) - far) / (near - far) : 0.5;
  return { xy, depth };
}
