/** Arrays of one frame: rows from the top, columns from the left. */

/** First row, first column, last row + 1, last column + 1 in px. */
export type Box = readonly [number, number, number, number];

/** (H, W) float32: grey values from 0 (black) to 255 (white), or probabilities from 0 to 1. */
export interface Plane {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float32Array;
}

/** (H, W), 0 or 1. */
export interface Mask {
  readonly rows: number;
  readonly columns: number;
  readonly values: Uint8Array;
}

export function makePlane(rows: number, columns: number): Plane {
  return { rows, columns, values: new Float32Array(rows * columns) };
}

export function makeMask(rows: number, columns: number): Mask {
  return { rows, columns, values: new Uint8Array(rows * columns) };
}

/** Make a mask of the pixels for which something holds; a loop, as `from` and `map` take many times as long. */
export function maskWhere(rows: number, columns: number, holds: (at: number) => boolean): Mask {
  const mask = makeMask(rows, columns);
  for (let at = 0; at < mask.values.length; at += 1) if (holds(at)) mask.values[at] = 1;
  return mask;
}

/** Copy what lies in a box. */
export function cropPlane(plane: Plane, box: Box): Plane {
  const [top, left, bottom, right] = box;
  const cropped = makePlane(bottom - top, right - left);
  for (let row = top; row < bottom; row += 1) {
    const line = plane.values.subarray(row * plane.columns + left, row * plane.columns + right);
    cropped.values.set(line, (row - top) * cropped.columns);
  }
  return cropped;
}

/** Put a plane into a larger one, at the place of a box; the rest stays as it is. */
export function placePlane(part: Plane, box: Box, whole: Plane): void {
  for (let row = 0; row < part.rows; row += 1) {
    const line = part.values.subarray(row * part.columns, (row + 1) * part.columns);
    whole.values.set(line, (row + box[0]) * whole.columns + box[1]);
  }
}

export function hasAny(mask: Mask): boolean {
  return mask.values.includes(1);
}

/** Box around all pixels that are set; null if there is none. */
export function findExtent(mask: Mask): Box | null {
  const { rows, columns, values } = mask;
  let top = rows;
  let left = columns;
  let bottom = 0;
  let right = 0;
  for (let row = 0; row < rows; row += 1) {
    const start = row * columns;
    const first = values.indexOf(1, start);
    if (first < 0 || first >= start + columns) {
      if (first < 0) break;
      continue;
    }
    top = Math.min(top, row);
    bottom = row + 1;
    left = Math.min(left, first - start);
    right = Math.max(right, values.lastIndexOf(1, start + columns - 1) - start + 1);
  }
  return bottom > top ? [top, left, bottom, right] : null;
}
