import { s } from "./dom";

interface Shape {
  readonly line?: string;
  readonly solid?: string;
}

/** 16 grid, 1.5 stroke, round ends (LOOK.md 11). */
const SHAPES = {
  play: { solid: "M5 3.2v9.6L13 8z" },
  pause: { solid: "M4.5 3.5h2.4v9H4.5zM9.1 3.5h2.4v9H9.1z" },
  stop: { solid: "M5 4h6a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1z" },
  loop: {
    line: "M3 8.2V7a2.6 2.6 0 0 1 2.6-2.600h7M10.6 2.200l2.2 2.2-2.2 2.200M13 7.800V9a2.6 2.6 0 0 1-2.6 2.600h-7M5.4 13.800l-2.2-2.2 2.2-2.2",
  },
  cut: { line: "M2 8h3.500M10.5 8H14M7 5.200l-1 1.600M9.5 9.200l-1 1.6" },
  info: {
    line: "M8 7.200v4M2.5 8a5.5 5.5 0 1 0 11 0 5.5 5.5 0 1 0-11 0",
    solid: "M7.1 4.900a.9.9 0 1 0 1.8 0 .9.9 0 1 0-1.8 0",
  },
  warning: { line: "M8 2.8 14 13H2zM8 6.800v2.8", solid: "M7.2 11.300a.8.8 0 1 0 1.6 0 .8.8 0 1 0-1.6 0" },
} as const satisfies Record<string, Shape>;

export type IconName = keyof typeof SHAPES;

export function icon(name: IconName): SVGSVGElement {
  const svg = s("svg", {
    width: 16,
    height: 16,
    viewBox: "0 0 16 16",
    "aria-hidden": "true",
    class: "mv-icon",
  });
  const shape: Shape = SHAPES[name];
  if (shape.line) {
    svg.append(
      s("path", {
        d: shape.line,
        fill: "none",
        stroke: "currentColor",
        "stroke-width": 1.5,
        "stroke-linecap": "round",
        "stroke-linejoin": "round",
      }),
    );
  }
  if (shape.solid) svg.append(s("path", { d: shape.solid, fill: "currentColor" }));
  return svg;
}

/** The mark of a refused note, and of every error (LOOK.md 6 and 8). */
export function refusedMark(): SVGSVGElement {
  return s(
    "svg",
    { width: 22, height: 10, viewBox: "0 0 22 10", "aria-hidden": "true", class: "mv-icon mv-refused" },
    s("rect", { x: 0.75, y: 0.75, width: 20.5, height: 8.5, rx: 2.5, class: "mv-refused-box" }),
    s("path", { d: "M4 7.5 18 2.5", class: "mv-refused-line" }),
  );
}

/** Three dots for a kernel that is busy; they breathe where motion is welcome. */
export function busyMark(): SVGSVGElement {
  const dots = [0, 1, 2].map((i) => s("circle", { cx: 4 + 6 * i, cy: 4, r: 2, class: `mv-dot mv-dot-${i}` }));
  return s(
    "svg",
    { width: 20, height: 8, viewBox: "0 0 20 8", "aria-hidden": "true", class: "mv-icon" },
    ...dots,
  );
}

/** A quarter note, before the tempo. */
export function quarterMark(): SVGSVGElement {
  return s(
    "svg",
    { width: 9, height: 13, viewBox: "0 0 9 13", "aria-hidden": "true", class: "mv-quarter" },
    s("ellipse", {
      cx: 3.6,
      cy: 10.6,
      rx: 3.2,
      ry: 2.3,
      transform: "rotate(-20 3.6 10.6)",
      fill: "currentColor",
    }),
    s("path", { d: "M6.6 10V.5", stroke: "currentColor", "stroke-width": 1.2, fill: "none" }),
  );
}
