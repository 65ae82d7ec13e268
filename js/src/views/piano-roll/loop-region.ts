/** The loop region in the ruler: an ink brace, drawn by dragging, its ends pulled, or set at the playhead by keys. */

import { type Region, regionBetween, regionWithin } from "../../core/play-time";
import type { MeterMap } from "../../core/time";
import type { Axis } from "./axis";
import { RULER } from "./layout";
import type { Scene } from "./paint-grid";

/** What a stage is told of the loop, and what it asks for. */
export interface LoopHost {
  readonly region: Region;
  /** Whether what plays begins again at the end. */
  readonly looping: boolean;
  /** Loops a region; null loops over all. */
  loop(region: Region): void;
}

/** Pixels from an end of the brace within which a drag pulls that end. */
const REACH = 8;
/** A beat this wide is cut into 16ths. */
const WIDE_BEAT = 120;
const BRACE = 3;

export class LoopHand {
  readonly #host: LoopHost;
  readonly #axis: Axis;
  readonly #meter: () => MeterMap;
  #drag: { readonly from: number; readonly anchor: number } | undefined;

  constructor(host: LoopHost, axis: Axis, meter: () => MeterMap) {
    this.#host = host;
    this.#axis = axis;
    this.#meter = meter;
  }

  /** A drag in the ruler that began at one quarter and is at another. */
  drag(from: number, to: number): void {
    if (this.#drag?.from !== from) this.#drag = { from, anchor: this.#anchorOf(from) };
    this.#set(regionBetween(this.#drag.anchor, to, this.#step(to), this.#meter().quarters));
  }

  /** The drag has ended. */
  drop(): void {
    this.#drag = undefined;
  }

  /** The loop begins or ends at a quarter. */
  edge(side: "start" | "end", quarter: number): Region {
    const { quarters } = this.#meter();
    const [start, end] = this.#host.region ?? [0, quarters];
    const region =
      side === "start"
        ? regionWithin([quarter, end > quarter ? end : quarters], quarters)
        : regionWithin([start < quarter ? start : 0, quarter], quarters);
    if (region) this.#set(region);
    return region;
  }

  clear(): void {
    this.#set(null);
  }

  #anchorOf(from: number): number {
    const { region, looping } = this.#host;
    if (!region || !looping) return from;
    const far = (quarter: number) => Math.abs(this.#axis.x(quarter) - this.#axis.x(from));
    const [start, end] = region;
    if (Math.min(far(start), far(end)) > REACH) return from;
    return far(start) < far(end) ? end : start;
  }

  #step(quarter: number): number {
    const meter = this.#meter();
    const { beat } = meter.bars[meter.barAt(quarter)] as { beat: number };
    return beat * this.#axis.scale > WIDE_BEAT ? beat / 4 : beat;
  }

  #set(region: Region): void {
    if (String(region) !== String(this.#host.region) || !this.#host.looping) this.#host.loop(region);
  }
}

/** The brace in the ruler, and the stage under it a shade darker (LOOK.md 6). */
export function paintLoop(
  { context, axis, layout, look }: Scene,
  [start, end]: readonly [number, number],
): void {
  const left = Math.max(axis.left, axis.x(start));
  const right = Math.min(axis.right, axis.x(end));
  if (right <= left) return;
  context.save();
  context.fillStyle = look.tokens.ink;
  context.fillRect(left, RULER - BRACE - 1, right - left, BRACE);
  context.globalAlpha = 0.035;
  for (const lane of layout.lanes) context.fillRect(left, lane.top, right - left, lane.height);
  context.restore();
}
