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
  more: {
    line: "M2.5 4.800h5.2M11 4.800h2.5M2.5 11.200h2.5M8.3 11.200h5.2M7.700 4.800a1.650 1.650 0 1 0 3.300 0 1.650 1.650 0 1 0-3.300 0M5 11.200a1.650 1.650 0 1 0 3.300 0 1.650 1.650 0 1 0-3.300 0",
  },
  metronome: { line: "M5.8 2.800h4.400l2 10.400H3.800zM8 10l4.400-5.800M4.400 10h7.200" },
  count: {
    line: "M13 3.500v9",
    solid:
      "M1.500 8a1.100 1.100 0 1 0 2.200 0 1.100 1.100 0 1 0-2.200 0M5.100 8a1.100 1.100 0 1 0 2.200 0 1.100 1.100 0 1 0-2.200 0M8.700 8a1.100 1.100 0 1 0 2.200 0 1.100 1.100 0 1 0-2.200 0",
  },
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
  pencil: { line: "M3 13l.7-2.900L11 2.800l2.200 2.200-7.300 7.300zM9.600 4.200l2.200 2.2" },
  undo: { line: "M6 3.200 3 6.200l3 3M3.200 6.200h6.300a3.300 3.300 0 0 1 0 6.600H7" },
  redo: { line: "M10 3.200l3 3-3 3M12.800 6.200H6.500a3.300 3.300 0 0 0 0 6.600H9" },
  record: { solid: "M3.500 8a4.500 4.500 0 1 0 9 0 4.500 4.500 0 1 0-9 0" },
  open: {
    line: "M2.500 12.500v-9h3.800l1.400 1.800h5.800v7.200zM8 10.800V7.400M6.400 8.900 8 7.300l1.600 1.6",
  },
  scissors: {
    line: "M4.200 10.200 12.500 3M11.800 10.200 3.500 3M2.200 11.900a1.800 1.800 0 1 0 3.600 0 1.800 1.800 0 1 0-3.600 0M10.200 11.900a1.800 1.800 0 1 0 3.600 0 1.800 1.800 0 1 0-3.600 0",
  },
  copy: { line: "M5.500 5.500h7.500v7.500H5.500zM3 10.500V3h7.500" },
  paste: {
    line: "M5.500 3.500H3.500v9.500h9V3.500h-2M5.500 2.500h5v2.500h-5zM5.800 8h4.400M5.800 10.500h4.400",
  },
  duplicate: { line: "M2.500 5h4.500v6H2.500zM9 5h4.500v6H9z" },
  bin: {
    line: "M3 4.500h10M6.200 4.300V2.800h3.600v1.500M4.300 4.700l.6 8.500h6.200l.6-8.500M6.800 7v4M9.200 7v4",
  },
  all: { line: "M3 5.500V3h2.500M10.500 3H13v2.500M13 10.500V13h-2.500M5.500 13H3v-2.500M6 8h4" },
  quantise: { line: "M3 3v10M8 3v10M13 3v10", solid: "M3 5h3.500v2.200H3zM8 9h3.500v2.200H8z" },
  keep: { line: "M2.8 9.200v3.300h10.400V9.200M8 2.500v6.600M5.300 6.600 8 9.300l2.700-2.700" },
  file: { line: "M4 2.500h5l3 3v8H4zM9 2.500v3h3" },
  plus: { line: "M8 3.200v9.600M3.200 8h9.600" },
  vary: {
    line: "M2.500 6c1.400-2.400 3.200-2.400 5.500 0s4.100 2.400 5.500 0M2.500 11c1.400-2.400 3.200-2.400 5.500 0s4.100 2.400 5.500 0",
  },
  dots: {
    solid:
      "M2.200 8a1.300 1.300 0 1 0 2.600 0 1.300 1.300 0 1 0-2.600 0M6.700 8a1.300 1.300 0 1 0 2.600 0 1.300 1.300 0 1 0-2.600 0M11.200 8a1.300 1.300 0 1 0 2.600 0 1.300 1.300 0 1 0-2.600 0",
  },
  higher: { line: "M8 13V3.500M4.500 7 8 3.500 11.500 7" },
  lower: { line: "M8 3v9.500M4.500 9 8 12.500 11.500 9" },
  "octave-up": { line: "M4.500 7.500 8 4l3.500 3.500M4.500 12 8 8.500l3.500 3.500" },
  "octave-down": { line: "M4.500 4 8 7.500 11.500 4M4.500 8.500 8 12l3.500-3.500" },
  "bar-more": { line: "M3 3v10M13 3v10M8 5.800v4.400M5.800 8h4.400" },
  "bar-less": { line: "M3 3v10M13 3v10M5.800 8h4.400" },
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
