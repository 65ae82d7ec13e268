/** Points on a canvas: by WebGL as many as there are, without it a few thousand. */

import { GREY } from "../../core/map-palette";
import type { Look } from "../../core/palette";
import { h } from "../../ui/dom";
import type { Camera } from "./camera";
import type { Engine, Plot } from "./engine";

export interface Picture {
  readonly xy: Float32Array;
  /** Of three dimensions, 0 (far) to 1. */
  readonly depth: Float32Array | null;
  readonly codes: Uint16Array;
  readonly palette: readonly string[];
  /** 1 for each point that does not stand back; null where none does. */
  readonly lit: Uint8Array | null;
  readonly look: Look;
  /** While a map is turned, one point in so many. */
  readonly stride: number;
}

export interface Painter {
  readonly el: HTMLCanvasElement;
  readonly kind: "webgl" | "canvas";
  set(picture: Picture): void;
  draw(camera: Camera): void;
  resize(width: number, height: number): void;
  dispose(): void;
}

/** Steps of depth, and the index after them for points that stand back. */
const LEVELS = 8;
const PLAIN = 5000;

const clamp = (x: number, low: number, high: number) => Math.max(low, Math.min(high, x));

/** Size in css px and opacity of a point: few are large and solid, many are small and add up (LOOK.md 7). */
export function gradeOf(size: number, zoom: number): { size: number; alpha: number } {
  const seen = Math.log10(Math.max(10, size / Math.max(0.3, zoom) ** 2));
  return { size: clamp(9.2 - 1.75 * seen, 1.5, 7), alpha: clamp(1.2 - 0.165 * seen, 0.2, 0.9) };
}

function gradesOf(picture: Picture, zoom: number): { sizes: number[]; opacities: number[] } {
  const { size, alpha } = gradeOf(picture.codes.length / picture.stride, zoom);
  const levels = Array.from({ length: LEVELS }, (_, level) => (picture.depth ? level / (LEVELS - 1) : 0.5));
  return {
    sizes: [...levels.map((deep) => size * (0.7 + 0.6 * deep)), size],
    opacities: [
      ...levels.map((deep) => clamp(alpha * (0.45 + 1.1 * deep), 0.08, 1)),
      Math.min(1, alpha * 0.9),
    ],
  };
}

/** The points in the order in which they are drawn: what stands back first, then from far to near. */
export function drawnOrder({ xy, depth, lit, stride }: Picture): Uint32Array {
  const size = xy.length / 2;
  const levels = LEVELS + 1;
  const level = (i: number) =>
    lit && !lit[i] ? 0 : 1 + (depth ? Math.min(LEVELS - 1, Math.floor((depth[i] as number) * LEVELS)) : 0);
  const starts = new Uint32Array(levels + 1);
  for (let i = 0; i < size; i += stride) starts[level(i) + 1] = (starts[level(i) + 1] as number) + 1;
  for (let k = 0; k < levels; k++) starts[k + 1] = (starts[k + 1] as number) + (starts[k] as number);
  const order = new Uint32Array(starts[levels] as number);
  for (let i = 0; i < size; i += stride) {
    const at = level(i);
    order[starts[at] as number] = i;
    starts[at] = (starts[at] as number) + 1;
  }
  return order;
}

/** Column by column: the map as the camera sees it, in units of half the height. */
export function matrixOf(camera: Camera): Float32Array {
  const sx = camera.kx / (camera.height / 2);
  const sy = camera.ky / (camera.height / 2);
  return new Float32Array([sx, 0, 0, 0, 0, sy, 0, 0, 0, 0, 1, 0, -sx * camera.x, -sy * camera.y, 0, 1]);
}

export class GlPainter implements Painter {
  readonly kind = "webgl";
  readonly el = h("canvas", "mv-layer", { "aria-hidden": "true" });
  readonly #plot: Plot;
  readonly #drawn: () => void;
  #picture: Picture | undefined;
  #styled = "";
  #palette: readonly string[] | undefined;

  /** @param drawn Called after new points are on the canvas. */
  constructor(engine: Engine, holder: HTMLElement, lost: () => void, drawn: () => void) {
    this.#drawn = drawn;
    this.#plot = engine.plot(this.el, holder, lost);
  }

