/** Fill what is enclosed by a mask, as MONAI's `FillHoles`. */

import type { Mask } from '../plane';

/**
 * Fill the holes; what reaches the border is none.
 *
 * @param connectivity how the background is connected: 1 by 4 neighbours, 2 by all 8, as in MONAI.
 */
export function fillHoles({ rows, columns, values }: Mask, connectivity: 1 | 2 = 2): Mask {
  const isOutside = new Uint8Array(values.length);
  const stack: number[] = [];
  const visit = (row: number, column: number): void => {
    if (row < 0 || row >= rows || column < 0 || column >= columns) return;
    const at = row * columns + column;
    if (values[at] || isOutside[at]) return;
    isOutside[at] = 1;
    stack.push(at);
  };
  for (let row = 0; row < rows; row += 1) [0, columns - 1].forEach((column) => visit(row, column));
  for (let column = 0; column < columns; column += 1) [0, rows - 1].forEach((row) => visit(row, column));
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
  return { rows, columns, values: isOutside.map((outside) => 1 - outside) };
}
