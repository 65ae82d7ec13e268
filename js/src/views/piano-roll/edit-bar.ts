/** The buttons of the editor: tools in the head, the rest in a row under the stage. */

import { SNAPS, type Snap } from "../../core/edits-grid";
import type { Key, Translate } from "../../core/i18n";
import { IconButton } from "../../ui/button";
import { h, put, say } from "../../ui/dom";
import { type IconName, icon } from "../../ui/icons";
import { WordButton } from "../../ui/word-button";
import type { Editor } from "./editor";

export interface EditBarHost {
  readonly editor: Editor;
  edit(on: boolean): void;
  record(): void;
  open(file: File): void;
  /** Gives the focus to the stage. */
  focus(): void;
}

export interface EditBarState {
  readonly edit: boolean;
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  readonly recording: boolean;
}

interface Entry {
  readonly button: IconButton;
  readonly key: Key;
  on?(state: EditBarState): boolean;
  off?(state: EditBarState): boolean;
}

/** Files that the kernel reads. */
const ACCEPT = ".mid,.midi,.kar,.abc,.xml,.musicxml,.mxl";

export class EditBar {
  /** Into the head. */
  readonly tools = h("div", "mv-edit-tools", { role: "toolbar" });
  /** Under the stage. */
  readonly row = h("div", "mv-edit-row", { role: "toolbar" });
  readonly toggle: WordButton;
  readonly #entries: Entry[] = [];
  readonly #snap: HTMLSelectElement;
  readonly #file = h("input", "", { type: "file", accept: ACCEPT, hidden: "", tabindex: -1 });
  readonly #host: EditBarHost;
  #editing = false;

