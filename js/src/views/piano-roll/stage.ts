/** The stage: notes on their lanes, the playhead over them, and what a reader can do there. */

import type { Clip, Note, Place, Refused } from "../../core/clip";
import { describeAt, describeClip, soundingAt } from "../../core/describe";
import type { Translate } from "../../core/i18n";
import { blend, easeMorph, matchNotes, type Pair } from "../../core/morph";
import { type Look, lookOf } from "../../core/palette";
import { DRUM_CLASSES } from "../../core/pitch";
import { MeterMap } from "../../core/time";
import { h, put, s } from "../../ui/dom";
import { matches } from "../../ui/theme";
import type { StageSound } from "../shell";
import { Axis } from "./axis";
import { attachGestures } from "./gestures";
import { pressKey } from "./keys";
import { LaneNames } from "./lane-names";
import { type Lane, type Layout, layoutOf, RULER } from "./layout";
import { LoopHand, type LoopHost, paintLoop } from "./loop-region";
import { type EditPaint, paintCaret, paintFineGrid, paintLasso, paintSelected } from "./paint-edit";
import { paintGrid, type Scene } from "./paint-grid";
import { type NoteStyle, paintInvitation, paintNote, paintOutline, paintRefused } from "./paint-notes";
import type { Places } from "./places";
import { Scrollbar } from "./scrollbar";

export interface StageProps {
  readonly clip: Clip;
  readonly place: Place;
  readonly title: string;
  readonly refused?: readonly Refused[];
  /** Height with the ruler; undefined lets the music decide. */
  readonly height?: number;
  /** Height that there is, where the music decides (layout.ts). */
  readonly room?: number;
  /** Notes that set the pitch ranges, where several rolls share one scale. */
  readonly scale?: readonly Note[];
  readonly keys: boolean;
  /** Notes move to their new places instead of jumping. */
  readonly morph?: boolean;
  /** Notes behind the clip's, in outline: where it came from. */
  readonly ghosts?: readonly Note[];
  /** How the clip differs from another: what both have stands back. */
  readonly difference?: Difference;
  /** What an editor shows over the notes; undefined for a viewer. */
  readonly edit?: EditPaint | undefined;
}

export interface Difference {
  readonly missing: readonly Note[];
  readonly added: ReadonlySet<Note>;
}

export interface StageHost {
  readonly sound: StageSound;
  /** Asks for a frame. */
  request(): void;
  announce(text: string): void;
  /** A key that is an editor's; gives back whether it was. */
  key?(event: KeyboardEvent): boolean;
  /** The playhead was put somewhere. */
  sought?(): void;
  readonly loop?: LoopHost;
  /** Solo and mute of a track. */
  readonly chips?: (track: number) => HTMLElement;
}

const MORPH = 160;

interface Flight {
  readonly pairs: readonly Pair[];
  readonly from: Place;
  readonly to: Place;
  start: number;
}

export class Stage {
  readonly el: HTMLElement;
  readonly axis = new Axis();
  readonly #host: StageHost;
  /** What takes pointers and keys. */
  readonly box: HTMLElement;
  readonly #base = h("canvas", "mv-layer", { "aria-hidden": "true" });
  readonly #over = h("canvas", "mv-layer", { "aria-hidden": "true" });
  readonly #head = h("div", "mv-playhead");
  readonly #window = h("div", "mv-window", { "aria-hidden": "true" }, this.#head);
  readonly #names: LaneNames;
  readonly #scrollbar: Scrollbar;
  readonly #detach: () => void;
  readonly #loop: LoopHand | undefined;
  #props: StageProps | undefined;
  #t: Translate | undefined;
  #meter = new MeterMap([[0, 4, 4]], 4);
  #layout: Layout | undefined;
  #look: Look = lookOf("light");
  #width = 0;
  #dirty = true;
  #sounding = "";
  #flight: Flight | null = null;
  #following = true;

  constructor(host: StageHost) {
    this.#host = host;
    this.#names = new LaneNames(host.chips);
    this.#head.append(
      s("svg", { width: 9, height: 8, viewBox: "0 0 9 8" }, s("path", { d: "M0 0h9v3.5L4.5 8 0 3.5z" })),
    );
    this.box = h(
      "div",
      "mv-stage",
      { tabindex: 0, role: "application" },
      this.#base,
      this.#over,
      this.#window,
      this.#names.el,
    );
    const moved = () => {
      this.#following = false;
      this.#touch();
    };
    this.#scrollbar = new Scrollbar(this.axis, moved);
    this.el = h("div", "mv-stage-frame", {}, this.box, this.#scrollbar.el);
    const loop = host.loop && new LoopHand(host.loop, this.axis, () => this.#meter);
    this.#loop = loop;
    this.#detach = attachGestures(this.box, this.axis, {
      moved,
      loop:
        loop &&
        ((from, to, done) => {
          loop.drag(from, to);
          if (done) loop.drop();
        }),
      whole: () => this.#loopAt(null),
      swipes: () => this.#props?.edit === undefined,
      seek: (quarter, done) => {
        if (done || !host.sound.playing) this.#seek(quarter);
      },
    });
    this.box.addEventListener("keydown", (event) => this.#key(event));
    this.box.addEventListener("pointerdown", () => this.box.focus({ preventScroll: true }));
  }

