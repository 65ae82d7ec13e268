/** The InterpolationPad view: plain props in, callbacks out. */

import type { Playing } from "../../audio/player";
import type { Note } from "../../core/clip";
import {
  cellAt,
  longestPath,
  type PadActions,
  type PadProps,
  type Spot,
  spotOf,
} from "../../core/interpolation-pad-props";
import { type Look, lookOf } from "../../core/palette";
import { MeterMap } from "../../core/time";
import type { Work } from "../../core/work";
import { h, put } from "../../ui/dom";
import { Segments } from "../../ui/segments";
import { WordButton } from "../../ui/word-button";
import { Stage, type StageProps } from "../piano-roll/stage";
import { Shell, type ShellView } from "../shell";
import { attachKeys, attachPointer, type PadHost } from "./gestures";
import { CellWords, PathRow, Weights } from "./side";
import { Square } from "./square";
import { spotText, whereText } from "./words";

/** The square is so wide at most, and takes so much of the width beside the roll. */
const LARGEST = 480;
const SHARE = 0.53;
const COLUMN_GAP = 32;
const NARROW = 700;
/** Heights: the titles of the corners; all that stands beside the square but the roll. */
const ENDS = 2 * 26;
const BESIDE = 26 + 62 + 84 + 48;
const ROLL = 180;
/** Each lane beyond the first makes the roll taller. */
const LANE = 58;

type Plays = "cell" | "path";

export class InterpolationPadView implements ShellView {
  readonly #shell: Shell;
  readonly #stage: Stage;
  readonly #player: Playing;
  readonly #actions: PadActions;
  readonly #square = new Square();
  readonly #words = new CellWords();
  readonly #weights = new Weights();
  readonly #row: PathRow;
  readonly #draw: WordButton;
  readonly #free: WordButton;
  readonly #plays: Segments<Plays>;
  readonly #column = h("div", "mv-pad-side");
  #props: PadProps | undefined;
  #look: Look = lookOf("light");
  #all: readonly Note[] = [];
  #meter: MeterMap = new MeterMap([[0, 4, 4]], 4);
  #drawing = false;
  /** The next cell that is drawn begins a new path. */
  #fresh = false;
  #resting = false;
  #width = 0;

