/** Blacken what lies outside the ultrasound: it may name the patient. */

import type { Box, Plane } from '../plane';

/** Keep what lies in one of the boxes, and set the rest to 0; the size stays. */
export function blankOutsideRegion(image: Plane, boxes: readonly Box[]): Plane {
  const { rows, columns } = image;
  const isWhole = boxes.some(([t, l, b, r]) => t === 0 && l === 0 && b === rows && r === columns);
  if (isWhole) return image;
  const values = new Float32Array(image.values.length);
  for (const [top, left, bottom, right] of boxes) {
    for (let row = top; row < bottom; row += 1) {
      const [start, end] = [row * columns + left, row * columns + right];
      values.set(image.values.subarray(start, end), start);
    }
  }
  return { rows, columns, values };
}
