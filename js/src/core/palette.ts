/** Colour is place (LOOK.md 1) and the tokens (LOOK.md 2). */

import type { Place } from "./clip";

export type Theme = "light" | "dark";

export interface Tokens {
  readonly paper: string;
  readonly stage: string;
  readonly band: string;
  readonly grid: string;
  readonly beat: string;
  readonly bar: string;
  readonly rule: string;
  readonly ink: string;
  readonly ink2: string;
  readonly ink3: string;
  readonly signal: string;
  readonly focus: string;
  readonly key: string;
  readonly blackKey: string;
  readonly keyInk: string;
}

export const TOKENS: Readonly<Record<Theme, Tokens>> = {
  light: {
    paper: "#ffffff",
    stage: "#f8f7f4",
    band: "#f1f0ec",
    grid: "#eae8e3",
    beat: "#dedcd6",
    bar: "#b9b7b0",
    rule: "#e2e0da",
    ink: "#1c1e23",
    ink2: "#5a5e66",
    ink3: "#83878f",
    signal: "#d9381a",
    focus: "#1a66d6",
    key: "#ffffff",
    blackKey: "#3a3d44",
    keyInk: "#4a4d54",
  },
  dark: {
    paper: "#111317",
    stage: "#191c21",
    band: "#15181c",
    grid: "#23272d",
    beat: "#2e333a",
    bar: "#555b65",
    rule: "#2b3037",
    ink: "#eeece6",
    ink2: "#a9adb4",
    ink3: "#757a83",
    signal: "#ff6a4a",
    focus: "#79b0ff",
    key: "#464b54",
    blackKey: "#15181c",
    keyInk: "#dcdad4",
  },
};

/** Under forced colours the system's own names are used; a canvas resolves them as CSS does. */
export const FORCED: Tokens = {
  paper: "Canvas",
  stage: "Canvas",
  band: "Canvas",
  grid: "Canvas",
  beat: "GrayText",
  bar: "CanvasText",
  rule: "CanvasText",
  ink: "CanvasText",
  ink2: "CanvasText",
  ink3: "GrayText",
  signal: "Highlight",
  focus: "Highlight",
  key: "Canvas",
  blackKey: "CanvasText",
  keyInk: "CanvasText",
};

interface Field {
  readonly L0: number;
  readonly dL: number;
  readonly ca: number;
  readonly cb: number;
}

const FIELD: Readonly<Record<Theme, Field>> = {
  light: { L0: 0.54, dL: 0.095, ca: 0.1, cb: 0.12 },
  dark: { L0: 0.735, dL: 0.105, ca: 0.095, cb: 0.115 },
};

const clamp = (x: number, low: number, high: number) => Math.max(low, Math.min(high, x));
const ease = (x: number) => 1.5 * x - 0.5 * x ** 3;
const gamma = (c: number) => (c <= 0.0031308 ? 12.92 * c : 1.055 * c ** (1 / 2.4) - 0.055);

function oklabToLinear(L: number, a: number, b: number): [number, number, number] {
  const l = (L + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (L - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (L - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
}

/** Colour of a place (u, v), each in -1..1, as #rrggbb: lightness (and green to red) by v, blue to yellow by u. */
export function placeColour(u: number, v: number, theme: Theme): string {
  const field = FIELD[theme];
  const up = clamp(v, -1, 1);
  const right = clamp(u, -1, 1);
  const L = field.L0 + field.dL * up;
  let rgb: [number, number, number] = [0, 0, 0];
  for (let shrink = 0; shrink < 34; shrink++) {
    const k = 1 - 0.03 * shrink;
    rgb = oklabToLinear(L, -field.ca * ease(up) * k, field.cb * ease(right) * k);
    if (rgb.every((c) => c >= -1e-4 && c <= 1.0001)) break;
  }
  const byte = (c: number) =>
    Math.round(gamma(clamp(c, 0, 1)) * 255)
      .toString(16)
      .padStart(2, "0");
  return `#${byte(rgb[0])}${byte(rgb[1])}${byte(rgb[2])}`;
}

/** What a view paints with: the theme's tokens and the colour of places. */
export interface Look {
  readonly theme: Theme;
  readonly forced: boolean;
  readonly tokens: Tokens;
  /** Colour of a clip; a clip whose place is not known is in second ink. */
  clip(place: Place): string;
}

export function lookOf(theme: Theme, forced = false, paper?: string): Look {
  const base = forced ? FORCED : TOKENS[theme];
  const tokens = paper && !forced ? { ...base, paper } : base;
  const memo = new Map<string, string>();
  return {
    theme,
    forced,
    tokens,
    clip(place) {
      if (forced) return "CanvasText";
      if (!place) return tokens.ink2;
      const key = place.join();
      const known = memo.get(key) ?? placeColour(place[0], place[1], theme);
      if (memo.size < 4096) memo.set(key, known);
      return known;
    },
  };
}

/** Relative luminance (WCAG) of an sRGB colour given as bytes. */
export function luminance(red: number, green: number, blue: number): number {
  const linear = (byte: number) => {
    const c = byte / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}