  constructor(el: HTMLElement, player: Playing, actions: PadActions, work: Work) {
    this.#player = player;
    this.#actions = actions;
    const view = this;
    this.#stage = new Stage({
      sound: {
        get playing() {
          return player.playing;
        },
        get position() {
          return player.position - view.#start();
        },
        seek: (quarter) => player.seek(view.#start() + quarter),
        toggle: () => player.toggle(),
      },
      request: () => this.#shell.request(),
      announce: (text) => this.#shell.announce(text),
      chips: (track) => this.#shell.chips(track),
    });
    this.#row = new PathRow({
      node: (node) => this.#goTo(node),
      removeLast: () => this.#removeLast(),
      clear: () => this.#clear(),
    });
    this.#draw = new WordButton("path", () => this.#toggleDrawing(false));
    this.#free = new WordButton("point", () => {
      this.#resting = !this.#resting;
      this.#refresh();
    });
    this.#plays = new Segments<Plays>(["cell", "path"], (what) => actions.along(what === "path"));
    this.#shell = new Shell(el, player, actions, this, work);
    this.#shell.head.right.append(this.#free.el, this.#draw.el);
    this.#row.head.append(this.#plays.el);
    this.#column.append(this.#words.el, this.#stage.el, this.#weights.el, this.#row.el, this.#shell.bar.el);
    this.#shell.body.append(h("div", "mv-pad-body", {}, this.#square.el, this.#column));
    const host = this.#host();
    attachPointer(this.#square.grid, host);
    attachKeys(this.#square.grid, host);
  }

  get meter(): MeterMap {
    return this.#meter;
  }

  update(props: PadProps): void {
    const before = this.#props;
    this.#props = props;
    if (before?.cells !== props.cells) this.#all = pitchesOf(props.cells.flatMap((clip) => clip.notes));
    const { shown, n, value } = props;
    const piece = props.along && props.piece ? props.piece : shown.clip;
    this.#meter = MeterMap.of(piece.score);
    const { place } = shown;
    this.#shell.update(props, place, (t) => ({
      title: props.title || t("pad.title"),
      meta: props.subtitle || t("pad.meta", { n }),
      idle: null,
    }));
    const root = this.#shell.root;
    put(root, "data-notes", shown.clip.notes.length);
    put(root, "data-cell", value.join());
    put(root, "data-path", props.path.length);
    put(root, "data-plays", props.along ? "path" : "cell");
    this.#refresh();
  }

  resize(width: number): void {
    this.#width = width;
    this.#arrange();
  }

  paint(look: Look): void {
    this.#look = look;
    this.#stage.paint(look);
    this.#square.paint(look);
    if (this.#props) this.#refresh();
  }

  frame(now: number): boolean {
    const props = this.#props;
    const node = this.#node();
    this.#square.mark(node);
    this.#row.mark(node);
    const cell = props?.path[node];
    if (cell !== undefined && props && (cellAt(props.value, props.n) !== cell || props.shown.preview))
      this.#actions.follow(cell);
    return this.#stage.frame(now);
  }

  dispose(): void {
    this.#stage.dispose();
    this.#shell.dispose();
  }

  /** The place of the path that the playhead is in; -1 where it is in none. */
  #node(): number {
    const { along = false, path = [], cells = [] } = this.#props ?? {};
    const length = cells[0]?.score.quarters ?? 0;
    const { playing, position } = this.#player;
    if (!along || path.length === 0 || length <= 0 || !(playing || position > 0)) return -1;
    return Math.max(0, Math.min(path.length - 1, Math.floor(position / length + 1e-6)));
  }

  /** Quarter at which the shown clip begins in what plays. */
  #start(): number {
    return Math.max(0, this.#node()) * (this.#props?.cells[0]?.score.quarters ?? 0);
  }

  #refresh(): void {
    const props = this.#props;
    if (!props) return;
    const t = this.#shell.t;
    const { shown, value } = props;
    this.#square.update(props, t);
    this.#square.grid.classList.toggle("mv-pad-drawing", this.#drawing);
    this.#words.update(props, this.#look, t);
    this.#weights.update(props, this.#look, t);
    this.#row.update(props, this.#look, t);
    this.#draw.update({ word: t("pad.draw"), on: this.#drawing });
    this.#free.update({ word: t("pad.free"), label: t("pad.free.label"), on: this.#resting });
    this.#plays.el.hidden = props.path.length === 0;
    const words = { cell: t("pad.plays.cell"), path: t("pad.path") };
    this.#plays.update(props.along ? "path" : "cell", t("pad.plays"), words);
    const stage: StageProps = {
      clip: shown.clip,
      place: shown.place,
      title: whereText(t, value),
      height: this.#rollHeight(props),
      scale: this.#all,
      keys: true,
      morph: true,
    };
    this.#stage.update(stage, t);
    this.#shell.request();
  }

  #rollHeight({ shown }: PadProps): number {
    const least = ROLL + LANE * (Math.max(1, shown.clip.score.tracks.length) - 1);
    return this.#width < NARROW ? least : Math.max(least, this.#side() + ENDS - BESIDE);
  }

  #side(): number {
    return this.#width < NARROW ? this.#width : Math.min(LARGEST, Math.floor(SHARE * this.#width));
  }

  #arrange(): void {
    const side = this.#side();
    this.#square.resize(side);
    const column = this.#width < NARROW ? this.#width : this.#width - side - COLUMN_GAP;
    this.#column.style.width = `${column}px`;
    this.#refresh();
    this.#stage.resize(column);
    this.#row.resize(column);
  }

  #host(): PadHost {
    const view = this;
    const say = (spot: Spot) => {
      if (this.#props) this.#shell.announce(spotText(this.#shell.t, spot, this.#props.n));
    };
    return {
      get n() {
        return view.#props?.n ?? 2;
      },
      get value() {
        return view.#props?.value ?? [0, 0];
      },
      get drawing() {
        return view.#drawing;
      },
      get free() {
        return view.#resting;
      },
      spotAt: (point) => this.#square.spotAt(point),
      cell: (cell) => {
        this.#actions.cell(cell);
        say(spotOf(cell, this.#props?.n ?? 2));
      },
      between: (spot) => {
        this.#actions.between(spot);
        say(spot);
      },
      draw: (cell) => this.#add(cell, this.#fresh),
      drawn: () => this.#actions.along(true),
      add: (cell) => this.#add(cell, this.#drawing && this.#fresh),
      removeLast: () => this.#removeLast(),
      clear: () => this.#clear(),
      toggleDrawing: () => this.#toggleDrawing(true),
      toggle: () => this.#player.toggle(),
    };
  }

  /** Puts a cell at the path's end, or begins a new path with it; goes there. */
  #add(cell: number, anew: boolean): void {
    const props = this.#props;
    if (!props) return;
    this.#fresh = false;
    this.#actions.cell(cell);
    const most = longestPath(props.shown.clip);
    let full = false;
    const k = this.#actions.path((path) => {
      full = !anew && path.length >= most;
      return full ? path : [...(anew ? [] : path), cell];
    });
    const t = this.#shell.t;
    const where = whereText(t, spotOf(cell, props.n));
    this.#shell.announce(full ? t("pad.spoken.full", { k }) : t("pad.spoken.added", { k, where }));
  }

  #removeLast(): void {
    const k = this.#actions.path((path) => path.slice(0, -1));
    this.#shell.announce(this.#shell.t("pad.spoken.removed", { k }));
  }

  #clear(): void {
    this.#actions.path(() => []);
    this.#shell.announce(this.#shell.t("pad.spoken.cleared"));
    this.#square.grid.focus({ preventScroll: true });
  }

  /** @param here Whether the path begins at the current cell, as one that is drawn with keys does. */
  #toggleDrawing(here: boolean): void {
    const props = this.#props;
    if (!props) return;
    this.#drawing = !this.#drawing;
    this.#fresh = this.#drawing;
    if (this.#drawing && here) this.#add(cellAt(props.value, props.n), true);
    else if (!this.#drawing && props.path.length > 0) this.#actions.along(true);
    const t = this.#shell.t;
    if (!here || !this.#drawing)
      this.#shell.announce(t(this.#drawing ? "pad.spoken.draw" : "pad.spoken.drawn"));
    this.#refresh();
  }

  /** Plays the path from one of its clips; what does not sound only stands there. */
  #goTo(node: number): void {
    const props = this.#props;
    const quarter = node * (props?.cells[0]?.score.quarters ?? 0);
    const player = this.#player;
    const cell = props?.path[node];
    if (!props || cell === undefined) return;
    this.#actions.follow(cell);
    if (props.along) {
      player.seek(quarter);
      return;
    }
    const playing = player.playing;
    player.pause();
    this.#actions.along(true);
    // The player takes the path within this turn; then its cursor can go there.
    queueMicrotask(() =>
      queueMicrotask(() => {
        player.seek(quarter);
        if (playing) void player.play();
      }),
    );
  }
}

/** One note for each pitch of each track: all that a scale needs of thousands of notes. */
const pitchesOf = (notes: readonly Note[]): Note[] => [
  ...new Map(notes.map((note) => [128 * note.track + note.pitch, note])).values(),
];
