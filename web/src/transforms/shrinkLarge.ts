/** Segment a large image on a coarser grid, in a small part of the memory; see `shrink_larged.py`. */

import { type Box, makePlane, type Plane } from '../plane';
import type { CalibratedRegion } from '../readers/region/calibratedRegion';

/** Pixels of a frame from which memory counts more than the last digit of a value. */
const LARGE_IMAGE_PX = 10_000_000;
/** Pixels that are left at most. */
const COARSE_PX = 4_000_000;

/** Find the side in px of the squares that are averaged, a power of 2; 1 leaves the image alone. */
export function findStep({ rows, columns }: Plane): number {
  if (rows * columns <= LARGE_IMAGE_PX) return 1;
  let step = 2;
  while (rows * columns > COARSE_PX * step ** 2) step *= 2;
  return step;
}

/** Take the means of squares; lines at the lower and right border that fill none are left out. */
export function shrinkPlane(image: Plane, step: number): Plane {
  if (step === 1) return image;
  const shrunk = makePlane(Math.floor(image.rows / step), Math.floor(image.columns / step));
  const sums = new Float64Array(shrunk.columns);
  for (let row = 0; row < shrunk.rows; row += 1) {
    sums.fill(0);
    for (let line = row * step; line < (row + 1) * step; line += 1) {
      const start = line * image.columns;
      for (let column = 0; column < shrunk.columns * step; column += 1) {
        sums[Math.floor(column / step)]! += image.values[start + column]!;
      }
    }
    shrunk.values.set(sums.map((sum) => sum / step ** 2), row * shrunk.columns);
  }
  return shrunk;
}

/** Give the region in the picture whose pixels are squares of the former ones. */
export function shrinkRegion(region: CalibratedRegion, step: number): CalibratedRegion {
  if (step === 1) return region;
  const mm = region.mmPerPixel;
  return {
    ...region,
    box: shrinkBox(region.box, step),
    mmPerPixel: mm && [mm[0] * step, mm[1] * step],
    parts: region.parts.map((box) => shrinkBox(box, step)),
  };
}

/** Give the squares that lie within a box as a whole, but one at least. */
function shrinkBox([top, left, bottom, right]: Box, step: number): Box {
  const [row, column] = [Math.ceil(top / step), Math.ceil(left / step)];
  return [row, column, Math.max(Math.floor(bottom / step), row + 1), Math.max(Math.floor(right / step), column + 1)];
}
