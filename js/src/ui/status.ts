import type { Remedy, Status, StatusKind } from "../core/props";
import { h } from "./dom";
import { busyMark, icon, refusedMark } from "./icons";

const MARKS: Readonly<Record<StatusKind, () => Element>> = {
  error: refusedMark,
  warning: () => icon("warning"),
  info: () => icon("info"),
  busy: busyMark,
  gone: () => icon("cut"),
};

/** The one place where a widget speaks (LOOK.md 8); it takes no room while it has nothing to say. */
export class StatusLine {
  readonly el = h("div", "mv-status", { role: "status" });
  #shown = "";
  #mends: readonly Remedy[] = [];

  constructor() {
    this.el.hidden = true;
  }

  update(status: Status | null): void {
    this.#mends = status?.mends ?? [];
    const mends = this.#mends.map(({ word }) => word);
    const shown = status ? [status.kind, status.text, status.hint, ...mends].join("\n") : "";
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.el.hidden = status === null;
    if (!status) {
      this.el.replaceChildren();
      return;
    }
    const words = h("span", "mv-status-words", {}, h(status.hint ? "b" : "span", "", {}, status.text));
    if (status.hint) {
      const joint = /[.。!?]$/.test(status.text) ? " " : " · ";
      words.append(joint, status.hint);
    }
    this.el.dataset.kind = status.kind;
    // What a button does may change while its word stays.
    const buttons = mends.map((word, index) => {
      const button = h("button", "mv-button mv-remedy", { type: "button" }, word);
      button.addEventListener("click", () => this.#mends[index]?.press());
      return button;
    });
    this.el.replaceChildren(MARKS[status.kind](), words, ...buttons);
  }
}
