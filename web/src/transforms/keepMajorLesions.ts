/** Drop specks beside a lesion. */

import type { Mask } from '../plane';
import { labelComponents } from './labelComponents';

/** Clear the components (8 neighbours) that are small against the largest one. */
export function keepMajorLesions(mask: Mask, share: number): Mask {
  const { labels, areas } = labelComponents(mask, 2);
  const least = share * Math.max(...areas);
  const values = Uint8Array.from(labels, (number) => Number(number > 0 && areas[number]! >= least));
  return { rows: mask.rows, columns: mask.columns, values };
}
