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

/**
 * What one more costs from each size to the next. Its growth tells faster than linear from linear, whatever the start
 * costs: the exponent of a line of logarithms hides it behind that.
 */
export function marginalCosts(points: readonly Point[]): number[] {
  return points.slice(1).map(([x, y], index) => {
    const [before, cost] = points[index] ?? [Number.NaN, Number.NaN];
    return (y - cost) / (x - before);
  });
}

/** How something grows, in words. */
export type Verdict = "no growth beyond noise" | "linear at most" | "faster than linear";

/** The most that one more may cost at the end by what it costs before it, for what still counts as a line. */
const STILL_LINEAR = 1.5;

/**
 * Judges growth: what one more costs from the last size but one to the last, by what it costs up to there.
 *
 * @param noise how far measurements of one size lie apart
 */
export function verdictOf(points: readonly Point[], noise: number): Verdict {
  const [first, middle, last] = [points.at(0), points.at(-2), points.at(-1)];
  if (first === undefined || middle === undefined || last === undefined) return "no growth beyond noise";
  if (last[1] - first[1] <= noise) return "no growth beyond noise";
  const [late] = marginalCosts([middle, last]);
  const [early] = marginalCosts(first === middle ? [first, last] : [first, middle]);
  // Where nothing is seen to grow up to the middle, noise is what the end is compared with.
  const floor = noise / Math.max(1, middle[0] - first[0]);
  return (late ?? 0) <= STILL_LINEAR * Math.max(early ?? 0, floor) ? "linear at most" : "faster than linear";
}
