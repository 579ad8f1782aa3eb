/** Mask of what is likely for its image. */

import type { Mask, Plane } from '../plane';

/** Cut a map at a share of the image's own lesion probability. */
export function relativeThreshold(map: Plane, share: number, probability: number): Mask {
  const least = Math.fround(share * Math.fround(probability));
  const values = Uint8Array.from(map.values, (value) => Number(value >= least));
  return { rows: map.rows, columns: map.columns, values };
}
