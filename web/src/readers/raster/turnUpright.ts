/** Turn a picture as its orientation tag says. */

import { makePlane, type Plane } from '../../plane';

/** Turn from how it is stored to how it is seen; 1 to 8 of EXIF, every other number says nothing. */
export function turnUpright(image: Plane, orientation: number): Plane {
  if (orientation < 2 || orientation > 8) return image;
  const isTurned = orientation >= 5;
  const isUpsideDown = [3, 4, 7, 8].includes(orientation);
  const isMirrored = [2, 3, 6, 7].includes(orientation);
  const seen = isTurned
    ? makePlane(image.columns, image.rows)
    : makePlane(image.rows, image.columns);
  for (let row = 0; row < seen.rows; row += 1) {
    for (let column = 0; column < seen.columns; column += 1) {
      const down = isUpsideDown ? seen.rows - 1 - row : row;
      const across = isMirrored ? seen.columns - 1 - column : column;
      const from = isTurned ? across * image.columns + down : down * image.columns + across;
      seen.values[row * seen.columns + column] = image.values[from]!;
    }
  }
  return seen;
}
