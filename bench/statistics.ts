/** The middle of some numbers, the mean of the two middle ones where their count is even; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = Number.NaN, high = Number.NaN] =
    sorted.length % 2 === 0 ? sorted.slice(middle - 1, middle + 1) : [sorted[middle], sorted[middle]];
  return (low + high) / 2;
}

/** The median of the ratios of pairs that were measured in turn: what slows the machine slows both of a pair. */
export function medianRatio(ours: readonly number[], theirs: readonly number[]): number {
  return median(ours.slice(0, theirs.length).map((value, index) => value / (theirs[index] ?? Number.NaN)));
}

/** A line through points: what one more costs, what none costs, and how much of the differences that explains. */
export interface Fit {
  readonly slope: number;
  readonly intercept: number;
  /** 1 where every point lies on the line. */
  readonly rSquared: number;
}

/** A point: the size of something, and what it costs. */
export type Point = readonly [x: number, y: number];

/** The line of least squares. */
export function fit(points: readonly Point[]): Fit {
  const mean = (of: 0 | 1) => points.reduce((sum, point) => sum + point[of], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const sum = (of: (dx: number, dy: number) => number) =>
    points.reduce((sum, point) => sum + of(point[0] - x, point[1] - y), 0);
  const [xx, xy, yy] = [sum((dx) => dx * dx), sum((dx, dy) => dx * dy), sum((_, dy) => dy * dy)];
  const slope = xy / xx;
  return { slope, intercept: y - slope * x, rSquared: yy === 0 ? 1 : (slope * xy) / yy };
}

/** The exponent with which something grows: the slope of the logarithms. 1 is linear, 2 quadratic. */
export function exponent(points: readonly Point[]): number {
  return fit(points.map(([x, y]) => [Math.log(x), Math.log(y)] as const)).slope;
}
