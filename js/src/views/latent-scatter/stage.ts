/** The stage of the map: points, what lies over them, and what a reader can do there. */

import type { Place } from "../../core/clip";
import type { Translate } from "../../core/i18n";
import { type Card, type MapActions, type MapProps, numberOf } from "../../core/latent-scatter-props";
import { paletteOf } from "../../core/map-palette";
import { type Look, lookOf } from "../../core/palette";
import { h, put } from "../../ui/dom";
import type { Camera } from "./camera";
import { cardOfMark, HoverCard } from "./card";
import type { Engine } from "./engine";
import { attachGestures, type Tool } from "./gestures";
import { pressMapKey } from "./keys";
import { Layers } from "./layers";
import { type Overlay, type Px, paintOverlay } from "./overlay";
import { cornersOf, litOf, markAt, overlayOf } from "./scene";
import { Sight } from "./sight";

export interface StageHost {
  readonly actions: MapActions;
  engine(): Promise<Engine | null>;
  request(): void;
  announce(text: string): void;
  toggle(): void;
  /** What a card says of a clip that is not known yet. */
  waiting(): string;
}

const REACH = 8;
/** How many points the map shows while it is turned. */
const TURNING = 6000;
const AROUND = 12;

type Hovered = { readonly point: number; readonly mark: -1 } | { readonly point: -1; readonly mark: number };

export class MapStage {
  readonly el: HTMLElement;
  tool: Tool = "point";
  readonly #host: StageHost;
  readonly #over = h("canvas", "mv-layer", { "aria-hidden": "true" });
  readonly #card = new HoverCard();
  readonly #layers: Layers;
  readonly #sight = new Sight();
  readonly #detach: () => void;
  #props: MapProps | undefined;
  #t: Translate | undefined;
  #look: Look = lookOf("light");
  #group: number | null = null;
  #hovered: Hovered | null = null;
  /** Whether what is under the cross has still to be said. */
  #unsaid = false;
  /** In map coordinates as they are seen. */
  #lasso: readonly Px[] = [];
  /** A lasso that waits for the points of the kernel. */
  #wish: readonly Px[] | null = null;
  #rectangle: { readonly from: Px; to: Px } | null = null;
  #keyed = false;
  #dirty = true;

