/** The AttributeKnobs view: the altered clip with the original behind it, and a knob an attribute below. */

import type { Playing } from "../../audio/player";
import {
  type AttributeKnobsActions,
  type AttributeKnobsProps,
  isUntouched,
} from "../../core/attribute-knobs-props";
import type { Note } from "../../core/clip";
import { summary } from "../../core/describe";
import { type Look, lookOf } from "../../core/palette";
import { drumClass } from "../../core/pitch";
import type { MeterMap } from "../../core/time";
import type { Work } from "../../core/work";
import { h, put, say } from "../../ui/dom";
import { WordButton } from "../../ui/word-button";
import { Stage } from "../piano-roll/stage";
import { Shell, type ShellView, stageParts } from "../shell";
import { Column } from "./column";

const ROLL = 176;
/** Each lane beyond the first makes the roll taller. */
const LANE = 58;
const SIDE = 118;
const WIDEST = 200;
const NARROW = 700;
/** In a Studio knobs stand closer. */
const NARROW_PART = 560;

/** How many knobs stand side by side: rows as even as they can be. */
export function columnsOf(knobs: number, width: number, narrow = NARROW): number {
  const most = width < narrow ? 3 : 6;
  const rows = Math.max(1, Math.ceil(knobs / most));
  return Math.max(1, Math.ceil(knobs / rows));
}

export class AttributeKnobsView implements ShellView {
  readonly #actions: AttributeKnobsActions;
  readonly #shell: Shell;
  readonly #stage: Stage;
  readonly #row = h("div", "mv-knobs");
  readonly #resetAll: WordButton;
  readonly #legend = h("span", "mv-knobs-legend");
  #columns: Column[] = [];
  #props: AttributeKnobsProps | undefined;
  #look: Look = lookOf("light");
  #width = 0;
  /** One note of each row that was shown since the original was taken: the roll's scale grows, it does not jump. */
  #rows = new Map<string, Note>();
  #scale: readonly Note[] = [];

  constructor(el: HTMLElement, player: Playing, actions: AttributeKnobsActions, work: Work) {
    this.#actions = actions;
    this.#stage = new Stage({ sound: player, ...stageParts(() => this.#shell) });
    this.#shell = new Shell(el, player, actions, this, work);
    this.#resetAll = new WordButton("reset", () => actions.resetAll());
    this.#shell.head.right.append(this.#resetAll.el);
    this.#shell.bar.right.append(this.#legend);
    this.#shell.body.append(this.#stage.el, this.#row);
    this.#row.addEventListener("keydown", (event) => {
      if (event.key !== " " || !(event.target as Element).matches(".mv-knob")) return;
      event.preventDefault();
      event.stopPropagation();
      player.toggle();
    });
  }

  get meter(): MeterMap {
    return this.#stage.meter;
  }

  update(props: AttributeKnobsProps): void {
    const before = this.#props;
    this.#props = props;
    const { shown, original, travels } = props;
    const untouched = isUntouched(travels, props.asked);
    let title = "";
    this.#shell.update(props, shown.place, (t) => {
      title = props.title || t("knobs.title");
      const own = props.label || summary(t, shown.clip);
      const altered = props.label ? t("knobs.altered", { title: props.label }) : t("knobs.altered.untitled");
      return { title, meta: props.subtitle || (untouched ? own : altered), idle: null };
    });
    const t = this.#shell.t;
    put(this.#shell.root, "data-notes", shown.clip.notes.length);
    put(this.#shell.root, "data-altered", untouched ? "false" : "true");
    put(this.#shell.root, "data-turn", props.asked.map((value) => value.toFixed(4)).join(" "));
    this.#resetAll.update({ word: t("knobs.reset-all"), disabled: untouched });
    say(this.#legend, t("knobs.legend"));
    const lanes = Math.max(1, shown.clip.score.tracks.length);
    this.#grow(props, untouched || before?.original.clip !== original.clip);
    this.#stage.update(
      {
        clip: shown.clip,
        place: shown.place,
        title: untouched ? title : `${title}, ${t("knobs.altered", { title: props.label }).trim()}`,
        height: ROLL + LANE * (lanes - 1),
        scale: this.#scale,
        keys: false,
        morph: true,
        ghosts: untouched ? [] : ghostsOf(original.clip.notes, shown.clip.notes),
      },
      t,
    );
    this.#turnOut(travels.length);
    const colour = this.#look.clip(shown.place);
    travels.forEach((travel, index) => {
      const asked = props.asked[index] ?? travel.centre;
      const locked = props.locked[index] === true;
      this.#columns[index]?.update({ travel, asked, got: shown.got[index] ?? null, locked, colour }, t);
    });
    if (before?.travels.length !== travels.length) this.#arrange();
  }

  resize(width: number): void {
    this.#width = width;
    this.#stage.resize(width);
    this.#arrange();
  }

  paint(look: Look): void {
    this.#look = look;
    this.#stage.paint(look);
    for (const column of this.#columns) column.paint(look);
    if (this.#props) this.update(this.#props);
  }

  frame(now: number): boolean {
    let moving = this.#stage.frame(now);
    for (const column of this.#columns) moving = column.frame(now) || moving;
    return moving;
  }

  dispose(): void {
    for (const column of this.#columns) column.dispose();
    this.#stage.dispose();
    this.#shell.dispose();
  }

  /** As many columns as there are attributes. */
  #turnOut(count: number): void {
    for (const column of this.#columns.splice(count)) {
      column.dispose();
      column.el.remove();
    }
    while (this.#columns.length < count) {
      const knob = this.#columns.length;
      const column = new Column({
        turn: (value) => this.#actions.turn(knob, value),
        lock: (on) => this.#actions.lock(knob, on),
        request: () => this.#shell.request(),
      });
      column.paint(this.#look);
      this.#columns.push(column);
      this.#row.append(column.el);
    }
  }

  #arrange(): void {
    if (this.#width <= 0) return;
    const columns = columnsOf(this.#columns.length, this.#width, this.#shell.part ? NARROW_PART : NARROW);
    const room = Math.min(WIDEST, Math.floor(this.#width / columns));
    this.#row.style.gridTemplateColumns = `repeat(${columns}, minmax(0, ${WIDEST}px))`;
    for (const column of this.#columns) column.resize(Math.min(SIDE, room - 6));
  }

  #grow({ shown, original }: AttributeKnobsProps, anew: boolean): void {
    if (anew) this.#rows = new Map();
    const known = this.#rows.size;
    for (const note of [...original.clip.notes, ...shown.clip.notes]) {
      const row = `${note.track} ${note.drum ? drumClass(note.pitch) : note.pitch}`;
      if (!this.#rows.has(row)) this.#rows.set(row, note);
    }
    if (anew || this.#rows.size !== known) this.#scale = [...this.#rows.values()];
  }
}

/** Notes of the original that the altered clip has not. */
export function ghostsOf(original: readonly Note[], altered: readonly Note[]): Note[] {
  const name = (note: Note) => `${note.track} ${note.pitch} ${note.start.toFixed(3)}`;
  const there = new Set(altered.map(name));
  return original.filter((note) => !there.has(name(note)));
}
