/** The ground of the arrangement: bar numbers, and a line for each bar. */

import type { Look } from "../../core/palette";

export const RULER = 20;
const HEIGHT = RULER + 52;
const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif';
/** Narrower bars are numbered by fours alone. */
const ROOM = 26;

export function paintRuler(
  canvas: HTMLCanvasElement,
  { tokens }: Look,
  { width, bars, perBar }: { readonly width: number; readonly bars: number; readonly perBar: number },
): void {
  const dense = globalThis.devicePixelRatio || 1;
  canvas.width = Math.round(width * dense);
  canvas.height = Math.round(HEIGHT * dense);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${HEIGHT}px`;
  const context = canvas.getContext("2d");
  if (!context) return;
  context.scale(dense, dense);
  context.fillStyle = tokens.stage;
  context.beginPath();
  context.roundRect(0, RULER, width, HEIGHT - RULER, 6);
  context.fill();
  for (let bar = 0; bar < bars; bar++) {
    const x = Math.round(bar * perBar);
    const main = bar % 4 === 0;
    if (bar > 0) {
      context.fillStyle = main ? tokens.bar : tokens.beat;
      context.fillRect(x, main ? RULER - 6 : RULER, 1, HEIGHT);
    }
    if (!main && perBar < ROOM) continue;
    context.font = `${main ? 600 : 400} 11px ${FONT}`;
    context.fillStyle = main ? tokens.ink : tokens.ink2;
    context.fillText(String(bar + 1), x + 4, 12);
  }
}
