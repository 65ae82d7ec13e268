import { expect, test } from "vitest";
import { lookOf, luminance, placeColour, type Theme, TOKENS } from "../../src/core/palette";

// LOOK.md 1, the table of places.
const TABLE: [number, number, string, string][] = [
  [-1, 1, "#1297c7", "#86d6fd"],
  [0, 1, "#329e8d", "#80dfcd"],
  [1, 1, "#6b9c22", "#abde70"],
  [-1, 0, "#5469b4", "#8da5f2"],
  [0, 0, "#6f6f6f", "#a9a9a9"],
  [1, 0, "#876b04", "#c5a64c"],
  [-1, -1, "#6e3393", "#a46dcc"],
  [0, -1, "#7f3952", "#b87087"],
  [1, -1, "#843d06", "#ce6a24"],
];

test.each(TABLE)("the place (%d, %d) has the look's colours", (u, v, light, dark) => {
  expect(placeColour(u, v, "light")).toBe(light);
  expect(placeColour(u, v, "dark")).toBe(dark);
});

function contrast(a: string, b: string): number {
  const [x, y] = [a, b].map((hex) => {
    const bytes = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)) as [
      number,
      number,
      number,
    ];
    return luminance(...bytes) + 0.05;
  }) as [number, number];
  return Math.max(x, y) / Math.min(x, y);
}

test.each([
  ["light", 3.03],
  ["dark", 4.59],
] as [Theme, number][])("the least contrast of a grid of places on the %s stage is %d", (theme, least) => {
  const grid = [-1, -0.5, 0, 0.5, 1].flatMap((u) =>
    [-1, -0.5, 0, 0.5, 1].map((v) => placeColour(u, v, theme)),
  );
  const found = Math.min(...grid.map((colour) => contrast(colour, TOKENS[theme].stage)));
  expect(found).toBeCloseTo(least, 1);
  expect(found).toBeGreaterThanOrEqual(3);
});

test("places outside the map have the colour of its edge", () => {
  expect(placeColour(7, -9, "light")).toBe(placeColour(1, -1, "light"));
});

test("a clip without a place is in second ink, and forced colours have the last word", () => {
  expect(lookOf("light").clip(null)).toBe(TOKENS.light.ink2);
  expect(lookOf("light", false, "#fafafa").tokens.paper).toBe("#fafafa");
  expect(lookOf("dark", true).clip([1, 1])).toBe("CanvasText");
});
