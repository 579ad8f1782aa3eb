/** Clear small components, as MONAI's `RemoveSmallObjects`. */

import { type Mask, maskWhere } from '../plane';
import { labelComponents } from './labelComponents';

/** Clear the components (4 neighbours) of fewer pixels. */
export function removeSmallObjects(mask: Mask, leastPx: number): Mask {
  const { labels, areas } = labelComponents(mask, 1);
  return maskWhere(mask.rows, mask.columns, (at) => labels[at]! > 0 && areas[labels[at]!]! >= leastPx);
}
