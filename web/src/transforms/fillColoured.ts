/** Fill what is drawn over an image in colour by the tissue around it; see `fill_colouredd.py`. */

import type { Box, Plane } from '../plane';
import { MOST_COLOURED } from '../readers/findColoured';
import type { GreyImage } from '../readers/imageSource';

/** An image for the network, and the share of its region that is coloured. */
export interface Filled {
  readonly plane: Plane;
  readonly share: number;
}

/** Fill a region from the border of what is coloured inwards, each pixel with the mean of known neighbours. */
export function fillColoured(image: GreyImage, region: Box): Filled {
  const { rows, columns, coloured } = image;
  if (!coloured) return { plane: image, share: 0 };
  const [top, left, bottom, right] = region;
  const isUnknown = new Uint8Array(rows * columns);
  let border: number[] = [];
  for (let row = top; row < bottom; row += 1) {
    for (let at = row * columns + left; at < row * columns + right; at += 1) {
      if (coloured.values[at]) {
        isUnknown[at] = 1;
        border.push(at);
      }
    }
  }
  const share = border.length / ((bottom - top) * (right - left));
  if (!share || share > MOST_COLOURED) return { plane: image, share };
  const values = image.values.slice();
  while (border.length) {
    const [found, others]: [[number, number][], number[]] = [[], []];
    for (const at of border) {
      const mean = average(values, isUnknown, at, columns, region);
      if (mean === null) others.push(at);
      else found.push([at, mean]);
    }
    for (const [at, mean] of found) {
      values[at] = mean;
      isUnknown[at] = 0;
    }
    border = others;
  }
  return { plane: { rows, columns, values }, share };
}

/** The mean of what is known beside a pixel within the region; null if nothing is. */
function average(
  values: Float32Array,
  isUnknown: Uint8Array,
  at: number,
  columns: number,
  [top, left, bottom, right]: Box,
): number | null {
  const [row, column] = [Math.floor(at / columns), at % columns];
  let [sum, count] = [0, 0];
  for (let line = Math.max(top, row - 1); line <= Math.min(bottom - 1, row + 1); line += 1) {
    for (let beside = Math.max(left, column - 1); beside <= Math.min(right - 1, column + 1); beside += 1) {
      const neighbour = line * columns + beside;
      if (isUnknown[neighbour]) continue;
      sum += values[neighbour]!;
      count += 1;
    }
  }
  return count ? sum / count : null;
}
