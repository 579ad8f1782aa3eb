/** What is drawn over an ultrasound image in colour; see `find_coloured.py`. */

import { makeMask, type Mask, maskWhere, type Plane } from '../plane';

/** Share of a B-mode image beyond which too little tissue is left between what is coloured. */
export const MOST_COLOURED = 0.25;

/** Difference of red or blue from luma, beyond that of a tinted image, from which it is colour. */
const LEAST_COLOUR = 40;
/** Width of the edge of what is coloured. */
const EDGE_PX = 2;
/** Luma below which a tint is not measured. */
const DARK = 32;
/** One in so many rows and columns is enough to measure it. */
const STEP = 4;
const WHITE = 255;

/**
 * Find pixels in colour: blood flow, the frame around it, calipers and text.
 *
 * @param red what it has more than luma, (H, W).
 * @param blue likewise.
 */
export function findColoured(luma: Plane, red: Float32Array, blue: Float32Array): Mask | null {
  const { rows, columns, values } = luma;
  const isStrong = (difference: number): boolean => Math.abs(difference) > LEAST_COLOUR;
  const [redTint, blueTint] = [measureTint(luma, red), measureTint(luma, blue)];
  const isBeyond = (at: number, difference: Float32Array, tint: number): boolean => {
    const expected = Math.min(Math.max(values[at]! * tint, -values[at]!), WHITE - values[at]!);
    return isStrong(difference[at]!) && isStrong(difference[at]! - expected);
  };
  const coloured = maskWhere(rows, columns, (at) => isBeyond(at, red, redTint) || isBeyond(at, blue, blueTint));
  return coloured.values.includes(1) ? widen(coloured) : null;
}

/** The median of a difference over luma, as a picture may be tinted as a whole. */
function measureTint({ rows, columns, values }: Plane, difference: Float32Array): number {
  const ratios: number[] = [];
  for (let row = 0; row < rows; row += STEP) {
    for (let at = row * columns; at < (row + 1) * columns; at += STEP) {
      if (values[at]! >= DARK) ratios.push(difference[at]! / values[at]!);
    }
  }
  if (!ratios.length) return 0;
  const sorted = Float32Array.from(ratios).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function widen({ rows, columns, values }: Mask): Mask {
  const wide = makeMask(rows, columns);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      if (!values[row * columns + column]) continue;
      for (let line = Math.max(0, row - EDGE_PX); line <= Math.min(rows - 1, row + EDGE_PX); line += 1) {
        const start = line * columns;
        wide.values.fill(1, start + Math.max(0, column - EDGE_PX), start + Math.min(columns - 1, column + EDGE_PX) + 1);
      }
    }
  }
  return wide;
}
