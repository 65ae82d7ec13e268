/** The arrangement: kept clips in a row under a ruler of bars; they are dropped, moved and taken out here. */

import { counted, type Translate } from "../../core/i18n";
import type { Look } from "../../core/palette";
import { barsOf, type Kept, MOST, type Span, type StudioProps, secondsOf } from "../../core/studio-props";
import { nameOf } from "../../core/studio-words";
import { MeterMap } from "../../core/time";
import { disable, IconButton } from "../../ui/button";
import { h, put, s, say } from "../../ui/dom";
import type { Carrier, Carrying } from "./drag";
import { paintRuler, RULER } from "./ruler";
import { scaleOfAll, Thumb } from "./thumb";

export interface SongHost {
  readonly carrier: Carrier;
  /** The clip that a click on the free place adds: the chosen one, or the current one, which is kept first. */
  append(): void;
  place(carrying: Carrying, at: number): void;
  move(from: number, to: number): void;
  remove(at: number): void;
  clear(): void;
  choose(id: number): void;
  toggle(): void;
  /** Plays from a quarter. */
  playFrom(quarter: number): void;
  seek(quarter: number): void;
}

/** Bars in view at least; a longer song makes them narrower, and at last scrolls. */
const BARS = 16;
const FEW = 8;
const NARROWEST = 15;
const CLIP = 48;
/** How far outside the row a clip is still in it. */
const REACH = 28;

export class SongRow {
  readonly el: HTMLElement;
  readonly #title = h("h3", "mv-section-title");
  readonly #meta = h("span", "mv-meta");
  readonly #play: IconButton;
  readonly #clear: IconButton;
  readonly #ruler = h("canvas", "mv-song-ruler", { "aria-hidden": "true" });
  readonly #list = h("ol", "mv-song-clips", { role: "list" });
  readonly #drop = h("button", "mv-song-drop", { type: "button" });
  readonly #mark = h("div", "mv-song-mark", { "aria-hidden": "true" });
  readonly #head = h("div", "mv-song-head", { "aria-hidden": "true" });
  readonly #inner: HTMLElement;
  readonly #scroll: HTMLElement;
  readonly #host: SongHost;
  readonly #clips: SongClip[] = [];
  #props: StudioProps | undefined;
  #look: Look | undefined;
  #width = 0;
  #narrow = false;
  #perQuarter = 1;
  #stop = 0;

