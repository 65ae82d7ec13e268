/** Colours of the points of a map by their code; `render/map_palette.py` has the same. */

import { type Look, placeColour, type Theme } from "./palette";

/** Steps a side of the places' square, and of the ramp for numbers. */
const GRID = 64;
const RAMP = 255;

/** Okabe and Ito's eight colours: their black is our ink, and pale yellow comes last. */
export const OKABE_ITO = [
  "#0072b2",
  "#d55e00",
  "#009e73",
  "#cc79a7",
  "#56b4e9",
  "#e69f00",
  "ink",
  "#f0e442",
] as const;

/** Seventeen stops of cividis (Nunez, Anderton and Renslow 2018). */
const CIVIDIS =
  "00204c002b6806366e2c416b414d6b51586c60646e6f6f727c7b788b87789b9377aba174bcae6ecdbc67dfcb5df1da50ffe945";

/** Points that stand back (LOOK.md 7). */
export const GREY: Readonly<Record<Theme, string>> = { light: "#c9c7c1", dark: "#50555e" };

export interface Legend {
  readonly kind: "place" | "plain" | "category" | "number";
  readonly name: string;
  /** Of numbers: what stands under the ramp, how many have none, and whether there are some beyond its ends. */
  readonly ticks: readonly string[];
  readonly missing: number;
  readonly open: readonly [boolean, boolean];
}

const stop = (k: number, part: number) =>
  Number.parseInt(CIVIDIS.slice(6 * k + 2 * part, 6 * k + 2 * part + 2), 16);

/** The part of cividis that stands out from the stage: not its darkest on dark, nor its palest on light. */
const ENDS: Readonly<Record<Theme, readonly [number, number]>> = { light: [0, 0.94], dark: [0.25, 1] };

/** The ramp at 0 to 1. */
export function cividis(t: number, theme: Theme): string {
  const [first, final] = ENDS[theme];
  const at = Math.max(0, Math.min(1, first + (final - first) * t)) * 16;
  const low = Math.min(15, Math.floor(at));
  const mix = (part: number) => {
    const a = stop(low, part);
    return Math.floor(a + (stop(low + 1, part) - a) * (at - low) + 0.5)
      .toString(16)
      .padStart(2, "0");
  };
  return `#${mix(0)}${mix(1)}${mix(2)}`;
}

const places = new Map<Theme, readonly string[]>();

function placePalette(theme: Theme): readonly string[] {
  const known = places.get(theme);
  if (known) return known;
  const middle = (k: number) => ((k + 0.5) / GRID) * 2 - 1;
  const made = Array.from({ length: GRID * GRID }, (_, code) =>
    placeColour(middle(code % GRID), middle(Math.floor(code / GRID)), theme),
  );
  places.set(theme, made);
  return made;
}

/** Colour of each code of a legend. */
export function paletteOf(legend: Legend, look: Look): readonly string[] {
  const { tokens, theme } = look;
  switch (legend.kind) {
    case "place":
      return placePalette(theme);
    case "category":
      return [...OKABE_ITO.map((colour) => (colour === "ink" ? tokens.ink : colour)), tokens.ink3];
    case "number":
      return [...Array.from({ length: RAMP }, (_, k) => cividis(k / (RAMP - 1), theme)), tokens.ink3];
    default:
      return [tokens.ink2];
  }
}