  constructor(host: EditBarHost) {
    this.#host = host;
    const { editor } = host;
    const some = () => editor.selected.size > 0;
    const none = () => !some();
    this.#add(this.tools, "pencil", "edit.draw", () => editor.use("draw"), {
      on: () => editor.tool === "draw",
    });
    this.#add(this.tools, "point", "edit.select", () => editor.use("select"), {
      on: () => editor.tool === "select",
    });
    this.#gap(this.tools);
    this.#add(this.tools, "undo", "edit.undo", () => editor.undo(), { off: (state) => !state.canUndo });
    this.#add(this.tools, "redo", "edit.redo", () => editor.redo(), { off: (state) => !state.canRedo });
    this.#gap(this.tools);
    this.#add(this.tools, "record", "edit.record", () => host.record(), { on: (state) => state.recording });
    this.#add(this.tools, "open", "edit.open", () => this.#file.click());

    this.#snap = h("select", "mv-select mv-edit-snap");
    for (const snap of SNAPS) this.#snap.append(h("option", "", { value: snap }));
    this.#snap.addEventListener("change", () => editor.snapTo(this.#snap.value as Snap));
    this.#snap.addEventListener("keydown", (event) => event.stopPropagation());
    this.row.append(h("span", "mv-field", {}, this.#snap, icon("down")));
    const { row } = this;
    this.#add(row, "quantise", "edit.quantise", () => editor.quantise(), {
      off: () => editor.snap === "off",
    });
    this.#gap(row);
    this.#add(row, "all", "edit.all", () => editor.selectAll());
    this.#add(row, "scissors", "edit.cut", () => editor.cut(), { off: none });
    this.#add(row, "copy", "edit.copy", () => void editor.copy(), { off: none });
    this.#add(row, "paste", "edit.paste", () => editor.paste());
    this.#add(row, "duplicate", "edit.duplicate", () => editor.duplicate(), { off: none });
    this.#add(row, "bin", "edit.delete", () => editor.remove(), { off: none });
    this.#gap(row);
    const drums = () => editor.active.drum && none();
    this.#add(row, "lower", "edit.down", () => editor.transpose(-1), { off: drums });
    this.#add(row, "higher", "edit.up", () => editor.transpose(1), { off: drums });
    this.#add(row, "octave-down", "edit.octave.down", () => editor.transpose(-12), { off: drums });
    this.#add(row, "octave-up", "edit.octave.up", () => editor.transpose(12), { off: drums });
    this.#gap(row);
    this.#add(row, "bar-less", "edit.bar.less", () => editor.bars(-1), {
      off: () => editor.meter.bars.length < 2,
    });
    this.#add(row, "bar-more", "edit.bar.more", () => editor.bars(1));

    this.toggle = new WordButton("pencil", () => host.edit(!this.#editing));
    this.toggle.el.classList.add("mv-edit-toggle");
    this.#file.addEventListener("change", () => {
      const file = this.#file.files?.[0];
      if (file) host.open(file);
      this.#file.value = "";
    });
    row.append(this.#file);
    for (const bar of [this.tools, this.row]) walkByArrows(bar);
  }

  update(state: EditBarState, t: Translate): void {
    this.#editing = state.edit;
    this.tools.hidden = this.row.hidden = !state.edit;
    put(this.tools, "aria-label", t("edit.tools"));
    put(this.row, "aria-label", t("edit.row"));
    this.toggle.update({ word: t("edit.edit"), label: t("edit.edit.hint"), on: state.edit });
    for (const { button, key, on, off } of this.#entries) {
      button.update({ label: t(key), ...(on ? { on: on(state) } : {}) });
      const disabled = off?.(state) === true;
      // A focused button that is disabled would drop the focus out of the widget.
      if (disabled && button.el.matches(":focus")) this.#host.focus();
      button.el.disabled = disabled;
    }
    for (const bar of [this.tools, this.row]) keepOneStop(bar);
    put(this.#snap, "aria-label", t("edit.snap"));
    put(this.#snap, "title", t("edit.snap"));
    SNAPS.forEach((snap, index) => {
      say(
        this.#snap.options[index] as Node,
        snap === "bar" || snap === "off" ? t(`edit.snap.${snap}`) : `1/${snap}`,
      );
    });
    this.#snap.value = this.#host.editor.snap;
  }

  #add(
    parent: HTMLElement,
    name: IconName,
    key: Key,
    pressed: () => void,
    more: Pick<Entry, "on" | "off"> = {},
  ): void {
    const button = new IconButton(name, "mv-button", pressed);
    // A Studio has an undo of its own.
    button.el.classList.toggle("mv-undoing", name === "undo" || name === "redo");
    parent.append(button.el);
    this.#entries.push({ button, key, ...more });
  }

  #gap(parent: HTMLElement): void {
    parent.append(h("span", "mv-edit-gap", { "aria-hidden": "true" }));
  }
}

const buttonsOf = (bar: HTMLElement) => [...bar.querySelectorAll<HTMLButtonElement>("button:not(:disabled)")];

/** One button of a toolbar is on the way of Tab: the one that had the focus last. */
function keepOneStop(bar: HTMLElement): void {
  const buttons = buttonsOf(bar);
  const stop = buttons.find((button) => button.tabIndex === 0 && button.dataset.stop) ?? buttons[0];
  for (const button of bar.querySelectorAll("button")) button.tabIndex = button === stop ? 0 : -1;
}

/** Arrows go from button to button. */
function walkByArrows(bar: HTMLElement): void {
  bar.addEventListener("focusin", ({ target }) => {
    if (!(target instanceof HTMLButtonElement)) return;
    for (const button of bar.querySelectorAll("button")) delete button.dataset.stop;
    target.dataset.stop = "true";
    target.tabIndex = 0;
    keepOneStop(bar);
  });
  bar.addEventListener("keydown", (event) => {
    const buttons = buttonsOf(bar);
    const at = buttons.indexOf(event.target as HTMLButtonElement);
    const next = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (at < 0 || next === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    buttons[(next + buttons.length) % buttons.length]?.focus();
  });
}