  constructor(host: StageHost) {
    this.#host = host;
    this.el = h("div", "mv-stage mv-map-stage", { tabindex: 0, role: "application" });
    this.#layers = new Layers(
      this.el,
      () => host.engine(),
      () => this.#touch(),
    );
    this.el.append(this.#over, this.#card.el);
    this.#detach = attachGestures(this.el, {
      tool: () => this.tool,
      deep: () => this.#deep,
      hover: (at) => this.#hover(at),
      click: (at) => this.#click(at),
      pan: (dx, dy) => this.#move((camera) => camera.pan(dx, dy)),
      zoom: (at, factor) => this.#move((camera) => camera.zoomAt(at[0], at[1], factor)),
      turn: (dx, dy) => this.#spin(dx / 120, dy / 120),
      rest: () => this.#rest(),
      lasso: (points, done) => this.#draw(points, done),
    });
    this.el.addEventListener("keydown", (event) => this.#key(event));
    this.el.addEventListener("pointerdown", () => this.#byKeys(false));
    this.el.addEventListener("blur", () => this.#byKeys(false));
  }

  get #deep(): boolean {
    return this.#props?.cloud.dimensions === 3;
  }

  /** The group that stands out; null where none does. */
  get group(): number | null {
    return this.#group;
  }

  choose(group: number | null): void {
    this.#group = group;
    this.#picture();
  }

  update(props: MapProps, t: Translate): void {
    const before = this.#props;
    this.#props = props;
    this.#t = t;
    put(this.el, "aria-label", t("map.label", { n: props.count.toLocaleString("en"), model: props.model }));
    put(this.el, "aria-roledescription", t("map.role"));
    put(this.el, "aria-description", t(props.cloud.dimensions === 3 ? "map.keys.deep" : "map.keys"));
    if (before?.groups.name !== props.groups.name) this.#group = null;
    if (before?.cloud.at !== props.cloud.at) {
      this.#sight.place(props);
      this.#hovered = null;
    }
    const fresh =
      before?.cloud !== props.cloud ||
      before.legend !== props.legend ||
      before.selection.mask !== props.selection.mask;
    if (fresh) this.#picture();
    if (props.selection.count === 0 && before?.selection.count !== 0) this.#lasso = [];
    if (this.#wish && !props.cloud.numbers) {
      this.#select(this.#wish);
      this.#wish = null;
    }
    this.#say(this.#showCard());
    this.#touch();
  }

  resize(width: number, height: number): void {
    this.el.style.height = `${height}px`;
    this.#sight.resize(width, height, this.#props);
    this.#layers.resize(width, height);
    const ratio = Math.max(1, globalThis.devicePixelRatio || 1);
    this.#over.width = Math.round(width * ratio);
    this.#over.height = Math.round(height * ratio);
    this.#over.style.width = `${width}px`;
    this.#over.style.height = `${height}px`;
    this.#touch();
  }

  paint(look: Look): void {
    const repaint = look.theme !== this.#look.theme || look.forced !== this.#look.forced;
    this.#look = look;
    if (repaint || !this.#layers.painted) this.#picture();
    this.#touch();
  }

  frame(): boolean {
    if (!this.#dirty || !this.#props) return false;
    this.#dirty = false;
    this.#layers.draw(this.#sight.camera);
    const context = this.#over.getContext("2d");
    if (!context) return false;
    const ratio = this.#over.width / Math.max(1, this.#sight.camera.width);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    paintOverlay(context, this.#overlay(this.#props));
    return false;
  }

  dispose(): void {
    this.#detach();
    this.#layers.dispose();
  }

  get painter(): string {
    return this.#layers.kind;
  }

  get drawn(): number {
    return this.#layers.drawn;
  }

  fit(): void {
    if (!this.#props) return;
    this.#sight.reset(this.#props);
    this.#picture();
  }

  clear(): void {
    this.#lasso = [];
    this.#wish = null;
    this.#rectangle = null;
    this.#host.actions.select(null);
    this.#touch();
  }

  #touch(): void {
    this.#dirty = true;
    this.#host.request();
  }

  #picture(): void {
    const props = this.#props;
    if (!props) return;
    const { cloud } = props;
    const stride = this.#sight.turning ? Math.max(1, Math.ceil(cloud.size / TURNING)) : 1;
    const palette = paletteOf(props.legend, this.#look);
    this.#layers.set({
      ...this.#sight.flat,
      codes: cloud.codes,
      palette,
      lit: litOf(props, this.#group),
      look: this.#look,
      stride,
    });
    this.#touch();
  }

  #move(move: (camera: Camera) => void): void {
    this.#sight.move(move);
    this.#showCard();
    this.#touch();
  }

  #spin(around: number, over: number): void {
    if (!this.#deep) return;
    this.#sight.spin(around, over);
    this.#lasso = [];
    this.#picture();
  }

  /** After a turn all points are there again. */
  #rest(): void {
    if (!this.#sight.turning) return;
    this.#sight.rest();
    this.#picture();
  }

  /** What lies under a px: one of the reader's own clips, or a point. */
  #find(at: Px): Hovered | null {
    const props = this.#props;
    if (!props) return null;
    const mark = markAt(props, this.#sight, at);
    if (mark >= 0) return { mark, point: -1 };
    const [point] = this.#near(at, REACH, 1);
    return point === undefined ? null : { point, mark: -1 };
  }

  #near(at: Px, reach: number, most: number): number[] {
    const { cloud } = this.#props as MapProps;
    const group = this.#group;
    return this.#sight.near(at, reach, most, (point) => group === null || cloud.groups[point] === group);
  }

  #hover(at: Px | null): void {
    const found = at && !this.#sight.turning ? this.#find(at) : null;
    if (found?.point === this.#hovered?.point && found?.mark === this.#hovered?.mark) return;
    this.#hovered = found;
    this.el.classList.toggle("mv-over", found !== null);
    const card = this.#showCard();
    if (!card || !found) this.#host.actions.hear(null);
    this.#touch();
  }

  /** Shows what is known of what the pointer is on. */
  #showCard(): Card | null {
    const props = this.#props;
    const hovered = this.#hovered;
    if (!props || !this.#t || !hovered) {
      this.#card.hide();
      put(this.el, "data-hovered", "");
      return null;
    }
    let card: Card | null;
    let at: Px;
    let place: Place = null;
    if (hovered.mark >= 0) {
      const mark = props.marks[hovered.mark];
      if (!mark) return null;
      card = cardOfMark(mark, hovered.mark);
      at = this.#sight.px(mark.at);
      put(this.el, "data-hovered", mark.letter);
    } else {
      const number = numberOf(props.cloud, hovered.point);
      at = this.#sight.pointPx(hovered.point);
      const around = this.#near(at, 40, AROUND).map((point) => numberOf(props.cloud, point));
      card = this.#host.actions.card(number, around);
      place = card?.place ?? null;
      put(this.el, "data-hovered", number);
    }
    this.#card.show(card, place, this.#host.waiting(), this.#look, this.#t);
    this.#card.place(at[0], at[1], this.#sight.camera.width, this.#sight.camera.height);
    if (card && props.sound && props.heard?.number !== card.number) this.#host.actions.hear(card);
    return card;
  }

  #click(at: Px): void {
    const props = this.#props;
    const found = this.#find(at);
    if (!props) return;
    if (found && found.mark >= 0) this.#host.actions.mark(found.mark);
    else if (found) this.#host.actions.pick(numberOf(props.cloud, found.point));
    else this.#host.actions.decode(this.#sight.spot(at));
  }

  #draw(points: readonly Px[], done: boolean): void {
    this.#lasso = points.map((at) => this.#sight.toMap(at));
    if (done) this.#select(this.#lasso);
    this.#touch();
  }

  /** Selects what a polygon holds, as soon as all points are here. */
  #select(polygon: readonly Px[]): void {
    const props = this.#props;
    if (!props || !this.#t) return;
    if (props.cloud.numbers && props.cloud.size < props.count) {
      this.#wish = polygon;
      return;
    }
    const mask = new Uint8Array(props.count);
    let count = 0;
    for (const point of this.#sight.inside(polygon)) {
      if (this.#group !== null && props.cloud.groups[point] !== this.#group) continue;
      mask[numberOf(props.cloud, point)] = 1;
      count++;
    }
    this.#host.actions.select(count > 0 ? mask : null);
    this.#host.announce(this.#t("map.selected", { n: count.toLocaleString("en") }));
    if (count === 0) this.#lasso = [];
  }

  #byKeys(on: boolean): void {
    if (this.#keyed === on) return;
    this.#keyed = on;
    if (!on) this.#rectangle = null;
    this.#touch();
  }

  get #centre(): Px {
    return [this.#sight.camera.width / 2, this.#sight.camera.height / 2];
  }

  #key(event: KeyboardEvent): void {
    const step = Math.min(this.#sight.camera.width, this.#sight.camera.height) / 12;
    const meant = pressMapKey(event, {
      pan: (x, y) => {
        this.#move((camera) => camera.pan(-x * step, -y * step));
        this.#listen();
      },
      turn: (x, y) => {
        this.#spin(x * 0.15, y * 0.15);
        this.#rest();
      },
      stretch: (x, y) => {
        this.#rectangle ??= { from: this.#centre, to: this.#centre };
        const [tx, ty] = this.#rectangle.to;
        this.#rectangle = { ...this.#rectangle, to: [tx + x * step, ty + y * step] };
        this.#touch();
      },
      zoom: (factor) => {
        this.#move((camera) => camera.zoomAt(...this.#centre, factor));
        this.#listen();
      },
      fit: () => this.fit(),
      act: () => {
        if (!this.#rectangle) {
          this.#click(this.#centre);
          return;
        }
        const { from, to } = this.#rectangle;
        this.#rectangle = null;
        this.#draw(cornersOf(from, to), true);
      },
      everything: () => {
        const { width, height } = this.#sight.camera;
        this.#draw(cornersOf([0, 0], [width, height]), true);
      },
      neighbours: () => this.#host.actions.neighbours(!this.#props?.neighbours),
      toggle: () => this.#host.toggle(),
      escape: () => {
        if (this.#rectangle) this.#rectangle = null;
        else if (this.#props?.selection.count) this.clear();
        else this.el.blur();
        this.#touch();
      },
    });
    if (meant && event.key !== "Escape") this.#byKeys(true);
  }

  /** What is under the cross is shown as if a pointer were there, and said: now, or once it has come. */
  #listen(): void {
    this.#hover(this.#centre);
    this.#unsaid = true;
    if (!this.#hovered && this.#t) this.#host.announce(this.#t("map.spoken.empty"));
    this.#say(this.#showCard());
  }

  #say(card: Card | null): void {
    if (card && this.#unsaid) this.#host.announce([card.title, card.meta].filter(Boolean).join(", "));
    this.#unsaid &&= card === null && this.#hovered !== null;
  }

  #overlay(props: MapProps): Overlay {
    const rectangle = this.#rectangle;
    return overlayOf(props, this.#sight, this.#look, this.#t as Translate, {
      lasso: rectangle
        ? cornersOf(rectangle.from, rectangle.to)
        : this.#lasso.map((at) => this.#sight.fromMap(at)),
      hovered: this.#hovered?.point ?? -1,
      cross: this.#keyed ? this.#centre : null,
    });
  }
}
