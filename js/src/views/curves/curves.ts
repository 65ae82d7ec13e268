/** What is measured along a route, under its track: distance to the waypoints, and cost (LOOK.md 7). */

import { curveOf } from "../../core/curve";
import type { Translate } from "../../core/i18n";
import { type InterpolationProps, type Space, waypointLetter } from "../../core/interpolation-props";
import { type Look, lookOf } from "../../core/palette";
import { h, put } from "../../ui/dom";
import { type Line, Plot, type PlotProps, type Span } from "./plot";

/** To A solid, to B dashed; further waypoints in patterns of their own. */
const DASHES = ["", "6 3", "2 3", "9 3 2 3", "4 2 1 2", "12 4"];
const OTHER = "1.5 3";

export class Curves {
  readonly el = h("div", "mv-curves", { role: "img" });
  readonly #hairline = h("div", "mv-hairline");
  readonly #distance = new Plot();
  readonly #cost = new Plot();
  #props: InterpolationProps | undefined;
  #t: Translate | undefined;
  #look: Look = lookOf("light");

  constructor() {
    this.el.append(this.#hairline, this.#distance.el, this.#cost.el);
  }

  update(props: InterpolationProps, t: Translate): void {
    this.#props = props;
    this.#t = t;
    this.#refresh();
  }

  paint(look: Look): void {
    this.#look = look;
    this.#refresh();
  }

  /** Lays the plots out over a track of this width. */
  draw(width: number, x: (position: number) => number): void {
    const props = this.#props;
    if (!props || width <= 0) return;
    const last = props.routes[props.space].clips.length - 1;
    const span: Span = { x, last, position: props.position };
    this.#distance.draw(width, span);
    this.#cost.draw(width, span);
    this.#hairline.style.left = `${x(props.position)}px`;
  }

  #refresh(): void {
    const props = this.#props;
    const t = this.#t;
    if (!props || !t) return;
    const distances = this.#distances(props, t);
    const cost = this.#costs(props, t);
    this.#distance.el.hidden = distances.lines.every(({ curve }) => !curve);
    this.#cost.el.hidden = cost.lines.every(({ curve }) => !curve);
    this.el.hidden = this.#distance.el.hidden && this.#cost.el.hidden;
    this.#distance.update(distances);
    this.#cost.update(cost);
    const words = (plot: PlotProps) =>
      plot.lines.flatMap(({ word, value }) => (value === null ? [] : [`${word} ${value}`])).join(", ");
    const said = [`${distances.title} ${words(distances)}`];
    if (!this.#cost.el.hidden) said.push(`${cost.title} ${words(cost)}`);
    put(this.el, "aria-label", said.join("; "));
  }

  #distances(props: InterpolationProps, t: Translate): PlotProps {
    const { routes, space, stops, here } = props;
    const route = routes[space];
    const lines = route.distances.map((row, index): Line => {
      const points = row.map((y, x) => [x, y] as const);
      const value = here.distances[index];
      return {
        curve: curveOf([...points, [here.at, value ?? Number.NaN]]),
        colour: this.#look.clip(route.places[stops[index] ?? 0] ?? null),
        dash: DASHES[index % DASHES.length] as string,
        width: 2,
        value: Number.isFinite(value) ? (value as number).toFixed(2) : null,
        word: stops.length > 3 ? waypointLetter(index) : t("curves.to", { name: waypointLetter(index) }),
        strong: false,
      };
    });
    const hint = t("curves.distance.hint");
    return { title: t("curves.distance"), hint, low: 0, high: 1, lines, foot: false };
  }

  #costs(props: InterpolationProps, t: Translate): PlotProps {
    const { routes, space, here } = props;
    const { tokens } = this.#look;
    const line = (name: Space): Line => {
      const own = name === space;
      const points = routes[name].costs.map((y, x) => [x, y] as const);
      const known: (readonly [number, number])[] = own && here.cost !== null ? [[here.at, here.cost]] : [];
      return {
        curve: curveOf([...points, ...known]),
        colour: own ? tokens.ink : tokens.ink3,
        dash: own ? "" : OTHER,
        width: own ? 2 : 1.5,
        value: own && here.cost !== null ? here.cost.toFixed(2) : null,
        word: t(`space.${name}`),
        strong: own,
      };
    };
    const lines = [line("latent"), line("data")];
    const all = [...routes.latent.costs, ...routes.data.costs, here.cost ?? Number.NaN].filter(
      Number.isFinite,
    );
    const low = Math.floor(Math.min(...all));
    const high = Math.max(low + 1, Math.ceil(Math.max(...all)));
    const range = all.length > 0 ? { low, high } : { low: 0, high: 1 };
    return { title: t("curves.cost"), hint: t("curves.cost.hint"), ...range, lines, foot: true };
  }
}
