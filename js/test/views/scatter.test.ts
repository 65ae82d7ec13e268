import { describe, expect, test } from "vitest";
import type { Cloud } from "../../src/core/latent-scatter-props";
import { cividis, type Legend, paletteOf } from "../../src/core/map-palette";
import { lookOf, placeColour } from "../../src/core/palette";
import {
  boundsOf,
  Camera,
  flatten,
  middleOf,
  STRAIGHT,
  seen,
  turned,
  unseen,
} from "../../src/views/latent-scatter/camera";
import { PointGrid } from "../../src/views/latent-scatter/near";
import { drawnOrder, gradeOf, matrixOf, type Picture } from "../../src/views/latent-scatter/painters";

/** A generator of its own, so that every run sees the same numbers. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const scattered = (size: number, seed = 1): Float32Array => {
  const next = numbers(seed);
  // Half of them in a corner: cells are not evenly filled.
  return Float32Array.from({ length: 2 * size }, (_, k) => (k < size ? next() * 0.1 : next() * 4 - 2));
};

describe("points under a place", () => {
  const xy = scattered(3000);
  const grid = new PointGrid(xy);

  test("are those that a look at every point finds, nearest first", () => {
    const next = numbers(7);
    for (let round = 0; round < 50; round++) {
      const [x, y, reach, kx, ky] = [next() * 4 - 2, next() * 4 - 2, next() * 30, 100, 60];
      const all = Array.from({ length: 3000 }, (_, i) => i)
        .map((i) => ({
          i,
          d: Math.hypot(((xy[2 * i] as number) - x) * kx, ((xy[2 * i + 1] as number) - y) * ky),
        }))
        .filter(({ d }) => d <= reach)
        .sort((a, b) => a.d - b.d)
        .map(({ i }) => i);
      expect(grid.nearest([x, y], reach, [kx, ky], 5000)).toEqual(all);
    }
  });

  test("can be asked for some alone", () => {
    const found = grid.nearest([0.05, 0.05], 1000, [100, 100], 3, (point) => point % 7 === 0);
    expect(found).toHaveLength(3);
    expect(found.every((point) => point % 7 === 0)).toBe(true);
  });

  test("inside a polygon are those whose corners wind around them", () => {
    const polygon = [
      [-1, -1],
      [1, -0.5],
      [0.2, 0.1],
      [1.2, 1],
      [-0.8, 0.9],
    ] as const;
    const winds = (x: number, y: number) => {
      let turn = 0;
      for (let k = 0; k < polygon.length; k++) {
        const [a, b] = [
          polygon[k] as readonly number[],
          polygon[(k + 1) % polygon.length] as readonly number[],
        ];
        const from = Math.atan2((a[1] as number) - y, (a[0] as number) - x);
        const to = Math.atan2((b[1] as number) - y, (b[0] as number) - x);
        turn += ((to - from + 3 * Math.PI) % (2 * Math.PI)) - Math.PI;
      }
      return Math.abs(turn) > Math.PI;
    };
    const expected = Array.from({ length: 3000 }, (_, i) => i).filter((i) =>
      winds(xy[2 * i] as number, xy[2 * i + 1] as number),
    );
    expect(expected.length).toBeGreaterThan(100);
    expect(grid.inside(polygon).sort((a, b) => a - b)).toEqual(expected);
    expect(grid.inside([polygon[0], polygon[1]])).toEqual([]);
  });

  test("of none, of one, and of many at one place", () => {
    expect(new PointGrid(new Float32Array()).nearest([0, 0], 8, [1, 1], 5)).toEqual([]);
    expect(new PointGrid(new Float32Array([3, 4])).nearest([3, 4], 8, [100, 100], 5)).toEqual([0]);
    expect(new PointGrid(new Float32Array(200)).nearest([0, 0], 1, [1, 1], 500)).toHaveLength(100);
  });
});

describe("the camera", () => {
  const camera = new Camera();
  camera.resize(600, 400);
  camera.frame({ left: -2, right: 4, bottom: -1, top: 3 }, true);

  test("shows all of a box, and a square map keeps one scale", () => {
    expect(camera.kx).toBe(camera.ky);
    expect([camera.px(-2), camera.px(4)]).toEqual([0, 600]);
    expect([camera.py(3), camera.py(-1)]).toEqual([0, 400]);
  });

  test("zooms around what lies under the pointer", () => {
    const [x, y] = [camera.atX(100), camera.atY(350)];
    camera.zoomAt(100, 350, 3);
    expect(camera.px(x)).toBeCloseTo(100);
    expect(camera.py(y)).toBeCloseTo(350);
    expect(camera.zoom).toBeCloseTo(3);
    camera.zoomAt(100, 350, 1e9);
    expect(camera.zoom).toBeCloseTo(400);
    camera.fit();
    expect(camera.zoom).toBe(1);
  });

  test("gives WebGL the same px as the canvas", () => {
    camera.zoomAt(10, 20, 2.5);
    const m = matrixOf(camera);
    const [x, y] = [1.2, -0.4];
    // The library divides x by the aspect ratio; clip space to px by hand.
    const clip = [
      ((m[0] as number) * x + (m[12] as number)) / (600 / 400),
      (m[5] as number) * y + (m[13] as number),
    ];
    expect(300 + 300 * (clip[0] as number)).toBeCloseTo(camera.px(x), 3);
    expect(200 - 200 * (clip[1] as number)).toBeCloseTo(camera.py(y), 3);
  });

  test("keeps zoom and middle when the stage changes its size", () => {
    camera.fit();
    camera.zoomAt(300, 200, 2);
    const [x, y] = [camera.x, camera.y];
    camera.resize(300, 300);
    expect(camera.zoom).toBeCloseTo(2);
    expect([camera.x, camera.y]).toEqual([x, y]);
  });

  test("a stray point does not make the rest small, own clips do", () => {
    const xy = scattered(2000);
    xy[0] = 1e6;
    expect(boundsOf(xy, []).right).toBeLessThan(3);
    expect(boundsOf(xy, [[50, 0]]).right).toBeGreaterThan(50);
    expect(boundsOf(new Float32Array(), [])).toEqual({ left: -1.1, right: 1.1, bottom: -1.1, top: 1.1 });
  });
});

describe("a turn", () => {
  const turn = turned(turned(STRAIGHT, 0.7, 0.2), -0.1, 1.1);

  test("stays a turn: lengths are kept", () => {
    for (const row of [0, 3, 6]) {
      const [a = 0, b = 0, c = 0] = turn.slice(row, row + 3);
      expect(a * a + b * b + c * c).toBeCloseTo(1);
    }
    const dot = [0, 1, 2].reduce((sum, k) => sum + (turn[k] ?? 0) * (turn[3 + k] ?? 0), 0);
    expect(dot).toBeCloseTo(0);
  });

  test("drags what is near to the right when it turns to the right", () => {
    const [x] = seen([0, 0, 1], turned(STRAIGHT, 0.3, 0), [0, 0, 0]);
    expect(x).toBeCloseTo(Math.sin(0.3));
  });

  test("what is seen at a place lies there again", () => {
    const spot = unseen(0.4, -1.3, turn, [1, 2, 3]);
    const [x, y, z] = seen(spot, turn, [1, 2, 3]);
    expect([x, y, z].map((v) => v.toFixed(6))).toEqual(["0.400000", "-1.300000", z.toFixed(6)]);
    expect(z).toBeCloseTo(0);
    expect(unseen(3, 4, turn, [0, 0])).toEqual([3, 4]);
  });

  test("lays all points out as one by one", () => {
    const at = Float32Array.from([1, 2, 3, -1, 0, 2, 0.5, -2, 1]);
    const cloud: Cloud = {
      size: 3,
      dimensions: 3,
      at,
      codes: new Uint16Array(3),
      groups: new Uint8Array(3),
      numbers: null,
    };
    const middle = middleOf(cloud);
    const { xy, depth } = flatten(cloud, turn, middle);
    for (let i = 0; i < 3; i++) {
      const [x, y] = seen([...at.subarray(3 * i, 3 * i + 3)], turn, middle);
      expect(xy[2 * i]).toBeCloseTo(x, 5);
      expect(xy[2 * i + 1]).toBeCloseTo(y, 5);
    }
    expect(Math.min(...(depth ?? []))).toBe(0);
    expect(Math.max(...(depth ?? []))).toBe(1);
  });
});

describe("what is drawn", () => {
  const picture = (more: Partial<Picture>): Picture => ({
    xy: new Float32Array(12),
    depth: null,
    codes: new Uint16Array(6),
    palette: [],
    lit: null,
    look: lookOf("light"),
    stride: 1,
    ...more,
  });

  test("what stands back comes first, then from far to near", () => {
    const lit = Uint8Array.from([1, 0, 1, 1, 0, 1]);
    expect([...drawnOrder(picture({ lit }))]).toEqual([1, 4, 0, 2, 3, 5]);
    const depth = Float32Array.from([0.9, 0.1, 0.5, 0, 1, 0.3]);
    expect([...drawnOrder(picture({ depth }))]).toEqual(
      [1, 3, 5, 2, 0, 4].sort((a, b) => level(a) - level(b)),
    );
    function level(i: number): number {
      return Math.min(7, Math.floor((depth[i] as number) * 8));
    }
    expect([...drawnOrder(picture({ stride: 2 }))]).toEqual([0, 2, 4]);
  });

  test("many points are small and thin, few large and solid, zooming in makes them so", () => {
    const [few, many, near] = [gradeOf(100, 1), gradeOf(100_000, 1), gradeOf(100_000, 20)];
    expect(many.size).toBe(1.5);
    expect(few.size).toBeGreaterThan(4);
    expect(many.alpha).toBeLessThan(0.45);
    expect(few.alpha).toBeGreaterThan(0.8);
    expect(near.size).toBeGreaterThan(3);
  });
});

describe("colours", () => {
  const legend = (kind: Legend["kind"]): Legend => ({
    kind,
    name: "",
    ticks: [],
    missing: 0,
    open: [false, false],
  });

  test("places have the colours of the plane (LOOK.md 1)", () => {
    const colours = paletteOf(legend("place"), lookOf("light"));
    expect(colours).toHaveLength(4096);
    expect(colours[63]).toBe(placeColour(63.5 / 32 - 1, 0.5 / 32 - 1, "light"));
    // The table's corner, high and sparse, is #1297c7: the cell's middle is within a step of it.
    expect(colours[63 * 64]).toMatch(/^#1[0-9a-f]9[0-9a-f]c[0-9a-f]$/);
  });

  test("the ramp is cividis, without its ends where they would not be seen", () => {
    expect(cividis(0, "light")).toBe("#00204c");
    expect(cividis(1, "dark")).toBe("#ffe945");
    expect(cividis(0.5 / 0.94, "light")).toBe("#7c7b78");
    expect(paletteOf(legend("number"), lookOf("dark"))).toHaveLength(256);
  });

  test("categories are Okabe and Ito's, their black is ink", () => {
    const dark = paletteOf(legend("category"), lookOf("dark"));
    expect(dark).toHaveLength(9);
    expect(dark[0]).toBe("#0072b2");
    expect(dark[6]).toBe(lookOf("dark").tokens.ink);
    expect(dark[8]).toBe(lookOf("dark").tokens.ink3);
  });
});
