/** What lies over the points: words in the margins, the path, own clips, the current one, the lasso. */

import type { Here, Mark } from "../../core/latent-scatter-props";
import type { Look } from "../../core/palette";
import { sealDot } from "../../ui/seal";

export type Px = readonly [number, number];

export interface Dot {
  readonly at: Px;
  readonly colour: string;
}

export interface Overlay {
  readonly width: number;
  readonly height: number;
  readonly look: Look;
  /** Up, down, left, right; none where directions mean nothing. */
  readonly words: readonly string[];
  readonly route: readonly Px[];
  readonly near: readonly Dot[];
  readonly marks: readonly { readonly mark: Mark; readonly at: Px }[];
  readonly here: { readonly here: Here; readonly at: Px } | null;
  readonly pending: Px | null;
  readonly hovered: Dot | null;
  readonly lasso: readonly Px[];
  readonly selected: { readonly text: string; readonly at: Px } | null;
  /** Where the keys act. */
  readonly cross: Px | null;
}

export const SEAL = 18;
const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "PingFang SC", sans-serif';

type Context = CanvasRenderingContext2D;

export function paintOverlay(context: Context, overlay: Overlay): void {
  const { look, width, height } = overlay;
  const { tokens } = look;
  context.clearRect(0, 0, width, height);
  context.lineJoin = "round";
  context.lineCap = "round";
  paintWords(context, overlay);
  if (overlay.here && overlay.near.length > 0) {
    const [x, y] = overlay.here.at;
    for (const { at } of overlay.near) {
      context.beginPath();
      context.moveTo(x, y);
      context.lineTo(at[0], at[1]);
      stroke(context, tokens.paper, 3);
      stroke(context, tokens.ink2, 1);
    }
    for (const { at, colour } of overlay.near) {
      ring(context, at, 4.5, tokens.ink, tokens.paper, 1.5);
      disc(context, at, 4, colour);
    }
  }
  if (overlay.route.length > 1) {
    trace(context, overlay.route);
    stroke(context, tokens.paper, 5);
    stroke(context, tokens.ink, 1.75);
  }
  for (const { mark, at } of overlay.marks) {
    paintSeal(context, at, mark.place, look, 2);
    const current = overlay.here?.here.number === null && overlay.here.at.join() === at.join();
    label(context, mark.letter, at[0], at[1] - SEAL / 2 - (current ? 9 : 6), look, 600);
  }
  if (overlay.here) {
    const { here, at } = overlay.here;
    if (here.number === null) paintSeal(context, at, here.place, look, 2);
    const side = SEAL + 7;
    if (here.number === null) {
      context.beginPath();
      context.roundRect(at[0] - side / 2, at[1] - side / 2, side, side, 7);
      stroke(context, tokens.ink, 2);
    } else {
      disc(context, at, 4, look.clip(here.place));
      ring(context, at, 7.5, tokens.ink, tokens.paper, 2);
    }
  }
  if (overlay.hovered) {
    ring(context, overlay.hovered.at, 6, tokens.ink, tokens.paper, 2);
    disc(context, overlay.hovered.at, 2.5, overlay.hovered.colour);
  }
  if (overlay.pending) cross(context, overlay.pending, 6, tokens.signal, 2, tokens.paper);
  if (overlay.lasso.length > 1) {
    trace(context, overlay.lasso);
    context.closePath();
    context.globalAlpha = 0.06;
    context.fillStyle = tokens.ink;
    context.fill("evenodd");
    context.globalAlpha = 1;
    stroke(context, tokens.paper, 3);
    context.setLineDash([4, 3]);
    context.lineCap = "butt";
    stroke(context, tokens.ink, 1.5);
    context.setLineDash([]);
  }
  if (overlay.selected) {
    const [x, y] = overlay.selected.at;
    label(context, overlay.selected.text, x, y, look, 600);
  }
  if (overlay.cross) cross(context, overlay.cross, 8, tokens.focus, 1.5, tokens.paper);
}

function paintWords(context: Context, { words, width, height, look }: Overlay): void {
  const [up = "", down = "", left = "", right = ""] = words;
  const put = (text: string, x: number, y: number, align: CanvasTextAlign) => {
    if (text) label(context, text, x, y, look, 400, align);
  };
  put(up, width / 2, 15, "center");
  put(down, width / 2, height - 7, "center");
  put(left, 9, height / 2 + 4, "left");
  put(right, width - 9, height / 2 + 4, "right");
}

/** Text on a ground of the stage: points behind it do not make it hard to read. */
function label(
  context: Context,
  text: string,
  x: number,
  y: number,
  { tokens }: Look,
  weight: number,
  align: CanvasTextAlign = "center",
): void {
  context.font = `${weight} ${weight > 400 ? 12 : 11}px ${FONT}`;
  context.textAlign = align;
  const wide = context.measureText(text).width + 6;
  const left = align === "center" ? x - wide / 2 : align === "left" ? x - 3 : x - wide + 3;
  context.globalAlpha = 0.82;
  context.fillStyle = tokens.stage;
  context.beginPath();
  context.roundRect(left, y - 11, wide, 15, 3);
  context.fill();
  context.globalAlpha = 1;
  context.fillStyle = weight > 400 ? tokens.ink : tokens.ink2;
  context.fillText(text, x, y);
}

export function paintSeal(
  context: Context,
  [x, y]: Px,
  place: Here["place"],
  look: Look,
  halo: number,
): void {
  const half = SEAL / 2;
  context.fillStyle = look.tokens.paper;
  context.beginPath();
  context.roundRect(x - half - halo, y - half - halo, SEAL + 2 * halo, SEAL + 2 * halo, 6);
  context.fill();
  context.fillStyle = look.clip(place);
  context.beginPath();
  context.roundRect(x - half, y - half, SEAL, SEAL, SEAL / 4);
  context.fill();
  if (!place) return;
  const dot = sealDot(place);
  context.fillStyle = look.tokens.paper;
  context.beginPath();
  context.arc(x - half + dot.x * SEAL, y - half + dot.y * SEAL, dot.r * SEAL, 0, 2 * Math.PI);
  context.fill();
}

function trace(context: Context, points: readonly Px[]): void {
  context.beginPath();
  points.forEach(([x, y], k) => {
    if (k === 0) context.moveTo(x, y);
    else context.lineTo(x, y);
  });
}

function stroke(context: Context, colour: string, width: number): void {
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.stroke();
}

function disc(context: Context, [x, y]: Px, r: number, colour: string): void {
  context.beginPath();
  context.arc(x, y, r, 0, 2 * Math.PI);
  context.fillStyle = colour;
  context.fill();
}

function ring(context: Context, [x, y]: Px, r: number, ink: string, paper: string, width: number): void {
  context.beginPath();
  context.arc(x, y, r, 0, 2 * Math.PI);
  stroke(context, paper, width + 2.5);
  stroke(context, ink, width);
}

function cross(context: Context, [x, y]: Px, arm: number, ink: string, width: number, paper: string): void {
  context.beginPath();
  context.moveTo(x - arm, y);
  context.lineTo(x + arm, y);
  context.moveTo(x, y - arm);
  context.lineTo(x, y + arm);
  stroke(context, paper, width + 2);
  stroke(context, ink, width);
}
