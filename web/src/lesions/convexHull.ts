/** The convex hull of points. */

/** Row and column in px. */
export type Point = readonly [number, number];

/** Corners of the hull in order around it, without points on its edges (Andrew's monotone chain). */
export function findHull(points: readonly Point[]): Point[] {
  const sorted = [...points].sort((first, second) => first[0] - second[0] || first[1] - second[1]);
  const unique = sorted.filter(
    (point, at) => at === 0 || point[0] !== sorted[at - 1]![0] || point[1] !== sorted[at - 1]![1],
  );
  if (unique.length < 3) return unique;
  const walk = (path: readonly Point[]): Point[] => {
    const chain: Point[] = [];
    for (const point of path) {
      while (chain.length > 1 && turn(chain.at(-2)!, chain.at(-1)!, point) <= 0) chain.pop();
      chain.push(point);
    }
    return chain.slice(0, -1);
  };
  return [...walk(unique), ...walk(unique.toReversed())];
}

/** Corners of the hull of the pixel centres of a mask. */
export function findMaskHull(mask: { rows: number; columns: number; values: Uint8Array }): Point[] {
  const points: Point[] = [];
  for (let row = 0; row < mask.rows; row += 1) {
    const line = mask.values.subarray(row * mask.columns, (row + 1) * mask.columns);
    const first = line.indexOf(1);
    if (first >= 0) points.push([row, first], [row, line.lastIndexOf(1)]);
  }
  return findHull(points);
}

/** Count the pixels whose centres lie within a hull or on it, by Pick's theorem. */
export function countHullPixels(hull: readonly Point[]): number {
  let [twiceArea, onEdges] = [0, 0];
  hull.forEach((corner, at) => {
    const next = hull[(at + 1) % hull.length]!;
    twiceArea += corner[0] * next[1] - corner[1] * next[0];
    onEdges += divide(Math.abs(next[0] - corner[0]), Math.abs(next[1] - corner[1]));
  });
  return Math.floor((Math.abs(twiceArea) + onEdges) / 2) + 1;
}

function turn(from: Point, over: Point, to: Point): number {
  return (over[0] - from[0]) * (to[1] - from[1]) - (over[1] - from[1]) * (to[0] - from[0]);
}

/** The greatest common divisor. */
function divide(first: number, second: number): number {
  return second === 0 ? first : divide(second, first % second);
}
