/** Mask of what is likely for its image. */

import { type Mask, maskWhere, type Plane } from '../plane';

/** Cut a map at a share of the image's own lesion probability. */
export function relativeThreshold(map: Plane, share: number, probability: number): Mask {
  const least = Math.fround(share * Math.fround(probability));
  return maskWhere(map.rows, map.columns, (at) => map.values[at]! >= least);
}
