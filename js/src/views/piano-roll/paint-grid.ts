/** The stage under the notes: lanes, rows, bar and beat lines, the ruler, the keyboard. */

import type { Look } from "../../core/palette";
import { isBlack, mod12, pitchName } from "../../core/pitch";
import type { MeterMap } from "../../core/time";
import type { Axis } from "./axis";
import { type DrumLane, type Layout, type PitchLane, pitchTop, RULER } from "./layout";

export const FONT =
  'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "PingFang SC", "Hiragino Sans GB", "Microsoft YaHei", "Noto Sans CJK SC", "Source Han Sans SC", sans-serif';

export interface Scene {
  readonly context: CanvasRenderingContext2D;
  /** Device pixels a css pixel. */
  readonly ratio: number;
  readonly axis: Axis;
  readonly layout: Layout;
  readonly meter: MeterMap;
  readonly look: Look;
  /** Names of the drum rows, by class. */
  readonly drumNames: readonly string[];
}

/** Beat lines closer than this are left out, beat numbers need more. */
const BEAT_LINE = 6;
const BEAT_NUMBER = 30;
const NARROW = 420;

/** Every how manyth bar has its number, so that numbers stand apart. */
export function barStride(barWidth: number): number {
  let stride = 1;
  while (stride * barWidth < 26 && stride < 1024) stride *= 2;
  return stride;
}

function strideOf({ axis, meter }: Scene): number {
  return barStride((axis.scale * meter.quarters) / meter.bars.length);
}

export function paintGrid(scene: Scene): void {
  const { context, axis, layout } = scene;
  for (const lane of layout.lanes) {
    context.save();
    if (lane.kind === "pitch" || !lane.blocks) {
      context.beginPath();
      context.roundRect(axis.left, lane.top, axis.width, lane.height, layout.gutter === "keys" ? 0 : 4);
      context.clip();
      context.fillStyle = scene.look.tokens.stage;
      context.fillRect(axis.left, lane.top, axis.width, lane.height);
    } else {
      context.beginPath();
      context.rect(axis.left, lane.top, axis.width, lane.height);
      context.clip();
    }
    if (lane.kind === "pitch") {
      paintRows(scene, lane);
      paintLines(scene, lane.top, lane.height);
    } else paintDrumGrid(scene, lane);
    context.restore();
  }
  paintRuler(scene);
  if (layout.gutter === "keys")
    for (const lane of layout.lanes) if (lane.kind === "pitch") paintKeys(scene, lane);
  if (layout.gutter === "rows") {
    for (const lane of layout.lanes) if (lane.kind === "drums") paintRowNames(scene, lane);
  }
}

function paintRows(scene: Scene, lane: PitchLane): void {
  const { context, axis, look } = scene;
  for (let pitch = lane.low; pitch <= lane.high; pitch++) {
    const top = pitchTop(lane, pitch);
    if (isBlack(pitch)) {
      context.fillStyle = look.tokens.band;
      context.fillRect(axis.left, top, axis.width, lane.row);
    }
    if (mod12(pitch) === 0 || mod12(pitch) === 5) {
      context.fillStyle = look.tokens.grid;
      rowLine(scene, top + lane.row, axis.left, axis.width);
    }
  }
}

/** Calls with the x of every line in the window; `index` is 0 on a bar line. */
function eachLine(scene: Scene, call: (x: number, bar: number, beat: number, edge: boolean) => void): void {
  const { axis, meter } = scene;
  meter.bars.forEach((bar, index) => {
    if (axis.x(bar.end) < axis.left - 1 || axis.x(bar.start) > axis.right + 1) return;
    const beats = bar.beat * axis.scale >= BEAT_LINE ? meter.beats(bar) : [bar.start];
    beats.forEach((quarter, beat) => {
      call(axis.x(quarter), index, beat, index === 0 && beat === 0);
    });
  });
  const last = axis.x(meter.quarters);
  if (last <= axis.right + 1) call(last, meter.bars.length, 0, true);
}

/** A vertical hairline on whole device pixels. */
function lineAt({ context, axis, ratio }: Scene, x: number, top: number, height: number): void {
  const width = Math.max(1, Math.round(ratio)) / ratio;
  const snapped = Math.round(x * ratio) / ratio;
  context.fillRect(Math.max(axis.left, Math.min(snapped, axis.right - width)), top, width, height);
}

/** A horizontal hairline on whole device pixels. */
function rowLine({ context, ratio }: Scene, y: number, from: number, width: number): void {
  const thick = Math.max(1, Math.round(ratio)) / ratio;
  context.fillRect(from, Math.round((y - thick / 2) * ratio) / ratio, width, thick);
}

function paintLines(scene: Scene, top: number, height: number): void {
  const { context, axis, look } = scene;
  const stride = strideOf(scene);
  eachLine(scene, (x, bar, beat, edge) => {
    if (x < axis.left - 0.5) return;
    context.fillStyle = beat === 0 && !edge && bar % stride === 0 ? look.tokens.bar : look.tokens.beat;
    lineAt(scene, x, top, height);
  });
}

