/** Rendering ahead of what is likely to be played, one clip after another, while nothing else is to be done. */

import { renderInstruments } from "./engine";
import type { AudioPage } from "./page";
import type { Sound } from "./sound";

export class Readying {
  #name: string | undefined;

  /**
   * Begins with the first of some sounds; what was begun before is left.
   *
   * @param name Equal for equal lists: one that is begun already goes on.
   */
  start(page: AudioPage, context: BaseAudioContext, name: string, sounds: readonly (() => Sound)[]): void {
    if (this.#name === name) return;
    this.#name = name;
    const next = (index: number): void => {
      const following = sounds[index];
      if (!following || this.#name !== name) return;
      whenIdle(() => {
        renderInstruments(page, context, following()).then(
          () => next(index + 1),
          () => undefined,
        );
      });
    };
    next(0);
  }

  stop(): void {
    this.#name = undefined;
  }
}

function whenIdle(work: () => void): void {
  if (typeof requestIdleCallback === "function") requestIdleCallback(() => work(), { timeout: 2000 });
  else setTimeout(work, 50);
}
