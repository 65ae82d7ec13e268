/** The PianoRoll view: plain props in, callbacks out. */

import type { Player } from "../../audio/player";
import type { Note, Refused } from "../../core/clip";
import { summary } from "../../core/describe";
import type { Translate } from "../../core/i18n";
import type { CommonActions, PianoRollProps } from "../../core/props";
import { put } from "../../ui/dom";
import { Shell } from "../shell";
import { Stage } from "./stage";

export class PianoRollView {
  readonly #shell: Shell;
  readonly #stage: Stage;

  constructor(el: HTMLElement, player: Player, actions: CommonActions) {
    this.#stage = new Stage({
      sound: player,
      request: () => this.#shell.request(),
      announce: (text) => this.#shell.announce(text),
    });
    this.#shell = new Shell(el, player, actions, this.#stage);
    this.#shell.body.append(this.#stage.el);
  }

  update(props: PianoRollProps): void {
    const { clip, place, refused } = props;
    const empty = clip.notes.length === 0 && refused.length === 0;
    const titleOf = (t: Translate) => props.title || t("roll.title");
    this.#shell.update(props, place, (t) => ({
      title: titleOf(t),
      meta: [props.subtitle, summary(t, clip)].filter(Boolean).join(" · "),
      idle: empty ? { kind: "info", text: t("roll.empty"), hint: "" } : null,
    }));
    put(this.#shell.root, "data-notes", clip.notes.length);
    const t = this.#shell.t;
    const scale = refused.length > 0 ? [...clip.notes, ...refused.map(noteOf)] : clip.notes;
    this.#stage.update({ clip, place, refused, scale, title: titleOf(t), keys: true }, t);
  }

  dispose(): void {
    this.#stage.dispose();
    this.#shell.dispose();
  }
}

/** A refused note takes part in the lanes' ranges: it is to be seen. */
const noteOf = ([start, end, pitch, track]: Refused): Note => {
  return { start, end, pitch, track, velocity: 127, program: 0, drum: false };
};
