/** Zero predictions in the black around a sector, which is no tissue; see `blank_outside_sectord.py`. */

import { type Mask, maskWhere, type Plane } from '../plane';
import { labelComponents } from './labelComponents';

const DARK = 0.01;
const LEAST = 0.5;
/** Px around the black, as an edge is blurred. */
const MARGIN = 3;

/** Find the black around a sector, with a margin; null if there is none. */
export function findOutside(image: Plane): Uint8Array | null {
  const { rows, columns, values } = image;
  let [darkest, brightest] = [Infinity, -Infinity];
  for (const value of values) {
    darkest = Math.min(darkest, value);
    brightest = Math.max(brightest, value);
  }
  const limit = Math.fround(darkest + DARK * (brightest - darkest));
  if (Math.max(values[0]!, values[columns - 1]!) > limit) return null;
  const { labels, areas } = labelComponents(maskWhere(rows, columns, (at) => values[at]! <= limit), 1);
  const upper = new Set(labels.subarray(0, columns));
  upper.delete(0);
  let area = 0;
  upper.forEach((number) => (area += areas[number]!));
  if (area / values.length > 1 - LEAST) return null;
  return widen(maskWhere(rows, columns, (at) => upper.has(labels[at]!)));
}

/** Set what lies outside to 0, in place. */
export function blankOutsideSector(maps: readonly Plane[], outside: Uint8Array | null): void {
  if (!outside) return;
  for (const { values } of maps) {
    for (let at = 0; at < values.length; at += 1) if (outside[at]) values[at] = 0;
  }
}

/** Widen by the margin, by a square. */
function widen({ rows, columns, values }: Mask): Uint8Array {
  const widened = new Uint8Array(values.length);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      if (!values[row * columns + column]) continue;
      const bottom = Math.min(row + MARGIN, rows - 1);
      const right = Math.min(column + MARGIN, columns - 1);
      for (let line = Math.max(row - MARGIN, 0); line <= bottom; line += 1) {
        const start = line * columns;
        widened.fill(1, start + Math.max(column - MARGIN, 0), start + right + 1);
      }
    }
  }
  return widened;
}