function paintDrumGrid(scene: Scene, lane: DrumLane): void {
  const { context, axis, meter, look } = scene;
  const step = axis.scale / 4;
  for (const bar of meter.bars) {
    if (axis.x(bar.end) < axis.left || axis.x(bar.start) > axis.right) continue;
    const wide = bar.beat * axis.scale;
    const inset = lane.blocks ? Math.min(2, wide * 0.04) : 0;
    const barInset = lane.blocks ? Math.min(5, wide * 0.08) : 0;
    const beats = wide < 24 ? [bar.start] : meter.beats(bar);
    beats.forEach((start, index) => {
      const end = beats[index + 1] ?? bar.end;
      const from = axis.x(start) + (index === 0 ? (start === 0 ? 0 : barInset) : inset);
      const to =
        axis.x(end) - (index === beats.length - 1 ? (end >= meter.quarters - 1e-6 ? 0 : barInset) : inset);
      if (lane.blocks) {
        context.fillStyle = look.tokens.stage;
        context.beginPath();
        context.roundRect(from, lane.top, Math.max(1, to - from), lane.height, 4);
        context.fill();
      }
    });
    if (step < 5) continue;
    for (let at = bar.start; at < bar.end - 1e-6; at += 0.25) {
      const onBeat = Math.abs((at - bar.start) / bar.beat - Math.round((at - bar.start) / bar.beat)) < 1e-6;
      context.fillStyle = onBeat ? look.tokens.bar : look.tokens.beat;
      for (let row = 0; row < lane.rows.length; row++) {
        dot(context, axis.x(at) + step / 2, lane.top + (row + 0.5) * lane.row, 1.25);
      }
    }
  }
  if (!lane.blocks && step < 5) paintLines(scene, lane.top, lane.height);
}

export function dot(context: CanvasRenderingContext2D, x: number, y: number, radius: number): void {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fill();
}

function paintRuler(scene: Scene): void {
  const { context, axis, layout, meter, look } = scene;
  const first = meter.bars[0] as (typeof meter.bars)[number];
  const stride = strideOf(scene);
  const numbers = layout.width >= NARROW && first.beat * axis.scale > BEAT_NUMBER;
  const lines = layout.lanes.some((lane) => lane.kind === "pitch");
  context.save();
  context.beginPath();
  context.rect(axis.left - 1, 0, axis.width + 2, RULER);
  context.clip();
  context.textBaseline = "alphabetic";
  eachLine(scene, (x, bar, beat, edge) => {
    if (bar >= meter.bars.length) return;
    const drawn = bar % stride === 0;
    if (beat === 0) {
      if (!edge && lines && drawn && x >= axis.left - 0.5) {
        context.fillStyle = look.tokens.bar;
        lineAt(scene, x, RULER - 6, 6);
      }
      if (!drawn) return;
      context.font = `600 11px ${FONT}`;
      context.fillStyle = look.tokens.ink;
      context.fillText(String(bar + 1), x + (edge ? 2 : 5), 11);
    } else if (numbers) {
      context.font = `400 10px ${FONT}`;
      context.fillStyle = look.tokens.ink2;
      context.fillText(`${bar + 1}.${beat + 1}`, x + 2, 11);
    }
  });
  context.restore();
}

const KEY_WIDTH = 30;
const BLACK_WIDTH = 17;

function paintKeys(scene: Scene, lane: PitchLane): void {
  const { context, look } = scene;
  const { key, beat, blackKey, keyInk, rule } = look.tokens;
  context.save();
  context.beginPath();
  context.roundRect(0.5, lane.top + 0.5, KEY_WIDTH - 1, lane.height - 1, 3);
  context.fillStyle = key;
  context.fill();
  context.strokeStyle = beat;
  context.lineWidth = 1;
  context.stroke();
  context.clip();
  const line = look.theme === "dark" ? rule : beat;
  for (let pitch = lane.low; pitch <= lane.high; pitch++) {
    const top = pitchTop(lane, pitch);
    if (isBlack(pitch)) {
      context.fillStyle = blackKey;
      context.beginPath();
      context.roundRect(0, top + 0.5, BLACK_WIDTH, Math.max(1.5, lane.row - 1), [0, 1.2, 1.2, 0]);
      context.fill();
    } else if ((mod12(pitch) === 0 || mod12(pitch) === 5) && pitch > lane.low) {
      context.fillStyle = line;
      rowLine(scene, top + lane.row, 0, KEY_WIDTH);
    }
  }
  context.font = `400 9px ${FONT}`;
  context.textAlign = "right";
  context.fillStyle = keyInk;
  for (let pitch = lane.low; pitch <= lane.high; pitch++) {
    if (mod12(pitch) !== 0) continue;
    const base = pitchTop(lane, pitch) + lane.row;
    context.fillText(pitchName(pitch), KEY_WIDTH - 1.5, Math.min(base - 2, lane.top + lane.height - 3));
  }
  context.restore();
}

function paintRowNames({ context, look, layout, drumNames }: Scene, lane: DrumLane): void {
  context.save();
  context.font = `400 11px ${FONT}`;
  context.fillStyle = look.tokens.ink2;
  context.textAlign = "right";
  const gap = layout.left > 80 ? 16 : 8;
  lane.rows.forEach((index, row) => {
    const name = drumNames[index] ?? "";
    context.fillText(name, layout.left - gap, lane.top + (row + 0.5) * lane.row + 4, layout.left - gap);
  });
  context.restore();
}
