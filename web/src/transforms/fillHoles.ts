/** Fill what is enclosed by a mask, as MONAI's `FillHoles`. */

import { findExtent, makeMask, type Mask } from '../plane';

/**
 * Fill the holes; what reaches the border is none.
 *
 * @param connectivity how the background is connected: 1 by 4 neighbours, 2 by all 8, as in MONAI.
 */
export function fillHoles(mask: Mask, connectivity: 1 | 2 = 2): Mask {
  const filled = makeMask(mask.rows, mask.columns);
  const extent = findExtent(mask);
  if (!extent) return filled;
  // All around the extent is background that reaches the border, and so does what touches it.
  const [top, left, bottom, right] = extent;
  const { columns, values } = mask;
  const isOutside = new Uint8Array(values.length);
  const stack: number[] = [];
  const visit = (row: number, column: number): void => {
    if (row < top || row >= bottom || column < left || column >= right) return;
    const at = row * columns + column;
    if (values[at] || isOutside[at]) return;
    isOutside[at] = 1;
    stack.push(at);
  };
  for (let row = top; row < bottom; row += 1) [left, right - 1].forEach((column) => visit(row, column));
  for (let column = left; column < right; column += 1) [top, bottom - 1].forEach((row) => visit(row, column));
  while (stack.length) {
    const at = stack.pop()!;
    const row = Math.floor(at / columns);
    const column = at - row * columns;
    for (let down = -1; down <= 1; down += 1) {
      for (let across = -1; across <= 1; across += 1) {
        if (connectivity === 2 || !down || !across) visit(row + down, column + across);
      }
    }
  }
  for (let row = top; row < bottom; row += 1) {
    for (let at = row * columns + left; at < row * columns + right; at += 1) filled.values[at] = 1 - isOutside[at]!;
  }
  return filled;
}
