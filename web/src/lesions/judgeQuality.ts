/** Why the mask of an image may be poor; see `judge_quality.py`. */

import { type Box, hasAny, type Mask, type Plane } from '../plane';
import { MOST_COLOURED } from '../readers/findColoured';
import { type CalibratedRegion, listBoxes } from '../readers/region/calibratedRegion';

/** Doubtful over lesion pixels above which masks are poor. */
export const MOST_BOUNDARY_UNCERTAINTY = 0.5;

const [DARK, BRIGHT] = [8, 254];
const [MOST_DARK, MOST_BRIGHT] = [0.98, 0.25];

/**
 * Say what speaks against a mask; nothing if nothing does.
 *
 * @param image null where nothing separates tissue from text, so that its brightness says nothing.
 * @param coloured share of it that is drawn over in colour, 0 to 1.
 */
export function judgeQuality(
  image: Plane | null,
  mask: Mask,
  regions: readonly CalibratedRegion[],
  boundaryUncertainty: number,
  coloured = 0,
): string[] {
  const remarks: string[] = [];
  let [pixels, dark, bright] = [0, 0, 0];
  for (const [top, left, bottom, right] of image ? regions.flatMap(listBoxes) : []) {
    for (let row = top; row < bottom; row += 1) {
      for (let at = row * image!.columns + left; at < row * image!.columns + right; at += 1) {
        pixels += 1;
        dark += Number(image!.values[at]! < DARK);
        bright += Number(image!.values[at]! >= BRIGHT);
      }
    }
  }
  if (image && dark > MOST_DARK * (pixels || 1)) remarks.push('empty');
  if (bright > MOST_BRIGHT * (pixels || 1)) remarks.push('saturated');
  if (coloured > MOST_COLOURED) remarks.push('coloured');
  if (hasAny(mask) && boundaryUncertainty > MOST_BOUNDARY_UNCERTAINTY) remarks.push('uncertain boundary');
  if (regions.some((region) => touchesBorder(mask, region))) remarks.push('touches the border');
  return remarks;
}

function touchesBorder(mask: Mask, region: CalibratedRegion): boolean {
  const boxes = listBoxes(region);
  const holds = (row: number, column: number): boolean =>
    boxes.some((box: Box) => row >= box[0] && row < box[2] && column >= box[1] && column < box[3]);
  const [top, left, bottom, right] = region.box;
  const isEdge = (row: number, column: number): boolean =>
    holds(row, column) &&
    !(holds(row - 1, column) && holds(row + 1, column) && holds(row, column - 1) && holds(row, column + 1));
  for (let row = top; row < bottom; row += 1) {
    for (let column = left; column < right; column += 1) {
      if (mask.values[row * mask.columns + column] && isEdge(row, column)) return true;
    }
  }
  return false;
}
