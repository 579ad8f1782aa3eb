/** Long and short axis of a lesion; see `measure_axes.py`. */

import type { MmPerPixel } from '../readers/region/calibratedRegion';
import { findHull, type Point } from './convexHull';

/** A straight line across a lesion; (0, 0) is the centre of the frame's first pixel. */
export interface Axis {
  readonly start: Point;
  readonly end: Point;
  readonly lengthPx: number;
  readonly lengthMm: number | null;
}

const EDGE_MIDDLES: readonly Point[] = [
  [-0.5, 0],
  [0.5, 0],
  [0, -0.5],
  [0, 0.5],
];
const TIE = 1e-9;

/**
 * Measure the longest diameter of a lesion and the longest diameter perpendicular to it.
 *
 * @param hull corners of the convex hull of the pixel centres.
 * @param origin row and column of the frame at which the hull has its (0, 0).
 */
export function measureAxes(
  hull: readonly Point[],
  mm: MmPerPixel | null,
  origin: Point,
): [Axis, Axis] {
  const polygon = findHull(
    hull.flatMap(([row, column]) => EDGE_MIDDLES.map(([down, across]): Point => [row + down, column + across])),
  );
  const scale = mm ?? [1, 1];
  const [start, end] = findDiameter(polygon, scale);
  const scaled = polygon.map(([row, column]): Point => [row * scale[0], column * scale[1]]);
  const chord = findChord(scaled, start, end).map(([row, column]): Point => [row / scale[0], column / scale[1]]);
  return [
    makeAxis(polygon[start]!, polygon[end]!, mm, origin),
    makeAxis(chord[0]!, chord[1]!, mm, origin),
  ];
}

function findDiameter(polygon: readonly Point[], scale: MmPerPixel): [number, number] {
  const measure = (first: Point, second: Point): number =>
    ((first[0] - second[0]) * scale[0]) ** 2 + ((first[1] - second[1]) * scale[1]) ** 2;
  let longest = 0;
  for (const first of polygon) for (const second of polygon) longest = Math.max(longest, measure(first, second));
  let best: [number, number] = [0, 0];
  let bestKey: number[] | null = null;
  polygon.forEach((first, from) =>
    polygon.forEach((second, to) => {
      if (measure(first, second) < longest * (1 - TIE)) return;
      const key = [...first, ...second];
      if (bestKey === null || isBefore(key, bestKey)) [best, bestKey] = [[from, to], key];
    }),
  );
  return best;
}

function isBefore(first: readonly number[], second: readonly number[]): boolean {
  const at = first.findIndex((value, place) => value !== second[place]);
  return at >= 0 && first[at]! < second[at]!;
}

/** Find the longest chord perpendicular to a diameter; it is one at some corner. */
function findChord(polygon: readonly Point[], start: number, end: number): [Point, Point] {
  const from = polygon[start]!;
  const length = Math.hypot(polygon[end]![0] - from[0], polygon[end]![1] - from[1]);
  const along: Point = [(polygon[end]![0] - from[0]) / length, (polygon[end]![1] - from[1]) / length];
  const across: Point = [-along[1], along[0]];
  const turned = polygon.map(([row, column]): Point => {
    const [down, right] = [row - from[0], column - from[1]];
    return [down * along[0] + right * along[1], down * across[0] + right * across[1]];
  });
  const count = polygon.length;
  const walk = (step: 1 | -1): Point[] => {
    const side: Point[] = [];
    for (let at = start; ; at = (at + step + count) % count) {
      side.push(turned[at]!);
      if (at === end) return side;
    }
  };
  const sides = [walk(1), walk(-1)];
  const cut = (position: number): [number, number] =>
    sides.map((side) => interpolate(side, position)) as [number, number];
  const lengths = turned.map(([position]) => {
    const [one, other] = cut(position);
    return Math.abs(one - other);
  });
  const longest = Math.max(...lengths);
  const places = turned.filter((_, at) => lengths[at]! >= longest * (1 - TIE)).map(([position]) => position);
  const middle = turned[end]![0] / 2;
  const position = Math.min(Math.max(middle, Math.min(...places)), Math.max(...places));
  return cut(position).map((side): Point => [
    from[0] + position * along[0] + side * across[0],
    from[1] + position * along[1] + side * across[1],
  ]) as [Point, Point];
}

/** As `numpy.interp`, on points whose first numbers rise. */
function interpolate(side: readonly Point[], position: number): number {
  if (position <= side[0]![0]) return side[0]![1];
  for (let at = 1; at < side.length; at += 1) {
    const [[before, low], [after, high]] = [side[at - 1]!, side[at]!];
    if (position <= after) return after === before ? high : low + ((position - before) / (after - before)) * (high - low);
  }
  return side.at(-1)![1];
}

function makeAxis(first: Point, second: Point, mm: MmPerPixel | null, origin: Point): Axis {
  const [down, across] = [second[0] - first[0], second[1] - first[1]];
  const ends = [first, second].map(([row, column]): Point => [row + origin[0], column + origin[1]]);
  if (isBefore(ends[1]!, ends[0]!)) ends.reverse();
  return {
    start: ends[0]!,
    end: ends[1]!,
    lengthPx: Math.hypot(down, across),
    lengthMm: mm && Math.hypot(down * mm[0], across * mm[1]),
  };
}
