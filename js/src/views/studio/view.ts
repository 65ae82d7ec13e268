/** The Studio's view: head, parts, tray and arrangement in one. */

import type { Look } from "../../core/palette";
import {
  EXPORTS,
  inserted,
  MOST,
  moved,
  removed,
  type StudioActions,
  type StudioProps,
} from "../../core/studio-props";
import { nameOf } from "../../core/studio-words";
import { MeterMap } from "../../core/time";
import type { Work } from "../../core/work";
import { disable, IconButton } from "../../ui/button";
import { h, put } from "../../ui/dom";
import { Menu, type MenuItem } from "../../ui/menu";
import { WordButton } from "../../ui/word-button";
import { takeDrops } from "../piano-roll/drop";
import { type Seats, Shell, type ShellView } from "../shell";
import { Carrier, type Carrying } from "./drag";
import { Parts, type PartsHost } from "./parts";
import { SongRow } from "./song";
import { Tray } from "./tray";

const NARROW = 700;
/** Of session files. */
const SESSION = /\.mvae$/i;

export class StudioView implements ShellView {
  readonly #shell: Shell;
  readonly #seats: Seats;
  readonly #actions: StudioActions;
  readonly #parts: Parts;
  readonly #tray: Tray;
  readonly #song: SongRow;
  readonly #carrier: Carrier;
  readonly #undo: IconButton;
  readonly #redo: IconButton;
  readonly #keep: WordButton;
  readonly #export: WordButton;
  readonly #exports: Menu;
  readonly #file = h("input", "", { type: "file", accept: ".mvae", hidden: "", tabindex: -1 });
  readonly #leave: (() => void)[];
  #props: StudioProps | undefined;