  set(picture: Picture): void {
    this.#picture = picture;
    const { xy, depth, codes, lit, palette, look } = picture;
    if (this.#palette !== palette) this.#styled = "";
    this.#palette = palette;
    const order = drawnOrder(picture);
    const [x, y] = [new Float32Array(order.length), new Float32Array(order.length)];
    const [z, w] = [new Float32Array(order.length), new Float32Array(order.length)];
    const last = palette.length - 1;
    for (let k = 0; k < order.length; k++) {
      const i = order[k] as number;
      x[k] = xy[2 * i] as number;
      y[k] = xy[2 * i + 1] as number;
      const back = lit !== null && !lit[i];
      z[k] = back ? palette.length : Math.min(last, codes[i] as number);
      w[k] = back ? LEVELS : depth ? Math.min(LEVELS - 1, Math.floor((depth[i] as number) * LEVELS)) : 0;
    }
    this.#style(look, 1);
    if (order.length > 0) void this.#plot.draw({ x, y, z, w }).then(this.#drawn, () => undefined);
  }

  #style(look: Look, zoom: number): void {
    const picture = this.#picture;
    if (!picture) return;
    const { sizes, opacities } = gradesOf(picture, zoom);
    const name = `${sizes[0]?.toFixed(1)} ${opacities[0]?.toFixed(2)} ${look.theme} ${picture.depth !== null}`;
    if (name === this.#styled) return;
    const colours = this.#styled.includes(look.theme) ? undefined : [...picture.palette, GREY[look.theme]];
    this.#styled = name;
    this.#plot.style({ ...(colours ? { colours } : {}), sizes, opacities });
  }

  draw(camera: Camera): void {
    if (this.#picture) this.#style(this.#picture.look, camera.zoom);
    this.#plot.view(matrixOf(camera));
  }

  resize(width: number, height: number): void {
    this.el.style.width = `${width}px`;
    this.el.style.height = `${height}px`;
    this.#plot.resize(width, height);
  }

  dispose(): void {
    this.#plot.dispose();
    this.el.remove();
  }
}

export class CanvasPainter implements Painter {
  readonly kind = "canvas";
  readonly el = h("canvas", "mv-layer", { "aria-hidden": "true" });
  #picture: Picture | undefined;
  #order: Uint32Array = new Uint32Array();

  set(picture: Picture): void {
    const most = Math.max(1, Math.ceil(picture.codes.length / PLAIN));
    this.#picture = { ...picture, stride: Math.max(picture.stride, most) };
    this.#order = drawnOrder(this.#picture);
  }

  draw(camera: Camera): void {
    const context = this.el.getContext("2d");
    const picture = this.#picture;
    if (!context || !picture) return;
    const { xy, codes, palette, lit, look, depth } = picture;
    const ratio = this.el.width / camera.width;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, camera.width, camera.height);
    const { sizes, opacities } = gradesOf(picture, camera.zoom);
    const grey = look.forced ? "GrayText" : GREY[look.theme];
    for (const i of this.#order) {
      const x = camera.px(xy[2 * i] as number);
      const y = camera.py(xy[2 * i + 1] as number);
      if (x < -4 || y < -4 || x > camera.width + 4 || y > camera.height + 4) continue;
      const back = lit !== null && !lit[i];
      const level = back
        ? LEVELS
        : depth
          ? Math.min(LEVELS - 1, Math.floor((depth[i] as number) * LEVELS))
          : 0;
      const size = sizes[level] as number;
      context.globalAlpha = look.forced ? 1 : (opacities[level] as number);
      context.fillStyle = back
        ? grey
        : look.forced
          ? "CanvasText"
          : (palette[Math.min(palette.length - 1, codes[i] as number)] as string);
      if (size < 3) context.fillRect(x - size / 2, y - size / 2, size, size);
      else {
        context.beginPath();
        context.arc(x, y, size / 2, 0, 2 * Math.PI);
        context.fill();
      }
    }
    context.globalAlpha = 1;
  }

  resize(width: number, height: number): void {
    const ratio = Math.max(1, globalThis.devicePixelRatio || 1);
    this.el.width = Math.round(width * ratio);
    this.el.height = Math.round(height * ratio);
    this.el.style.width = `${width}px`;
    this.el.style.height = `${height}px`;
  }

  dispose(): void {
    this.el.remove();
  }
}
