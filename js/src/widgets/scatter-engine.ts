/** static/scatter_engine.js: regl-scatterplot behind the few calls that the map needs, one renderer a page. */

import createScatterplot, { createRenderer, createSpatialIndex } from "regl-scatterplot";
import type { Drawn, Engine, Plot, PlotStyle } from "../views/latent-scatter/engine";

type Renderer = ReturnType<typeof createRenderer>;

const NEEDED = ["OES_texture_float", "OES_element_index_uint", "WEBGL_color_buffer_float", "EXT_float_blend"];

/** The library writes its drawing commands as text and makes functions of it; a strict page forbids that. */
function mayMakeCode(): boolean {
  try {
    return new Function("return 1")() === 1;
  } catch {
    return false;
  }
}

function supported(): boolean {
  if (!mayMakeCode()) return false;
  const gl = document.createElement("canvas").getContext("webgl");
  const found = gl !== null && NEEDED.every((name) => gl.getExtension(name) !== null);
  // A browser lends a page few contexts: the one that was asked with is given back.
  gl?.getExtension("WEBGL_lose_context")?.loseContext();
  return found;
}

class SharedRenderer implements Engine {
  readonly #open = new Map<PlotOfRegl, () => void>();
  #renderer: Renderer | undefined;
  #canvas: HTMLCanvasElement | undefined;

  plot(canvas: HTMLCanvasElement, holder: HTMLElement, lost: () => void): Plot {
    this.#renderer ??= this.#begin();
    const plot = new PlotOfRegl(this.#renderer, canvas, holder, () => {
      this.#open.delete(plot);
      if (this.#open.size === 0) this.#end();
    });
    this.#open.set(plot, lost);
    return plot;
  }

  #begin(): Renderer {
    const canvas = document.createElement("canvas");
    canvas.addEventListener("webglcontextlost", this.#lose);
    this.#canvas = canvas;
    return createRenderer({ canvas });
  }

  /** Frees the context with the last map. */
  #end(): void {
    const gl = this.#canvas?.getContext("webgl");
    this.#canvas?.removeEventListener("webglcontextlost", this.#lose);
    this.#renderer?.destroy();
    gl?.getExtension("WEBGL_lose_context")?.loseContext();
    this.#renderer = undefined;
    this.#canvas = undefined;
  }

  readonly #lose = () => {
    for (const lost of [...this.#open.values()]) lost();
  };
}

/** Milliseconds in which a plot is freed also where the page draws no frames. */
const LEAVE = 1000;

/** The library looks for points under the pointer by this; the map has its own way, so it is left empty. */
const noIndex = createSpatialIndex([[0, 0]], false);

class PlotOfRegl implements Plot {
  readonly #renderer: Renderer;
  readonly #plot: ReturnType<typeof createScatterplot>;
  readonly #closed: () => void;
  #waiting: Drawn | undefined;
  #busy: Promise<void> | undefined;
  #gone = false;

  constructor(renderer: Renderer, canvas: HTMLCanvasElement, holder: HTMLElement, closed: () => void) {
    this.#renderer = renderer;
    this.#closed = closed;
    this.#plot = createScatterplot({
      renderer,
      canvas,
      width: Math.max(1, canvas.clientWidth),
      height: Math.max(1, canvas.clientHeight),
      backgroundColor: [0, 0, 0, 0],
      cameraIsFixed: true,
      pointScaleMode: "constant",
      colorBy: "valueA",
      opacityBy: "valueB",
      sizeBy: "valueB",
      lassoInitiator: false,
      lassoOnLongPress: false,
      lassoInitiatorParentElement: holder,
      lassoLongPressIndicatorParentElement: holder,
      deselectOnEscape: false,
      deselectOnDblClick: false,
    });
  }

  /** One drawing at a time, as the library wants it; of those that wait the newest counts. */
  draw(points: Drawn): Promise<void> {
    this.#waiting = points;
    this.#busy ??= this.#work().finally(() => {
      this.#busy = undefined;
    });
    return this.#busy;
  }

  async #work(): Promise<void> {
    const spatialIndex = await noIndex;
    for (let next = this.#waiting; next && !this.#gone; next = this.#waiting) {
      this.#waiting = undefined;
      const options = { zDataType: "categorical", wDataType: "categorical", spatialIndex } as const;
      await this.#plot.draw(next, options);
    }
  }

  style({ colours, sizes, opacities }: PlotStyle): void {
    const look: Record<string, unknown> = { pointSize: [...sizes], opacity: [...opacities] };
    if (colours) look.pointColor = [...colours];
    if (!this.#gone) void this.#plot.set(look);
  }

  view(matrix: Float32Array): void {
    if (!this.#gone) this.#plot.view([...matrix], { preventEvent: true });
  }

  resize(width: number, height: number): void {
    if (this.#gone) return;
    const canvas = this.#renderer.canvas;
    const ratio = window.devicePixelRatio;
    if (width * ratio > canvas.width || height * ratio > canvas.height)
      this.#renderer.resize(Math.max(width, canvas.width / ratio), Math.max(height, canvas.height / ratio));
    void this.#plot.set({ width, height });
  }

  dispose(): void {
    if (this.#gone) return;
    this.#gone = true;
    let open = true;
    const finish = () => {
      if (!open) return;
      open = false;
      this.#plot.destroy();
      this.#closed();
    };
    // Destroying would leave the texture of the points behind: a single point takes their place first.
    const one = async () => {
      await this.#busy;
      await this.#plot.draw([[0, 0]], { spatialIndex: await noIndex });
    };
    one().then(finish, finish);
    setTimeout(finish, LEAVE);
  }
}

export function openEngine(): Engine | null {
  return supported() ? new SharedRenderer() : null;
}
