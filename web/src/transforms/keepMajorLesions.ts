/** Drop specks beside a lesion. */

import { type Mask, maskWhere } from '../plane';
import { labelComponents } from './labelComponents';

/** Clear the components (8 neighbours) that are small against the largest one. */
export function keepMajorLesions(mask: Mask, share: number): Mask {
  const { labels, areas } = labelComponents(mask, 2);
  const least = share * Math.max(...areas);
  return maskWhere(mask.rows, mask.columns, (at) => labels[at]! > 0 && areas[labels[at]!]! >= least);
}
