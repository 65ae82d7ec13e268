/** A smooth curve through points that never goes beyond them (Fritsch and Carlson 1980). */

export interface Curve {
  /** Height at x; the nearest end outside. */
  at(x: number): number;
  /** As an SVG path, both axes mapped. */
  path(mapX: (x: number) => number, mapY: (y: number) => number): string;
}

type Point = readonly [number, number];

/** Points whose numbers are finite, by x; null where there is none. */
export function curveOf(points: readonly Point[]): Curve | null {
  const known = points.filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y));
  known.sort((a, b) => a[0] - b[0]);
  const knots = known.filter(([x], index) => index === 0 || x > (known[index - 1] as Point)[0]);
  if (knots.length === 0) return null;
  const xs = knots.map(([x]) => x);
  const ys = knots.map(([, y]) => y);
  const slopes = tangents(xs, ys);
  const last = xs.length - 1;
  const value = (list: readonly number[], index: number) => list[index] as number;
  return {
    at(x) {
      if (x <= value(xs, 0)) return value(ys, 0);
      if (x >= value(xs, last)) return value(ys, last);
      let k = 0;
      while (value(xs, k + 1) < x) k++;
      const width = value(xs, k + 1) - value(xs, k);
      const t = (x - value(xs, k)) / width;
      return (
        (1 + 2 * t) * (1 - t) ** 2 * value(ys, k) +
        t * (1 - t) ** 2 * width * value(slopes, k) +
        t * t * (3 - 2 * t) * value(ys, k + 1) +
        t * t * (t - 1) * width * value(slopes, k + 1)
      );
    },
    path(mapX, mapY) {
      const text = (x: number, y: number) => `${mapX(x).toFixed(2)} ${mapY(y).toFixed(2)}`;
      let path = `M${text(value(xs, 0), value(ys, 0))}`;
      for (let k = 0; k < last; k++) {
        const third = (value(xs, k + 1) - value(xs, k)) / 3;
        path +=
          `C${text(value(xs, k) + third, value(ys, k) + third * value(slopes, k))} ` +
          `${text(value(xs, k + 1) - third, value(ys, k + 1) - third * value(slopes, k + 1))} ` +
          text(value(xs, k + 1), value(ys, k + 1));
      }
      return path;
    },
  };
}

function tangents(xs: readonly number[], ys: readonly number[]): number[] {
  const count = xs.length;
  const chords = xs.slice(1).map((x, k) => {
    return ((ys[k + 1] as number) - (ys[k] as number)) / (x - (xs[k] as number));
  });
  const slopes = xs.map((_, k) => {
    const before = chords[k - 1] ?? chords[k] ?? 0;
    const after = chords[k] ?? before;
    return before * after <= 0 ? 0 : (before + after) / 2;
  });
  for (let k = 0; k < count - 1; k++) {
    const chord = chords[k] as number;
    if (chord === 0) {
      slopes[k] = 0;
      slopes[k + 1] = 0;
      continue;
    }
    const length = Math.hypot((slopes[k] as number) / chord, (slopes[k + 1] as number) / chord);
    if (length > 3) {
      slopes[k] = ((slopes[k] as number) * 3) / length;
      slopes[k + 1] = ((slopes[k + 1] as number) * 3) / length;
    }
  }
  return slopes;
}
