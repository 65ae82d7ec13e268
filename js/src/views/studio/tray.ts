/** The tray: clips that are kept, each a button, with what can be done with it. */

import { counted, type Translate } from "../../core/i18n";
import type { Look } from "../../core/palette";
import { barsOf, type Kept, type StudioProps } from "../../core/studio-props";
import { nameOf } from "../../core/studio-words";
import { IconButton } from "../../ui/button";
import { h, put, say } from "../../ui/dom";
import { Menu, type MenuItem } from "../../ui/menu";
import { Seal } from "../../ui/seal";
import type { Carrier } from "./drag";
import { scaleOfAll, Thumb } from "./thumb";

export interface TrayHost {
  readonly carrier: Carrier;
  keep(): void;
  choose(id: number): void;
  add(id: number): void;
  rename(id: number, title: string): void;
  discard(id: number): void;
  /** Where else a clip can be put. */
  places(id: number): readonly MenuItem[];
}

const GAP = 8;
const HEIGHT = 46;
/** Columns where there is room, and where there is little. */
const WIDE = 8;
const NARROW = 4;

export class Tray {
  readonly el: HTMLElement;
  readonly #title = h("h3", "mv-section-title");
  readonly #meta = h("span", "mv-meta");
  readonly #plus: IconButton;
  readonly #list = h("ul", "mv-tray", { role: "list" });
  readonly #empty = h("p", "mv-empty");
  readonly #host: TrayHost;
  readonly #tiles = new Map<number, Tile>();
  #props: StudioProps | undefined;
  #t: Translate | undefined;
  #look: Look | undefined;
  #width = 0;
  #narrow = false;
  /** The tile that Tab stops at. */
  #stop = -1;

