/** One connected lesion of a mask, in px of the source image; see `lesion.py`. */

import { type Box, findExtent, type Mask, type Plane } from '../plane';
import type { CalibratedRegion, MmPerPixel } from '../readers/region/calibratedRegion';
import { labelComponents } from '../transforms/labelComponents';
import { countHullPixels, findMaskHull, type Point } from './convexHull';
import { type Axis, measureAxes } from './measureAxes';
import { traceOutline } from './outline';
import type { PlattScale } from './plattScale';

/** Ratio of depth to width from which a mass is round, but for rounding. */
const ROUND = 1 - 1e-9;

export interface Lesion {
  /** From 1, the largest first. */
  readonly number: number;
  readonly areaPx: number;
  readonly areaMm2: number | null;
  /** That it is a lesion at all, 0 to 1. */
  readonly probability: number;
  readonly peakProbability: number;
  /** That it is malignant, 0 to 1; null if the network does not say. */
  readonly malignancy: number | null;
  readonly longAxis: Axis;
  readonly shortAxis: Axis;
  readonly depthPx: number;
  readonly depthMm: number | null;
  readonly widthPx: number;
  readonly widthMm: number | null;
  readonly depthWidthRatio: number;
  readonly orientation: 'parallel' | 'not parallel';
  readonly topDistancePx: number;
  readonly topDistanceMm: number | null;
  readonly solidity: number;
  readonly circularity: number;
  readonly irregularity: number;
  readonly centroid: Point;
  readonly box: Box;
  readonly mmPerPixel: MmPerPixel | null;
  /** Outer boundary, row and column in px; the last point is the first one. */
  readonly contour: readonly Point[];
}

/** What the network says of the pixels, (H, W), 0 to 1. */
export interface Judgements {
  readonly probability: Plane;
  /** At each lesion its probability of being one. */
  readonly presence: Plane;
  readonly malignancy: Plane | null;
  readonly malignancyScale: PlattScale;
}

/** Take a mask apart into its lesions, and measure them; the largest in px first. */
export function findLesions(
  mask: Mask,
  judgements: Judgements,
  regions: readonly CalibratedRegion[],
): Lesion[] {
  const extent = findExtent(mask);
  if (!extent) return [];
  const owners = findOwners(mask, extent, regions);
  const components = labelComponents(owners, 2);
  const boxes = findBoxes(owners, components.labels, components.areas.length);
  const lesions = boxes.map((box, number) => {
    const part = cut(owners, components.labels, box, number + 1);
    const [top, left] = [extent[0] + box[0], extent[1] + box[1]];
    const place: Box = [top, left, top + part.mask.rows, left + part.mask.columns];
    const region = regions[part.owner - 1] ?? null;
    const own = region && isWithin(part.mask, place, region.box) ? region : null;
    return measure(part.mask, place, own, judgements);
  });
  return lesions
    .sort((first, second) => second.areaPx - first.areaPx || compare(first.box, second.box))
    .map((lesion, at) => ({ ...lesion, number: at + 1 }));
}

/** Give each pixel of the mask the number from 1 of the region nearest to it. */
function findOwners(mask: Mask, [top, left, bottom, right]: Box, regions: readonly CalibratedRegion[]): Mask {
  const [rows, columns] = [bottom - top, right - left];
  const values = new Uint8Array(rows * columns);
  const away = (at: number, first: number, end: number): number => Math.max(first - at, at - (end - 1), 0);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      if (!mask.values[(row + top) * mask.columns + column + left]) continue;
      let [owner, least] = [1, Infinity];
      regions.forEach(({ box }, number) => {
        const square = away(row + top, box[0], box[2]) ** 2 + away(column + left, box[1], box[3]) ** 2;
        if (square < least) [owner, least] = [number + 1, square];
      });
      values[row * columns + column] = owner;
    }
  }
  return { rows, columns, values };
}

