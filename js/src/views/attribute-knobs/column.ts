/** One attribute: its name with lock and reset, its knob, and the two numbers. */

import type { Travel } from "../../core/attribute-knobs-props";
import { attributeName, attributeText, attributeTick, readAttribute } from "../../core/attributes";
import type { Translate } from "../../core/i18n";
import type { Look } from "../../core/palette";
import { IconButton } from "../../ui/button";
import { h, put, s, say } from "../../ui/dom";
import { Knob } from "../../ui/knob";

export interface ColumnProps {
  readonly travel: Travel;
  readonly asked: number;
  readonly got: number | null;
  readonly locked: boolean;
  /** Place colour of the music that is shown. */
  readonly colour: string;
}

export interface ColumnActions {
  turn(value: number): void;
  lock(on: boolean): void;
  request(): void;
}

const TICK_ROOM = 1e-6;

export class Column {
  readonly el: HTMLElement;
  readonly #actions: ColumnActions;
  readonly #knob: Knob;
  readonly #name = h("span", "mv-knob-name");
  readonly #lock: IconButton;
  readonly #reset: IconButton;
  readonly #asked = h("input", "mv-knob-asked", {
    type: "text",
    tabindex: -1,
    autocomplete: "off",
    spellcheck: "false",
  });
  readonly #askedWord = h("span", "mv-knob-word");
  readonly #got = h("b", "mv-knob-got");
  readonly #gotWord = h("span", "");
  readonly #mark = s("rect", {
    x: 1.2,
    y: 1.2,
    width: 4.6,
    height: 4.6,
    rx: 1,
    transform: "rotate(45 3.5 3.5)",
  });
  #props: ColumnProps | undefined;
  #editing = false;

  constructor(actions: ColumnActions) {
    this.#actions = actions;
    this.#lock = new IconButton("unlock", "mv-button mv-knob-button", () => this.#toggleLock());
    this.#reset = new IconButton("reset", "mv-button mv-knob-button mv-knob-reset", () => this.#resetAsked());
    this.#reset.el.tabIndex = -1;
    this.#lock.el.tabIndex = -1;
    this.#knob = new Knob({
      turn: (place) => this.#turnTo(place),
      step: (steps) => this.#step(steps),
      reset: () => this.#resetAsked(),
      lock: () => this.#toggleLock(),
      type: (text) => this.#type(text),
      request: () => actions.request(),
    });
    const mark = s("svg", { width: 7, height: 7, "aria-hidden": "true", class: "mv-knob-mark" }, this.#mark);
    const gotWord = h("span", "mv-knob-word", {}, mark, this.#gotWord);
    this.el = h(
      "div",
      "mv-knob-column",
      {},
      h("div", "mv-knob-head", {}, this.#lock.el, this.#name, this.#reset.el),
      this.#knob.el,
      h(
        "div",
        "mv-knob-numbers",
        {},
        h("label", "mv-knob-number", {}, this.#asked, this.#askedWord),
        h("span", "mv-knob-number", {}, this.#got, gotWord),
      ),
    );
    this.#asked.addEventListener("focus", () => {
      this.#editing = true;
      this.#asked.select();
    });
    this.#asked.addEventListener("blur", () => this.#typed(true));
    this.#asked.addEventListener("keydown", (event) => this.#typing(event));
  }

  update(props: ColumnProps, t: Translate): void {
    this.#props = props;
    const { travel, asked, got, locked, colour } = props;
    const name = attributeName(t, travel.name);
    const values = { asked: attributeText(travel.name, asked), got: attributeText(travel.name, got) };
    say(this.#name, name);
    put(this.#name, "title", name);
    this.el.classList.toggle("mv-locked", locked);
    this.#lock.update({
      label: t(locked ? "knobs.unlock" : "knobs.lock", { name }),
      icon: locked ? "lock" : "unlock",
      on: locked,
    });
    this.#reset.update({ label: t("knobs.reset", { name }) });
    this.#reset.el.disabled = locked || asked === travel.centre;
    const place = (value: number) => (value - travel.low) / (travel.high - travel.low);
    this.#knob.update({
      asked: place(asked),
      got: got === null ? null : place(got),
      detent: place(travel.centre),
      comb: travel.comb,
      locked,
      colour,
      label: name,
      keys: t("knobs.keys"),
      range: [travel.low, travel.high, asked],
      text: t(locked ? "knobs.text.locked" : "knobs.text", values),
    });
    put(this.#asked, "aria-label", t("knobs.type", { name }));
    this.#asked.disabled = locked;
    if (!this.#editing) this.#show();
    say(this.#askedWord, t(locked ? "knobs.locked" : "knobs.asked"));
    say(this.#got, values.got);
    say(this.#gotWord, t("knobs.got"));
    put(this.#mark, "fill", colour);
  }

  resize(side: number): void {
    this.#knob.resize(side);
  }

  paint(look: Look): void {
    this.#knob.paint(look);
  }

  frame(now: number): boolean {
    return this.#knob.frame(now);
  }

  dispose(): void {
    this.#knob.dispose();
  }

  #show(): void {
    const props = this.#props;
    if (!props) return;
    const text = props.locked ? "–" : attributeText(props.travel.name, props.asked);
    if (this.#asked.value !== text) this.#asked.value = text;
    this.#asked.style.width = `${Math.max(4, text.length + 0.6)}ch`;
  }

  /** Asks for a value; what is as good as the original's is the original's. */
  #ask(value: number): void {
    const props = this.#props;
    if (!props || props.locked || !Number.isFinite(value)) return;
    const { low, high, centre, name } = props.travel;
    const near = Math.abs(value - centre) < TICK_ROOM * attributeTick(name);
    const next = near ? centre : Math.max(low, Math.min(high, value));
    if (next === props.asked) return;
    // The next event may come before the redraw.
    this.#props = { ...props, asked: next };
    this.#actions.turn(next);
  }

  #turnTo(place: number): void {
    const travel = this.#props?.travel;
    if (!travel) return;
    const detent = (travel.centre - travel.low) / (travel.high - travel.low);
    this.#ask(place === detent ? travel.centre : travel.low + place * (travel.high - travel.low));
  }

  #step(steps: number): void {
    const props = this.#props;
    if (props) this.#ask(props.asked + steps * attributeTick(props.travel.name));
  }

  #resetAsked(): void {
    if (this.#props) this.#ask(this.#props.travel.centre);
  }

  #toggleLock(): void {
    if (this.#props) this.#actions.lock(!this.#props.locked);
  }

  /** Opens the number for typing; what was typed on the knob already is its beginning. */
  #type(text: string): void {
    const name = this.#props?.travel.name ?? "";
    if (/[a-g]/i.test(text) && readAttribute(name, `${text}4`) === null) return;
    this.#asked.focus({ preventScroll: true });
    if (text !== "") {
      this.#asked.value = text;
      this.#asked.setSelectionRange(text.length, text.length);
    }
  }

  #typing(event: KeyboardEvent): void {
    event.stopPropagation();
    if (event.key !== "Enter" && event.key !== "Escape") return;
    event.preventDefault();
    this.#typed(event.key === "Enter");
    this.#knob.el.focus({ preventScroll: true });
  }

  /** Ends typing; what is no value is forgotten. */
  #typed(take: boolean): void {
    const props = this.#props;
    if (!this.#editing || !props) return;
    this.#editing = false;
    const { name } = props.travel;
    const value = readAttribute(name, this.#asked.value);
    // A number that was only looked at keeps its decimals.
    const changed = this.#asked.value !== attributeText(name, props.asked);
    this.#show();
    if (take && changed && value !== null) this.#ask(value);
  }
}