  constructor(host: TrayHost) {
    this.#host = host;
    this.#plus = new IconButton("plus", "mv-button", () => host.keep());
    const right = h("div", "mv-head-right", {}, this.#plus.el);
    const head = h("div", "mv-head", {}, this.#title, this.#meta, right);
    this.el = h("section", "mv-section mv-kept", {}, head, this.#empty, this.#list);
    this.#list.addEventListener("keydown", (event) => this.#key(event));
    this.#list.addEventListener("focusin", ({ target }) => {
      for (const [id, tile] of this.#tiles) if (tile.el.contains(target as Node)) this.#stop = id;
      this.#tab();
    });
  }

  update(props: StudioProps, t: Translate): void {
    this.#props = props;
    this.#t = t;
    say(this.#title, t("studio.kept"));
    say(this.#meta, counted(t, "studio.clips", props.kept.length));
    put(this.#list, "aria-label", t("studio.tray"));
    say(this.#empty, t("studio.tray.empty"));
    this.#empty.hidden = props.kept.length > 0;
    this.#plus.update({ label: t("studio.keep.label") });
    const gone = [...this.#tiles.keys()].filter((id) => !props.kept.some((kept) => kept.id === id));
    for (const id of gone) {
      if (this.#tiles.get(id)?.el.contains(document.activeElement)) this.#leave(id);
      this.#tiles.get(id)?.el.remove();
      this.#tiles.delete(id);
    }
    const fresh = this.#tiles.size > 0;
    props.kept.forEach((kept, k) => {
      let tile = this.#tiles.get(kept.id);
      if (!tile) {
        tile = new Tile(kept, this.#host);
        tile.el.classList.toggle("mv-fresh", fresh);
        this.#tiles.set(kept.id, tile);
      }
      if (this.#list.children[k] !== tile.el)
        this.#list.insertBefore(tile.el, this.#list.children[k] ?? null);
      tile.update(kept, kept.id === props.chosen, t);
    });
    if (!this.#tiles.has(this.#stop)) this.#stop = props.kept[0]?.id ?? -1;
    this.#tab();
    this.#paint();
  }

  resize(width: number, narrow: boolean): void {
    this.#width = width;
    this.#narrow = narrow;
    this.#list.classList.toggle("mv-few", narrow);
    this.#paint();
  }

  paint(look: Look): void {
    this.#look = look;
    this.#paint();
  }

  #paint(): void {
    const [props, look] = [this.#props, this.#look];
    if (!props || !look || !this.#t || this.#width <= 0) return;
    const columns = this.#narrow ? NARROW : WIDE;
    const width = Math.floor((this.#width - GAP * (columns - 1)) / columns);
    const scale = scaleOfAll(props.kept);
    for (const tile of this.#tiles.values()) tile.paint(scale, look, width);
  }

  /** One tile is on the way of Tab. */
  #tab(): void {
    for (const [id, tile] of this.#tiles) tile.stops(id === this.#stop);
  }

  /** The focus stays in the tray when its tile goes. */
  #leave(id: number): void {
    const kept = this.#props?.kept ?? [];
    const next = [...this.#tiles.keys()].find(
      (other) => other !== id && kept.some((item) => item.id === other),
    );
    if (next === undefined) this.#plus.el.focus({ preventScroll: true });
    else this.#tiles.get(next)?.focus();
  }

  #key(event: KeyboardEvent): void {
    if (!(event.target as HTMLElement).classList.contains("mv-tile-main")) return;
    const ids = (this.#props?.kept ?? []).map(({ id }) => id);
    const at = ids.indexOf(this.#stop);
    const columns = this.#narrow ? NARROW : WIDE;
    const steps: Record<string, number> = {
      ArrowLeft: at - 1,
      ArrowRight: at + 1,
      ArrowUp: at - columns,
      ArrowDown: at + columns,
      Home: 0,
      End: ids.length - 1,
    };
    const next = steps[event.key];
    if (next !== undefined) this.#tiles.get(ids[next] ?? -1)?.focus();
    else if (event.key === "+" || event.key === "a") this.#host.add(this.#stop);
    else if (event.key === "F2") this.#tiles.get(this.#stop)?.rename();
    else if (event.key === "Delete" || event.key === "Backspace") this.#host.discard(this.#stop);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

class Tile {
  readonly el: HTMLElement;
  readonly #main = h("button", "mv-tile-main", { type: "button" });
  readonly #thumb = new Thumb();
  readonly #seal = new Seal(12);
  readonly #title = h("span", "mv-tile-title");
  readonly #add: IconButton;
  readonly #menu: Menu;
  readonly #more: IconButton;
  readonly #host: TrayHost;
  #kept: Kept;
  #name = "";
  #t: Translate | undefined;

  constructor(kept: Kept, host: TrayHost) {
    this.#kept = kept;
    this.#host = host;
    const row = h("span", "mv-tile-row", {}, this.#seal.el, this.#title);
    this.#main.append(this.#thumb.el, row);
    this.#main.addEventListener("click", () => host.choose(this.#kept.id));
    this.#add = new IconButton("plus", "mv-button mv-tile-button", () => host.add(this.#kept.id));
    this.#more = new IconButton("dots", "mv-button mv-tile-button", () => {});
    this.#menu = new Menu(this.#more.el, () => this.#items());
    const buttons = h("div", "mv-tile-buttons", {}, this.#menu.el, this.#add.el);
    this.el = h("li", "mv-tile", {}, this.#main, buttons);
    host.carrier.hold(this.#main, () => ({ id: this.#kept.id, from: null, label: this.#name }));
  }

  update(kept: Kept, chosen: boolean, t: Translate): void {
    this.#kept = kept;
    this.#t = t;
    this.#name = nameOf(t, kept, kept.id);
    const title = this.#name;
    say(this.#title, title);
    const bars = counted(t, "bars", barsOf(kept.clip));
    put(this.#main, "aria-label", t("studio.tile", { title, bars }));
    put(this.#main, "title", title);
    put(this.#main, "aria-pressed", chosen ? "true" : "false");
    put(this.el, "data-id", kept.id);
    this.#add.update({ label: t("studio.add", { title }) });
    this.#more.update({ label: t("studio.more", { title }) });
    this.#menu.label(title);
  }

  paint(scale: Parameters<Thumb["paint"]>[1], look: Look, width: number): void {
    this.#thumb.paint(this.#kept, scale, look, width, HEIGHT);
    this.#seal.update(this.#kept.place, look);
  }

  stops(on: boolean): void {
    for (const button of [this.#main, this.#add.el, this.#more.el]) button.tabIndex = on ? 0 : -1;
  }

  focus(): void {
    this.#main.focus();
  }

  /** The title becomes a field until Enter, Escape, or the focus leaves it. */
  rename(): void {
    const t = this.#t;
    if (!t) return;
    const field = h("input", "mv-rename", { type: "text", maxlength: 80, "aria-label": t("studio.name") });
    field.value = this.#name;
    let open = true;
    const end = (take: boolean, back: boolean) => {
      if (!open) return;
      open = false;
      const title = field.value.trim();
      field.remove();
      if (back) this.focus();
      if (take && title && title !== this.#name) this.#host.rename(this.#kept.id, title);
    };
    field.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Enter" || event.key === "Escape") end(event.key === "Enter", true);
    });
    field.addEventListener("blur", () => end(true, false));
    this.el.append(field);
    field.focus();
    field.select();
  }

  #items(): MenuItem[] {
    const t = this.#t;
    if (!t) return [];
    const { id } = this.#kept;
    return [
      { word: t("studio.add.word"), press: () => this.#host.add(id) },
      ...this.#host.places(id),
      { word: t("studio.rename"), press: () => this.rename(), parted: true },
      { word: t("studio.discard"), press: () => this.#host.discard(id) },
    ];
  }
}