function findBoxes({ columns }: Mask, labels: Int32Array, count: number): Box[] {
  const boxes = Array.from({ length: count }, () => [Infinity, Infinity, 0, 0]);
  labels.forEach((number, at) => {
    const box = boxes[number]!;
    const [row, column] = [Math.floor(at / columns), at % columns];
    box[0] = Math.min(box[0]!, row);
    box[1] = Math.min(box[1]!, column);
    box[2] = Math.max(box[2]!, row + 1);
    box[3] = Math.max(box[3]!, column + 1);
  });
  return boxes.slice(1) as unknown as Box[];
}

function cut(owners: Mask, labels: Int32Array, box: Box, number: number): { mask: Mask; owner: number } {
  const [rows, columns] = [box[2] - box[0], box[3] - box[1]];
  const values = new Uint8Array(rows * columns);
  let owner = 0;
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const at = (row + box[0]) * owners.columns + column + box[1];
      if (labels[at] !== number) continue;
      values[row * columns + column] = 1;
      owner ||= owners.values[at]!;
    }
  }
  return { mask: { rows, columns, values }, owner };
}

function isWithin(mask: Mask, place: Box, region: Box): boolean {
  let [inside, all] = [0, 0];
  mask.values.forEach((value, at) => {
    if (!value) return;
    const row = place[0] + Math.floor(at / mask.columns);
    const column = place[1] + (at % mask.columns);
    all += 1;
    inside += Number(row >= region[0] && row < region[2] && column >= region[1] && column < region[3]);
  });
  return 2 * inside > all;
}

function measure(mask: Mask, box: Box, region: CalibratedRegion | null, judgements: Judgements): Lesion {
  const mm = region?.mmPerPixel ?? null;
  const [depth, width] = [mask.rows, mask.columns];
  let [area, rows, columns, presence, malignancy, peak] = [0, 0, 0, 0, 0, 0];
  mask.values.forEach((value, place) => {
    if (!value) return;
    const [row, column] = [Math.floor(place / width), place % width];
    const at = (row + box[0]) * judgements.probability.columns + column + box[1];
    area += 1;
    rows += row;
    columns += column;
    presence += judgements.presence.values[at]!;
    malignancy += judgements.malignancy?.values[at] ?? 0;
    peak = Math.max(peak, judgements.probability.values[at]!);
  });
  const centroid: Point = [rows / area, columns / area];
  const hull = findMaskHull(mask);
  const outline = traceOutline(mask, centroid, mm);
  const [longAxis, shortAxis] = measureAxes(hull, mm, [box[0], box[1]]);
  const ratio = (depth / width) * (mm ? mm[0] / mm[1] : 1);
  const topDistance = Math.max(box[0] - (region?.box[0] ?? 0), 0);
  return {
    number: 0,
    areaPx: area,
    areaMm2: mm && area * mm[0] * mm[1],
    probability: presence / area,
    peakProbability: peak,
    malignancy: judgements.malignancy && judgements.malignancyScale.judge(malignancy / area),
    longAxis,
    shortAxis,
    depthPx: depth,
    depthMm: mm && depth * mm[0],
    widthPx: width,
    widthMm: mm && width * mm[1],
    depthWidthRatio: ratio,
    orientation: ratio >= ROUND ? 'not parallel' : 'parallel',
    topDistancePx: topDistance,
    topDistanceMm: mm && topDistance * mm[0],
    solidity: area / countHullPixels(hull),
    circularity: outline.circularity,
    irregularity: outline.irregularity,
    centroid: [centroid[0] + box[0], centroid[1] + box[1]],
    box,
    mmPerPixel: mm,
    contour: outline.points.map(([row, column]): Point => [row + box[0], column + box[1]]),
  };
}

function compare(first: Box, second: Box): number {
  const at = first.findIndex((edge, place) => edge !== second[place]);
  return at < 0 ? 0 : first[at]! - second[at]!;
}
