/** The path as a curve through the middles of its cells. */

export interface Point {
  readonly x: number;
  readonly y: number;
}

/**
 * A smooth curve (Catmull-Rom) through some points, as path data; a point that repeats is passed once.
 *
 * Where a long stretch meets a short one the handles are shortened to a third of the stretch: the curve
 * turns round in a point and does not run past it.
 */
export function curveThrough(points: readonly Point[]): string {
  const at = points.filter((point, k) => k === 0 || !meets(point, points[k - 1] as Point));
  const first = at[0];
  if (!first) return "";
  const text = ({ x, y }: Point) => `${x.toFixed(1)} ${y.toFixed(1)}`;
  const parts = [`M${text(first)}`];
  for (let k = 1; k < at.length; k++) {
    const [from, to] = [at[k - 1] as Point, at[k] as Point];
    const [before, after] = [at[k - 2] ?? from, at[k + 1] ?? to];
    const longest = Math.hypot(to.x - from.x, to.y - from.y) / 3;
    const a = handle(from, before, to, longest);
    const b = handle(to, after, from, longest);
    parts.push(`C${text(a)} ${text(b)} ${text(to)}`);
  }
  return parts.join("");
}

/** The control point beside `at`, away from `behind` and towards `ahead`. */
function handle(at: Point, behind: Point, ahead: Point, longest: number): Point {
  const [dx, dy] = [(ahead.x - behind.x) / 6, (ahead.y - behind.y) / 6];
  const k = Math.min(1, longest / Math.max(1e-9, Math.hypot(dx, dy)));
  return { x: at.x + k * dx, y: at.y + k * dy };
}

const meets = (a: Point, b: Point): boolean => a.x === b.x && a.y === b.y;
