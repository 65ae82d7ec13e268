/** The WebGL engine (static/scatter_engine.js): loaded once a page, one context for all maps. */

/** Points as the engine takes them, in the order in which they are drawn. */
export interface Drawn {
  readonly x: Float32Array;
  readonly y: Float32Array;
  /** Index of each point's colour. */
  readonly z: Float32Array;
  /** Index of each point's size and opacity. */
  readonly w: Float32Array;
}

export interface PlotStyle {
  readonly colours?: readonly string[];
  readonly sizes: readonly number[];
  readonly opacities: readonly number[];
}

/** A canvas on which points are drawn. */
export interface Plot {
  /** Takes new points; resolves once they are drawn. Every call needs arrays of its own. */
  draw(points: Drawn): Promise<void>;
  style(style: PlotStyle): void;
  /** Column by column, map to clip space before the aspect ratio. */
  view(matrix: Float32Array): void;
  resize(width: number, height: number): void;
  dispose(): void;
}

export interface Engine {
  /** Calls `lost` once if the browser takes the context away; the plot is of no use then. */
  plot(canvas: HTMLCanvasElement, holder: HTMLElement, lost: () => void): Plot;
}

interface EngineModule {
  /** Null where the browser has no WebGL, or not what the engine needs of it. */
  openEngine(): Engine | null;
}

/** Widgets are modules of their own: what they share lies on globalThis, a version each. */
const KEY = "__mvae_widgets_scatter_1.16.0__";

export type Assets = (name: string) => Promise<ArrayBuffer>;

/** Loads the engine, once a page; a failed try may be repeated. */
export function loadEngine(assets: Assets): Promise<Engine | null> {
  const page = globalThis as Record<string, unknown>;
  const known = page[KEY] as Promise<Engine | null> | undefined;
  if (known) return known;
  const loading = load(assets).catch((error: unknown) => {
    page[KEY] = undefined;
    throw error;
  });
  page[KEY] = loading;
  return loading;
}

async function load(assets: Assets): Promise<Engine | null> {
  const code = await assets("scatter_engine.js");
  const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  try {
    return ((await import(url)) as EngineModule).openEngine();
  } finally {
    URL.revokeObjectURL(url);
  }
}