  constructor(host: SongHost) {
    this.#host = host;
    this.#play = new IconButton("play", "mv-play mv-small", () => host.toggle());
    this.#clear = new IconButton("bin", "mv-button", () => host.clear());
    const right = h("div", "mv-head-right", {}, this.#clear.el, this.#play.el);
    const flag = s(
      "svg",
      { width: 9, height: 9, viewBox: "0 0 9 9" },
      s("path", { d: "M0 0h9v4L4.500 8.500 0 4z" }),
    );
    this.#head.append(flag);
    this.#mark.hidden = true;
    this.#inner = h("div", "mv-song-inner", {}, this.#ruler, this.#list, this.#drop, this.#mark, this.#head);
    this.#scroll = h("div", "mv-song", {}, this.#inner);
    this.el = h(
      "section",
      "mv-section mv-arrangement",
      {},
      h("div", "mv-head", {}, this.#title, this.#meta, right),
      this.#scroll,
    );
    this.#drop.addEventListener("click", () => host.append());
    this.#list.addEventListener("keydown", (event) => this.#key(event));
    this.#list.addEventListener("focusin", ({ target }) => {
      this.#stop = Math.max(
        0,
        this.#clips.findIndex(({ button }) => button === target),
      );
      this.#tab();
    });
    this.#inner.addEventListener("pointerdown", (event) => this.#seek(event));
  }

  update(props: StudioProps, playing: boolean, t: Translate): void {
    this.#props = props;
    const { song, kept, chosen } = props;
    const { spans } = song;
    const full = spans.length > 0;
    const seconds = full ? Math.round(secondsOf(song.clip, props.tempo)) : 0;
    const time = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    say(this.#title, t("studio.song"));
    say(this.#meta, `${counted(t, "bars", full ? barsOf(song.clip) : 0)} · ${time}`);
    this.#play.update({
      label: t(playing ? "studio.song.pause" : "studio.song.play"),
      icon: playing ? "pause" : "play",
    });
    disable(this.#play.el, !full);
    this.#clear.update({ label: t("studio.song.clear") });
    disable(this.#clear.el, !full);
    put(this.#list, "aria-label", t("studio.song"));
    const next = kept.find(({ id }) => id === chosen);
    say(this.#drop, t("studio.song.drop"));
    const label = next
      ? t("studio.song.add", { title: nameOf(t, next, next.id) })
      : t("studio.song.add.current");
    put(this.#drop, "aria-label", `${t("studio.song.drop")}: ${label}`);
    put(this.#drop, "title", label);
    this.#drop.hidden = spans.length >= MOST;
    this.#fill(spans, t);
    this.#arrange();
  }

  resize(width: number, narrow: boolean): void {
    this.#width = width;
    this.#narrow = narrow;
    this.#arrange();
  }

  paint(look: Look): void {
    this.#look = look;
    this.#arrange();
  }

  /** Puts the playhead at a quarter; null hides it. */
  playhead(quarter: number | null): void {
    this.#head.classList.toggle("mv-rest", quarter === null);
    if (quarter !== null) this.#head.style.transform = `translateX(${quarter * this.#perQuarter}px)`;
  }

  /** Shows where a carried clip would go. */
  over(x: number, y: number): void {
    const at = this.#placeAt(x, y);
    this.#mark.hidden = at === null;
    this.#drop.classList.toggle("mv-over", at !== null && at === this.#clips.length);
    if (at === null) return;
    const spans = this.#props?.song.spans ?? [];
    const quarter = spans[at]?.start ?? spans.at(-1)?.end ?? 0;
    this.#mark.style.transform = `translateX(${quarter * this.#perQuarter - 1}px)`;
  }

  done(): void {
    this.#mark.hidden = true;
    this.#drop.classList.remove("mv-over");
  }

  /** A carried clip is let go: into its place, or out of the song. */
  let(carrying: Carrying, x: number, y: number): void {
    const at = this.#placeAt(x, y);
    if (at !== null) this.#host.place(carrying, at);
    else if (carrying.from !== null) this.#host.remove(carrying.from);
  }

  /** Index of the clip before which the pointer is; null outside. */
  #placeAt(x: number, y: number): number | null {
    const box = this.#scroll.getBoundingClientRect();
    if (x < box.left - REACH || x > box.right + REACH || y < box.top - REACH || y > box.bottom + REACH)
      return null;
    const quarter = (x - this.#inner.getBoundingClientRect().left) / this.#perQuarter;
    const spans = this.#props?.song.spans ?? [];
    return spans.filter(({ start, end }) => (start + end) / 2 < quarter).length;
  }

  #fill(spans: readonly Span[], t: Translate): void {
    while (this.#clips.length > spans.length) {
      const last = this.#clips.pop();
      if (last?.button === document.activeElement) this.#focus(spans.length - 1);
      last?.el.remove();
    }
    while (this.#clips.length < spans.length) {
      const clip = new SongClip();
      const at = this.#clips.length;
      this.#host.carrier.hold(clip.button, () => {
        const kept = clip.kept;
        return kept ? { id: kept.id, from: at, label: clip.name } : null;
      });
      clip.button.addEventListener("dblclick", () => clip.kept && this.#host.choose(clip.kept.id));
      this.#clips.push(clip);
      this.#list.append(clip.el);
    }
    const meter = MeterMap.of(
      this.#props?.song.clip.score ?? { quarters: 4, tempos: [], meters: [], tracks: [] },
    );
    spans.forEach(({ kept, start, end }, k) => {
      const [from, to] = [meter.barAt(start) + 1, meter.barAt(end - 1e-3) + 1];
      const title = nameOf(t, kept, kept.id);
      const words = { title, from, to, n: k + 1, count: spans.length };
      this.#clips[k]?.update(kept, title, t("studio.song.item", words), t("studio.song.keys"));
    });
    this.#stop = Math.min(this.#stop, Math.max(0, spans.length - 1));
    this.#tab();
  }

  #tab(): void {
    for (const [k, { button }] of this.#clips.entries()) button.tabIndex = k === this.#stop ? 0 : -1;
  }

  #focus(at: number): void {
    (this.#clips[at]?.button ?? this.#drop).focus({ preventScroll: true });
  }

  #arrange(): void {
    const [props, look] = [this.#props, this.#look];
    if (!props || !look || this.#width <= 0) return;
    const { song, kept } = props;
    const bar = this.#barLength();
    const end = song.spans.at(-1)?.end ?? 0;
    const length = song.spans.at(-1)?.kept.clip.score.quarters ?? kept[0]?.clip.score.quarters ?? 2 * bar;
    const needed = Math.ceil((end + length) / bar);
    const bars = Math.max(this.#narrow ? FEW : BARS, Math.ceil(needed / 4) * 4);
    const perBar = Math.max(NARROWEST, this.#width / bars);
    this.#perQuarter = perBar / bar;
    const width = Math.round(perBar * bars);
    this.#inner.style.width = `${width}px`;
    paintRuler(this.#ruler, look, { width, bars, perBar });
    const scale = scaleOfAll(kept);
    song.spans.forEach(({ start, end: until }, k) => {
      const [left, right] = [Math.round(start * this.#perQuarter), Math.round(until * this.#perQuarter)];
      this.#clips[k]?.paint(scale, look, left, right - left);
    });
    this.#drop.style.left = `${Math.round(end * this.#perQuarter) + 1}px`;
    this.#drop.style.width = `${Math.round(length * this.#perQuarter) - 2}px`;
  }

  #barLength(): number {
    const score = (this.#props?.song.spans[0]?.kept ?? this.#props?.kept[0])?.clip.score;
    const [, numerator = 4, denominator = 4] = score?.meters[0] ?? [];
    return (4 * numerator) / denominator;
  }

  /** A press on the ruler puts the playhead there. */
  #seek(event: PointerEvent): void {
    const box = this.#inner.getBoundingClientRect();
    if (event.button !== 0 || event.clientY - box.top > RULER || !this.#props?.song.spans.length) return;
    event.preventDefault();
    this.#host.seek((event.clientX - box.left) / this.#perQuarter);
  }

  #key(event: KeyboardEvent): void {
    const at = this.#clips.findIndex(({ button }) => button === event.target);
    const span = this.#props?.song.spans[at];
    if (at < 0 || !span) return;
    const last = this.#clips.length - 1;
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step && event.altKey) {
      const to = at + step;
      if (to < 0 || to > last) return;
      this.#host.move(at, step > 0 ? to + 1 : to);
      this.#stop = to;
      queueMicrotask(() => this.#focus(to));
    } else if (step) this.#focus(Math.max(0, Math.min(last, at + step)));
    else if (event.key === "Home") this.#focus(0);
    else if (event.key === "End") this.#focus(last);
    else if (event.key === "Delete" || event.key === "Backspace") this.#host.remove(at);
    else if (event.key === "Enter") this.#host.choose(span.kept.id);
    else if (event.key === " ") this.#host.playFrom(span.start);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

class SongClip {
  readonly el: HTMLElement;
  readonly button = h("button", "mv-song-clip", { type: "button" });
  readonly #thumb = new Thumb();
  kept: Kept | undefined;
  name = "";

  constructor() {
    this.button.append(this.#thumb.el);
    this.el = h("li", "", {}, this.button);
  }

  update(kept: Kept, name: string, label: string, keys: string): void {
    this.kept = kept;
    this.name = name;
    put(this.button, "aria-label", label);
    put(this.button, "aria-description", keys);
    put(this.button, "title", name);
    put(this.button, "data-id", kept.id);
  }

  paint(scale: Parameters<Thumb["paint"]>[1], look: Look, left: number, width: number): void {
    if (!this.kept) return;
    this.button.style.left = `${left + 1}px`;
    this.button.style.width = `${Math.max(4, width - 2)}px`;
    this.button.style.setProperty("--mv-place", look.clip(this.kept.place));
    this.#thumb.paint(
      this.kept,
      scale,
      look,
      Math.max(4, width - 2),
      CLIP,
      look.theme === "dark" ? 0.24 : 0.16,
    );
  }
}
