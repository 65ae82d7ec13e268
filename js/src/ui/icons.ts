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
  lock: {
    line: "M5.4 7V5.2a2.6 2.6 0 0 1 5.2 0V7",
    solid:
      "M4.9 7.2h6.2a1.4 1.4 0 0 1 1.4 1.4v3.5a1.4 1.4 0 0 1-1.4 1.4H4.9a1.4 1.4 0 0 1-1.4-1.4V8.6a1.4 1.4 0 0 1 1.4-1.4z",
  },
  unlock: {
    line: "M5.4 7V5a2.6 2.6 0 0 1 5-.9M4.9 7.2h6.2a1.4 1.4 0 0 1 1.4 1.4v3.5a1.4 1.4 0 0 1-1.4 1.4H4.9a1.4 1.4 0 0 1-1.4-1.4V8.6a1.4 1.4 0 0 1 1.4-1.4z",
  },
  reset: { line: "M3.6 6.2A5 5 0 1 1 3 8.8M3.2 2.8v3.6h3.6" },
  lasso: {
    line: "M8 3c3.2 0 5.5 1.5 5.5 3.6S11.2 10.2 8 10.2 2.5 8.7 2.5 6.6 4.8 3 8 3zM5.2 10c1 1-.2 2.2-1.2 3.5",
  },
  path: {
    line: "M3.2 12.2 6.5 6.5l3.8 2.8L13 3.8",
    solid: "M1.7 12.2a1.5 1.5 0 1 0 3 0 1.5 1.5 0 1 0-3 0M11.5 3.7a1.5 1.5 0 1 0 3 0 1.5 1.5 0 1 0-3 0",
  },
  point: { line: "M4 2.8l8.5 4.6-3.9 1.1-1.8 3.8z" },
  rotate: {
    line: "M2.6 8c0-1.4 2.4-2.6 5.4-2.6s5.4 1.2 5.4 2.6-2.4 2.600-5.4 2.6M8 2.6v10.8M9.800 8.800 8 10.6l1.8 1.8",
  },
  dice: {
    line: "M5.2 3h5.6A2.2 2.2 0 0 1 13 5.2v5.6a2.2 2.2 0 0 1-2.2 2.2H5.2A2.2 2.2 0 0 1 3 10.8V5.2A2.2 2.2 0 0 1 5.2 3z",
    solid:
      "M5 6a1 1 0 1 0 2 0 1 1 0 1 0-2 0M9 10a1 1 0 1 0 2 0 1 1 0 1 0-2 0M7 8a1 1 0 1 0 2 0 1 1 0 1 0-2 0",
  },
  down: { line: "M5 6.6l3 3 3-3" },
  cross: { line: "M4 4l8 8M12 4l-8 8" },
  sound: {
    line: "M2.5 6.2v3.6h2.3L8 12.6V3.400L4.8 6.200zM10.4 5.800a3 3 0 0 1 0 4.4M12.3 4a5.600 5.600 0 0 1 0 8",
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
