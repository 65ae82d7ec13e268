/** Names of the lanes, where there are several, with solo and mute under them. */

import type { Translate } from "../../core/i18n";
import { trackName } from "../../core/track-names";
import { h, put, say } from "../../ui/dom";
import type { Layout } from "./layout";

/** A lane lower than this has no room for the chips. */
const ROOM = 44;

export class LaneNames {
  readonly el = h("div", "mv-names");
  readonly #chips: ((track: number) => HTMLElement) | undefined;

  /** @param chips Solo and mute of a track. */
  constructor(chips: ((track: number) => HTMLElement) | undefined) {
    this.#chips = chips;
  }

  update({ lanes, left, gutter }: Layout, t: Translate): void {
    const shown = gutter === "names" ? lanes : [];
    while (this.el.childElementCount > shown.length) this.el.lastElementChild?.remove();
    shown.forEach((lane, index) => {
      const known = this.el.children[index] as HTMLElement | undefined;
      const name = known ?? h("div", "mv-lane-name", {}, h("div", "mv-lane-word"));
      name.style.top = `${lane.top}px`;
      name.style.width = `${left - 12}px`;
      const text = trackName(t, { name: lane.name, program: lane.program, drum: lane.kind === "drums" });
      const word = name.firstElementChild as HTMLElement;
      say(word, text);
      put(word, "title", text);
      const chips = lane.height >= ROOM ? this.#chips?.(lane.track) : undefined;
      if (name.children[1] !== chips) name.replaceChildren(word, ...(chips ? [chips] : []));
      if (!known) this.el.append(name);
    });
  }
}