  /** Where notes lie; undefined before the stage has a width. */
  get places(): Places | undefined {
    return this.#layout ? { axis: this.axis, layout: this.#layout } : undefined;
  }

  get meter(): MeterMap {
    return this.#meter;
  }

  update(props: StageProps, t: Translate): void {
    const before = this.#props;
    this.#props = props;
    this.#t = t;
    this.#meter = MeterMap.of(props.clip.score);
    if (props.morph && before && before.clip !== props.clip && !matches("(prefers-reduced-motion: reduce)")) {
      const pairs = matchNotes(before.clip.notes, props.clip.notes);
      this.#flight = { pairs, from: before.place, to: props.place, start: -1 };
    } else if (before?.clip !== props.clip) this.#flight = null;
    put(this.box, "aria-label", describeClip(t, props.title, props.clip));
    put(this.box, "aria-roledescription", t("roll.role"));
    put(this.box, "aria-description", t(props.edit ? "edit.keys" : "roll.keys"));
    this.box.classList.toggle("mv-editing", props.edit !== undefined);
    this.#arrange();
  }

  resize(width: number): void {
    if (width === this.#width || width <= 0) return;
    this.#width = width;
    this.#arrange();
  }

  paint(look: Look): void {
    this.#look = look;
    this.#touch();
  }

  /** Brings the stage up to date; gives back whether it is still in motion. */
  frame(now: number): boolean {
    const props = this.#props;
    const layout = this.#layout;
    if (!props || !layout) return false;
    const position = this.#host.sound.position;
    const playing = this.#host.sound.playing;
    if (playing && this.#following && this.axis.follow(position)) this.#dirty = true;
    if (this.#flight) this.#dirty = true;
    if (this.#dirty) {
      this.#dirty = false;
      this.#paintBase(now, layout, props);
      this.#scrollbar.update();
      this.#sounding = "stale";
    }
    this.#paintSounding(layout, props, playing || position > 0 ? position : -1);
    this.#placeHead(position, playing);
    return this.#flight !== null;
  }

  dispose(): void {
    this.#detach();
  }

  #touch(): void {
    this.#dirty = true;
    this.#host.request();
  }

  #arrange(): void {
    const props = this.#props;
    if (!props || this.#width <= 0) return;
    const { height, room, scale, keys } = props;
    const edit = props.edit !== undefined;
    const layout = layoutOf(props.clip, this.#width, { height, room, scale, keys, edit });
    this.#layout = layout;
    this.axis.resize(layout.left, layout.width - layout.left, this.#meter.quarters);
    this.box.style.height = `${layout.height}px`;
    this.#window.style.left = `${layout.left - 5}px`;
    if (this.#t) this.#names.update(layout, this.#t);
    this.#touch();
  }

  #scene(canvas: HTMLCanvasElement, layout: Layout): Scene | null {
    const ratio = Math.max(1, globalThis.devicePixelRatio || 1);
    const width = Math.round(layout.width * ratio);
    const height = Math.round(layout.height * ratio);
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
      canvas.style.width = `${layout.width}px`;
      canvas.style.height = `${layout.height}px`;
    }
    const context = canvas.getContext("2d");
    if (!context) return null;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, layout.width, layout.height);
    const t = this.#t as Translate;
    const drumNames = DRUM_CLASSES.map((name) => t(`drum.${name}`));
    return { context, ratio, axis: this.axis, layout, meter: this.#meter, look: this.#look, drumNames };
  }

  #paintBase(now: number, layout: Layout, props: StageProps): void {
    const scene = this.#scene(this.#base, layout);
    if (!scene) return;
    paintGrid(scene);
    const { edit } = props;
    const { loop } = this.#host;
    if (loop?.looping && loop.region) paintLoop(scene, loop.region);
    if (edit) this.#clipped(scene, (lane) => paintFineGrid(scene, lane, edit.snap));
    this.#clipped(scene, (lane) => {
      const flight = this.#flight;
      for (const ghost of props.ghosts ?? [])
        if (ghost.track === lane.track) paintOutline(scene, lane, ghost, this.#look.tokens.ink3, 1);
      if (flight) {
        if (flight.start < 0) flight.start = now;
        const k = Math.min(1, (now - flight.start) / MORPH);
        const eased = easeMorph(k);
        const colour = this.#look.clip(between(flight.from, flight.to, eased));
        for (const { note, alpha } of blend(flight.pairs, eased)) {
          if (note.track === lane.track) paintNote(scene, lane, note, { colour, alpha });
        }
      } else {
        for (const note of props.clip.notes)
          if (note.track === lane.track) paintNote(scene, lane, note, this.#styleOf(note, props));
      }
      for (const note of props.difference?.missing ?? [])
        if (note.track === lane.track) paintOutline(scene, lane, note, this.#look.tokens.signal, 1.5);
      for (const refused of props.refused ?? [])
        if (refused[3] === lane.track) paintRefused(scene, lane, refused);
      for (const note of edit?.selected ?? [])
        if (note.track === lane.track) paintSelected(scene, lane, note);
      if (edit?.caret?.track === lane.track) paintCaret(scene, lane, edit.caret, edit.cell);
    });
    if (edit?.lasso) paintLasso(scene, edit.lasso);
    if (this.#flight && now - this.#flight.start >= MORPH) {
      this.#flight = null;
      this.#dirty = true;
      this.#host.request();
    }
    const first = layout.lanes[0];
    if (props.clip.notes.length === 0 && !props.refused?.length && first) paintInvitation(scene, first);
  }

  #styleOf(note: Note, { place, difference }: StageProps): NoteStyle {
    if (difference?.added.has(note)) return { colour: this.#look.tokens.signal, full: true };
    const colour = this.#look.clip(place);
    return difference ? { colour, alpha: 0.55 } : { colour };
  }

  /** Paints lane by lane, nothing over the gutter. A disc may stand out at the left where nothing is hidden. */
  #clipped(scene: Scene, paint: (lane: Lane) => void): void {
    const { context, layout } = scene;
    context.save();
    context.beginPath();
    const room = this.axis.scroll > 0 || layout.gutter === "none" ? 0 : 12;
    context.rect(this.axis.left - room, 0, this.axis.width + room, layout.height);
    context.clip();
    for (const lane of layout.lanes) paint(lane);
    context.restore();
  }

  /** Sounding notes in full colour, on their own layer; painted only when they change. */
  #paintSounding(layout: Layout, props: StageProps, position: number): void {
    const notes = position < 0 || this.#flight ? [] : soundingAt(props.clip.notes, position);
    const name = notes.map((note) => `${note.track}.${note.pitch}.${note.start}`).join();
    if (name === this.#sounding) return;
    this.#sounding = name;
    const scene = this.#scene(this.#over, layout);
    if (!scene) return;
    this.#clipped(scene, (lane) => {
      for (const note of notes)
        if (note.track === lane.track)
          paintNote(scene, lane, note, { ...this.#styleOf(note, props), alpha: 1, full: true });
    });
  }

  #placeHead(position: number, playing: boolean): void {
    const stepped = matches("(prefers-reduced-motion: reduce)")
      ? Math.floor(position * 4 + 1e-6) / 4
      : position;
    const x = this.axis.x(stepped) - this.axis.left;
    const hidden = x < -1 || x > this.axis.width + 1;
    this.#head.style.transform = `translateX(${x.toFixed(2)}px)`;
    this.#head.style.visibility = hidden ? "hidden" : "";
    this.#head.classList.toggle("mv-rest", !playing && position <= 0);
    this.#head.style.setProperty("--mv-flag", `${RULER - 9}px`);
  }

  #seek(quarter: number): void {
    this.#following = true;
    this.#host.sought?.();
    this.#host.sound.seek(Math.max(0, Math.min(quarter, this.#meter.quarters)));
    if (this.axis.follow(this.#host.sound.position)) this.#dirty = true;
    this.#host.request();
  }

  #key(event: KeyboardEvent): void {
    if (this.#props?.edit && this.#host.key?.(event)) return;
    const { sound } = this.#host;
    const meter = this.#meter;
    const centre = this.axis.x(sound.position);
    const zoom = (factor: number) => {
      const inside = centre >= this.axis.left && centre <= this.axis.right;
      if (this.axis.zoomAt(inside ? centre : this.axis.left, factor)) this.#touch();
    };
    pressKey(event, {
      toggle: () => {
        this.#following = true;
        sound.toggle();
      },
      step: (direction, bar) => {
        const at = meter.barAt(sound.position);
        const line = meter.lines();
        const previous = sound.position > (line[at] as number) + 1e-6 ? line[at] : (line[at - 1] ?? 0);
        const target = bar
          ? direction > 0
            ? (line[at + 1] as number)
            : (previous as number)
          : meter.stepBeat(sound.position, direction);
        this.#goTo(target);
      },
      edge: (end) => this.#goTo(end ? meter.stepBeat(meter.quarters, -1) : 0),
      zoom,
      fit: () => {
        this.axis.fit();
        this.#touch();
      },
      loop: (edge) => this.#loopAt(edge),
      leave: () => this.box.blur(),
    });
  }

  #loopAt(edge: "start" | "end" | null): void {
    if (!this.#loop || !this.#t) return;
    const region = edge && this.#loop.edge(edge, this.#host.sound.position);
    if (!edge) this.#loop.clear();
    const [from, to] = (region ?? []).map((quarter) => {
      const { bar, beat } = this.#meter.position(quarter);
      return `${bar}.${beat}`;
    });
    this.#host.announce(from && to ? this.#t("loop.region", { from, to }) : this.#t("loop.whole"));
  }

  #goTo(quarter: number): void {
    this.#seek(quarter);
    if (!this.#props || !this.#t) return;
    this.#host.announce(describeAt(this.#t, this.#props.clip, this.#meter, quarter));
  }
}

function between(from: Place, to: Place, k: number): Place {
  if (!from || !to) return to;
  return [from[0] + (to[0] - from[0]) * k, from[1] + (to[1] - from[1]) * k];
}
