/** One small plot over the track: curves, their axis, and a dot on each where the handle stands. */

import type { Curve } from "../../core/curve";
import { h, put, s, say } from "../../ui/dom";

export interface Line {
  readonly curve: Curve | null;
  readonly colour: string;
  /** "" is solid. */
  readonly dash: string;
  readonly width: number;
  /** Its figure where the handle stands; null leaves figure and dot out. */
  readonly value: string | null;
  /** Word of the legend. */
  readonly word: string;
  readonly strong: boolean;
}

export interface PlotProps {
  readonly title: string;
  readonly hint: string;
  readonly low: number;
  readonly high: number;
  readonly lines: readonly Line[];
  /** The figure stands at the foot of the hairline; else figures stand in the legend. */
  readonly foot: boolean;
}

export interface Span {
  /** Px of a place along the track. */
  x(position: number): number;
  readonly last: number;
  readonly position: number;
}

export const PLOT = 54;
const TOP = 5;
const BOTTOM = 18;
const CLEAR = 13;

export class Plot {
  readonly el: HTMLElement;
  readonly #title = h("b", "");
  readonly #hint = h("span", "mv-curve-hint");
  readonly #legend = h("span", "mv-curve-legend");
  readonly #head: HTMLElement;
  readonly #svg = s("svg", { class: "mv-plot", "aria-hidden": "true" });
  #props: PlotProps | undefined;

  constructor() {
    const words = h("span", "mv-curve-title", {}, this.#title, this.#hint);
    this.#head = h("div", "mv-curve-head", {}, words, this.#legend);
    this.el = h("div", "mv-curve", {}, this.#head, this.#svg);
  }

  update(props: PlotProps): void {
    this.#props = props;
    say(this.#title, props.title);
    say(this.#hint, props.hint);
    this.#legend.replaceChildren(
      ...props.lines.map((line) => {
        const stroke = { stroke: line.colour, "stroke-width": line.width, "stroke-dasharray": line.dash };
        const sample = s("path", { d: "M0 5H18", fill: "none", ...stroke });
        const swatch = s(
          "svg",
          { width: 18, height: 10, viewBox: "0 0 18 10", "aria-hidden": "true" },
          sample,
        );
        const name = line.strong ? "mv-curve-word mv-strong" : "mv-curve-word";
        const figure = props.foot || line.value === null ? [] : [h("b", "", {}, line.value)];
        return h("span", name, {}, swatch, line.word, ...figure);
      }),
    );
  }

  draw(width: number, span: Span): void {
    const props = this.#props;
    if (!props) return;
    const from = span.x(0);
    const to = span.x(span.last);
    this.#head.style.marginLeft = `${from}px`;
    this.#head.style.marginRight = `${Math.max(0, width - to)}px`;
    const height = TOP + PLOT + (props.foot ? BOTTOM : 6);
    put(this.#svg, "width", width);
    put(this.#svg, "height", height);
    const y = (value: number) => TOP + PLOT * (1 - (value - props.low) / (props.high - props.low));
    const axis = (value: number, name: string) => {
      const at = Math.round(y(value)) + 0.5;
      return s("path", { d: `M${from} ${at}H${to}`, class: name, fill: "none" });
    };
    const tick = (value: number) =>
      text(String(value), { x: from - 8, y: y(value) + 4, "text-anchor": "end", class: "mv-tick" });
    const parts: Node[] = [axis(props.high, "mv-axis-top"), axis(props.low, "mv-axis")];
    parts.push(tick(props.high), tick(props.low));
    for (const line of props.lines) {
      if (!line.curve) continue;
      const d = line.curve.path((x) => span.x(x), y);
      const stroke = { stroke: line.colour, "stroke-width": line.width, "stroke-dasharray": line.dash };
      parts.push(
        s("path", { d, fill: "none", "stroke-linejoin": "round", "stroke-linecap": "round", ...stroke }),
      );
    }
    this.#svg.replaceChildren(...parts, ...this.#dots(props, span, y, height));
  }

  #dots(props: PlotProps, span: Span, y: (value: number) => number, height: number): Node[] {
    const x = span.x(span.position);
    const shown = props.lines.flatMap((line) => {
      if (!line.curve || line.value === null) return [];
      return [{ line, at: y(line.curve.at(span.position)), label: line.value }];
    });
    const dots = shown.map(({ line, at }) =>
      s("circle", { cx: x, cy: at, r: 3.25, fill: line.colour, class: "mv-curve-dot" }),
    );
    const known = shown[0];
    if (!props.foot || !known) return dots;
    // Clear of the axis' own figures.
    const under = Math.max(span.x(0) + CLEAR, Math.min(x, span.x(span.last) - CLEAR));
    const middle = { x: under, y: height - 4, "text-anchor": "middle", class: "mv-curve-cost" };
    return [...dots, text(known.label, middle)];
  }
}

function text(words: string, attributes: Readonly<Record<string, string | number>>): SVGTextElement {
  const element = s("text", attributes);
  element.textContent = words;
  return element;
}
