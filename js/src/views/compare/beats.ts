/** The strip under the second roll: how many notes differ in each beat, or in each bar where beats are narrow. */

import type { Beat } from "../../core/compare-props";
import type { Translate } from "../../core/i18n";
import type { MeterMap } from "../../core/time";
import { h, put, say } from "../../ui/dom";
import type { Axis } from "../piano-roll/axis";

/** Narrower than this a cell has no room for its figure. */
const ROOM = 15;

export class Beats {
  readonly el = h("div", "mv-beats", { role: "img" });
  #beats: readonly Beat[] = [];
  #meter: MeterMap | undefined;
  #drawn = "";

  update(beats: readonly Beat[], meter: MeterMap, t: Translate): void {
    this.#beats = beats;
    this.#meter = meter;
    this.#drawn = "";
    const told = beats
      .filter(([, , count]) => count > 0)
      .map(([start, , n]) => t("compare.beat", { ...meter.position(start), n }));
    put(
      this.el,
      "aria-label",
      `${t("compare.differences")}: ${told.length > 0 ? told.join("; ") : t("compare.none")}`,
    );
  }

  /** Lays the cells under the beats of a roll; does nothing while that has not moved. */
  draw(axis: Axis): void {
    const state = `${axis.left},${axis.width},${axis.scale},${axis.scroll}`;
    if (state === this.#drawn) return;
    this.#drawn = state;
    const cells = this.#cells(axis);
    while (this.el.childElementCount > cells.length) this.el.lastElementChild?.remove();
    cells.forEach(([start, end, count], index) => {
      const cell = (this.el.children[index] as HTMLElement | undefined) ?? h("i", "");
      if (!cell.parentElement) this.el.append(cell);
      const from = Math.max(axis.left, axis.x(start) + 1);
      const to = Math.min(axis.right, axis.x(end) - 1);
      cell.className = count > 0 ? "mv-beat mv-differs" : "mv-beat";
      cell.hidden = to <= from;
      cell.style.left = `${from}px`;
      cell.style.width = `${Math.max(1, to - from)}px`;
      // One difference is a tint, five and more are nearly the full colour.
      cell.style.setProperty("--mv-weight", `${Math.min(75, 22 + 12 * count)}%`);
      say(cell, count > 0 && to - from >= ROOM ? String(count) : "");
    });
  }

  #cells(axis: Axis): readonly Beat[] {
    const narrow = this.#beats.some(([start, end]) => (end - start) * axis.scale < ROOM);
    if (!narrow || !this.#meter) return this.#beats;
    const bars = this.#meter.bars.map((bar): Beat => {
      const inside = this.#beats.filter(([start]) => start >= bar.start - 1e-6 && start < bar.end - 1e-6);
      return [bar.start, bar.end, inside.reduce((sum, [, , count]) => sum + count, 0)];
    });
    return bars;
  }
}
