/** The outer boundary of a component, and how far it is from a disc; see `outline.py`. */

import type { Mask } from '../plane';
import type { MmPerPixel } from '../readers/region/calibratedRegion';
import { fillHoles } from '../transforms/fillHoles';
import type { Point } from './convexHull';

export interface Outline {
  /** Row and column in px of the mask; closed, the last point is the first one. */
  readonly points: readonly Point[];
  readonly circularity: number;
  readonly irregularity: number;
}

/** Trace the outer boundary of one component of 8 neighbours; its holes do not count. */
export function traceOutline(mask: Mask, centroid: Point, mm: MmPerPixel | null): Outline {
  const scale = mm ?? [1, 1];
  const filled = fillHoles(pad(mask), 1);
  let pixels = 0;
  for (const value of filled.values) pixels += value;
  const points = traceContour(filled).map(([row, column]): Point => [row - 1, column - 1]);
  const perimeter = estimatePerimeter(filled, scale);
  return {
    points,
    circularity: (4 * Math.PI * pixels * scale[0] * scale[1]) / perimeter ** 2,
    irregularity: spreadRadius(
      points.map(([row, column]): Point => [(row - centroid[0]) * scale[0], (column - centroid[1]) * scale[1]]),
    ),
  };
}

function pad({ rows, columns, values }: Mask): Mask {
  const padded = new Uint8Array((rows + 2) * (columns + 2));
  for (let row = 0; row < rows; row += 1) {
    padded.set(values.subarray(row * columns, (row + 1) * columns), (row + 1) * (columns + 2) + 1);
  }
  return { rows: rows + 2, columns: columns + 2, values: padded };
}

/**
 * Go around the mask from the middle of a pixel's edge to the next, the mask on the right-hand side.
 *
 * Pixels that touch at a corner are joined, as `find_contours` does with `fully_connected="high"`.
 */
function traceContour({ rows, columns, values }: Mask): Point[] {
  const isSet = (row: number, column: number): boolean =>
    row >= 0 && row < rows && column >= 0 && column < columns && values[row * columns + column] === 1;
  const first = values.indexOf(1);
  const start: Point = [Math.floor(first / columns), first % columns];
  // Steps to the outer neighbour: up, right, down, left; walked clockwise.
  const outward: readonly Point[] = [
    [-1, 0],
    [0, 1],
    [1, 0],
    [0, -1],
  ];
  const points: Point[] = [];
  let [row, column] = start;
  let side = 0;
  do {
    const [down, across] = outward[side]!;
    points.push([row + down / 2, column + across / 2]);
    const [aheadDown, aheadAcross] = outward[(side + 1) % 4]!;
    if (isSet(row + down + aheadDown, column + across + aheadAcross)) {
      // An inner corner, or a pixel that touches at a corner.
      [row, column] = [row + down + aheadDown, column + across + aheadAcross];
      side = (side + 3) % 4;
    } else if (isSet(row + aheadDown, column + aheadAcross)) {
      [row, column] = [row + aheadDown, column + aheadAcross];
    } else {
      side = (side + 1) % 4;
    }
  } while (row !== start[0] || column !== start[1] || side !== 0);
  points.push(points[0]!);
  return points;
}

/** Count where lines of four directions cross the boundary (Crofton's formula). */
function estimatePerimeter({ rows, columns, values }: Mask, [height, width]: MmPerPixel): number {
  const diagonal = Math.atan2(height, width);
  const betweenDiagonals = (height * width) / Math.hypot(height, width);
  const counts = [0, 0, 0, 0];
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const at = row * columns + column;
      const hasRight = column + 1 < columns;
      const hasBelow = row + 1 < rows;
      counts[0]! += Number(hasRight && values[at] !== values[at + 1]);
      counts[1]! += Number(hasBelow && values[at] !== values[at + columns]);
      counts[2]! += Number(hasRight && hasBelow && values[at] !== values[at + columns + 1]);
      counts[3]! += Number(hasRight && hasBelow && values[at + 1] !== values[at + columns]);
    }
  }
  const weights = [
    height * diagonal,
    width * (Math.PI / 2 - diagonal),
    (betweenDiagonals * Math.PI) / 4,
    (betweenDiagonals * Math.PI) / 4,
  ];
  return counts.reduce((sum, count, at) => sum + count * weights[at]!, 0) / 2;
}

/** Divide the deviation of the radius along a closed line by its mean. */
function spreadRadius(points: readonly Point[]): number {
  const count = points.length - 1;
  const steps = Array.from({ length: count }, (_, at) =>
    Math.hypot(points[at + 1]![0] - points[at]![0], points[at + 1]![1] - points[at]![1]),
  );
  const weights = steps.map((step, at) => step + steps[(at + count - 1) % count]!);
  const radius = points.slice(0, count).map((point) => Math.hypot(...point));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const average = (values: number[]): number =>
    values.reduce((sum, value, at) => sum + value * weights[at]!, 0) / total;
  const mean = average(radius);
  return Math.sqrt(average(radius.map((value) => (value - mean) ** 2))) / mean;
}