  constructor(el: HTMLElement, seats: Seats, actions: StudioActions, work: Work, host: PartsHost) {
    this.#seats = seats;
    this.#actions = actions;
    this.#shell = new Shell(el, seats, actions, this, work);
    const { root, head, body, bar } = this.#shell;
    root.classList.add("mv-studio");
    // A click anywhere leaves the focus here: what is undone next is the Studio's.
    root.tabIndex = -1;
    this.#carrier = new Carrier(root, {
      over: (carrying, x, y) => (carrying ? this.#song.over(x, y) : this.#song.done()),
      drop: (carrying, x, y) => this.#song.let(carrying, x, y),
    });
    this.#undo = new IconButton("undo", "mv-button", () => actions.undo());
    this.#redo = new IconButton("redo", "mv-button", () => actions.redo());
    this.#keep = new WordButton("keep", () => void actions.keep());
    this.#export = new WordButton("file", () => {});
    this.#keep.el.classList.add("mv-keep");
    this.#export.el.classList.add("mv-export");
    this.#exports = new Menu(this.#export.el, () => this.#exportItems());
    this.#file.addEventListener("change", () => {
      const file = this.#file.files?.[0];
      if (file) actions.load(file);
      this.#file.value = "";
    });
    const gap = h("span", "mv-parting", { "aria-hidden": "true" });
    head.right.append(
      bar.row,
      gap,
      this.#undo.el,
      this.#redo.el,
      this.#keep.el,
      this.#exports.el,
      this.#file,
    );
    head.el.after(bar.el);
    this.#parts = new Parts(seats, actions, host);
    this.#tray = new Tray({
      carrier: this.#carrier,
      keep: () => void actions.keep(),
      choose: (id) => actions.choose(id),
      add: (id) => this.#add(id),
      rename: (id, title) => actions.rename(id, title),
      discard: (id) => actions.discard(id),
      places: (id) => this.#places(id),
    });
    this.#song = new SongRow({
      carrier: this.#carrier,
      append: () => void this.#append(),
      place: (carrying, at) => this.#place(carrying, at),
      move: (from, to) => this.#move(from, to),
      remove: (at) => this.#remove(at),
      clear: () => actions.clear(),
      choose: (id) => actions.choose(id),
      toggle: () => this.#toggleSong(),
      playFrom: (quarter) => actions.playSong(quarter),
      seek: (quarter) => {
        actions.hear("song");
        seats.seek(quarter);
      },
    });
    body.append(this.#parts.el, this.#tray.el, this.#song.el);
    root.addEventListener("keydown", (event) => this.#key(event), true);
    this.#leave = [
      takeDrops(
        root,
        () => true,
        (file) => actions.load(file),
        SESSION,
      ),
      seats.changed.on(() => this.#refresh()),
    ];
  }

  get meter(): MeterMap {
    return MeterMap.of(this.#seats.clip.score);
  }

  update(props: StudioProps): void {
    this.#props = props;
    this.#shell.update(props, props.place, (t) => ({
      title: props.title || t("studio.title"),
      meta: props.subtitle,
      idle: null,
      status: props.saving
        ? { kind: "busy", text: t(`studio.saving.${props.saving}`), hint: "" }
        : props.status,
    }));
    this.#refresh();
  }

  resize(width: number): void {
    const narrow = width < NARROW;
    this.#parts.resize(width, narrow);
    this.#tray.resize(width, narrow);
    this.#song.resize(width, narrow);
  }

  paint(look: Look): void {
    this.#tray.paint(look);
    this.#song.paint(look);
  }

  frame(): boolean {
    const { leader, position, playing } = this.#seats;
    const song = leader === "song";
    this.#song.playhead(song && (playing || position > 0) ? position : null);
    return false;
  }

  dispose(): void {
    for (const leave of this.#leave) leave();
    this.#carrier.cancel();
    this.#parts.dispose();
    this.#shell.dispose();
  }

  #refresh(): void {
    const props = this.#props;
    if (!props) return;
    const { t, root } = this.#shell;
    const { leader, playing } = this.#seats;
    this.#undo.update({ label: t("edit.undo") });
    disable(this.#undo.el, !props.canUndo);
    this.#redo.update({ label: t("edit.redo") });
    disable(this.#redo.el, !props.canRedo);
    this.#keep.update({ word: t("studio.keep"), label: t("studio.keep.label") });
    this.#export.update({ word: t("studio.export") });
    this.#exports.label(t("studio.export"));
    this.#parts.update(props, t);
    this.#tray.update(props, t);
    this.#song.update(props, playing && leader === "song", t);
    put(root, "data-hears", leader === "song" ? "song" : "clip");
    put(root, "data-leader", leader);
    put(root, "data-kept", props.kept.length);
    put(root, "data-song", props.arrangement.length);
    put(root, "data-chosen", props.chosen);
    this.#shell.request();
  }

  #key(event: KeyboardEvent): void {
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
    const key = event.key.toLowerCase();
    const back = key === "z" && !event.shiftKey;
    const again = (key === "z" && event.shiftKey) || (key === "y" && !event.shiftKey);
    // A field has an undo of its own.
    const field = event.target instanceof HTMLInputElement && event.target.type === "text";
    if (!(back || again) || field) return;
    event.preventDefault();
    event.stopPropagation();
    if (back) this.#actions.undo();
    else this.#actions.redo();
  }

  #toggleSong(): void {
    if (this.#seats.leader === "song" && this.#seats.playing) this.#seats.pause();
    else this.#actions.playSong();
  }

  #say(ids: readonly number[], words: string): void {
    this.#shell.announce(words);
    this.#actions.arrange(ids);
  }

  #title(id: number): string {
    const kept = this.#props?.kept.find((item) => item.id === id);
    return kept ? nameOf(this.#shell.t, kept, id) : "";
  }

  #add(id: number, at = Number.POSITIVE_INFINITY): void {
    const ids = this.#props?.arrangement ?? [];
    const { t } = this.#shell;
    if (ids.length >= MOST) {
      this.#shell.announce(t("studio.full", { n: MOST }));
      return;
    }
    const to = Math.min(at, ids.length);
    this.#say(inserted(ids, to, id), t("studio.said.added", { title: this.#title(id), n: to + 1 }));
  }

  async #append(): Promise<void> {
    const { chosen = -1, kept = [] } = this.#props ?? {};
    const id = kept.some((item) => item.id === chosen) ? chosen : await this.#actions.keep();
    if (id !== null) this.#add(id);
  }

  #place({ id, from }: Carrying, at: number): void {
    if (from === null) this.#add(id, at);
    else this.#move(from, at);
  }

  #move(from: number, to: number): void {
    const ids = this.#props?.arrangement ?? [];
    const next = moved(ids, from, to);
    if (String(next) === String(ids)) return;
    const n = (to > from ? to - 1 : to) + 1;
    this.#say(next, this.#shell.t("studio.said.moved", { title: this.#title(ids[from] ?? -1), n }));
  }

  #remove(at: number): void {
    const ids = this.#props?.arrangement ?? [];
    this.#say(removed(ids, at), this.#shell.t("studio.said.removed", { title: this.#title(ids[at] ?? -1) }));
  }

  #places(id: number): MenuItem[] {
    const { t } = this.#shell;
    const parts = this.#props?.parts ?? [];
    const ends: MenuItem[] = (["a", "b"] as const).map((which, k) => ({
      word: t("studio.end", { name: which.toUpperCase() }),
      press: () => this.#actions.end(which, id),
      parted: k === 0,
    }));
    const corners: MenuItem[] = ["A", "B", "C", "D"].map((name, k) => ({
      word: t("studio.corner", { name }),
      press: () => this.#actions.corner(k, id),
      parted: k === 0,
    }));
    return [...(parts.includes("slider") ? ends : []), ...(parts.includes("pad") ? corners : [])];
  }

  #exportItems(): MenuItem[] {
    const { t } = this.#shell;
    return [
      ...EXPORTS.map((what) => ({
        word: t(`studio.export.${what}`),
        press: () => this.#actions.export(what),
        disabled: this.#props?.saving !== null,
        parted: what === "session",
      })),
      { word: t("studio.open"), press: () => this.#file.click() },
    ];
  }
}
