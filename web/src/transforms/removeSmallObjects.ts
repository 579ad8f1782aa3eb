/** Clear small components, as MONAI's `RemoveSmallObjects`. */

import type { Mask } from '../plane';
import { labelComponents } from './labelComponents';

/** Clear the components (4 neighbours) of fewer pixels. */
export function removeSmallObjects(mask: Mask, leastPx: number): Mask {
  const { labels, areas } = labelComponents(mask, 1);
  const values = Uint8Array.from(labels, (number) => Number(number > 0 && areas[number]! >= leastPx));
  return { rows: mask.rows, columns: mask.columns, values };
}
