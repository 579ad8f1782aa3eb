/** Bring what was found on a coarser grid back to the source; see `enlarge_lesion.py`. */

import type { Point } from './convexHull';
import type { Lesion } from './lesion';
import type { Axis } from './measureAxes';

/** Give the lesion in the image whose squares were pixels; what is in mm or a share stays. */
export function enlargeLesion(lesion: Lesion, step: number): Lesion {
  if (step === 1) return lesion;
  const { mmPerPixel: mm, box } = lesion;
  return {
    ...lesion,
    areaPx: lesion.areaPx * step ** 2,
    longAxis: enlargeAxis(lesion.longAxis, step),
    shortAxis: enlargeAxis(lesion.shortAxis, step),
    depthPx: lesion.depthPx * step,
    widthPx: lesion.widthPx * step,
    topDistancePx: lesion.topDistancePx * step,
    centroid: enlargePoint(lesion.centroid, step),
    box: [box[0] * step, box[1] * step, box[2] * step, box[3] * step],
    mmPerPixel: mm && [mm[0] / step, mm[1] / step],
    contour: lesion.contour.map((point) => enlargePoint(point, step)),
  };
}

/**
 * Give each pixel the value of its square.
 *
 * @param values (h, w).
 * @param columns w, of the coarse grid.
 * @param shape rows and columns of the source; 0 is where lines at its border fill no square.
 */
export function enlargeMap<T extends Uint8Array | Float32Array>(
  values: T,
  columns: number,
  step: number,
  shape: readonly [number, number],
): T {
  if (step === 1) return values;
  const enlarged = new (values.constructor as new (length: number) => T)(shape[0] * shape[1]);
  for (let row = 0; row < (values.length / columns) * step; row += 1) {
    const start = Math.floor(row / step) * columns;
    for (let column = 0; column < columns * step; column += 1) {
      enlarged[row * shape[1] + column] = values[start + Math.floor(column / step)]!;
    }
  }
  return enlarged;
}

function enlargeAxis(axis: Axis, step: number): Axis {
  return {
    ...axis,
    start: enlargePoint(axis.start, step),
    end: enlargePoint(axis.end, step),
    lengthPx: axis.lengthPx * step,
  };
}

/** Move a place on the grid on which 0 is the middle of the first square. */
function enlargePoint([row, column]: Point, step: number): Point {
  return [(row + 0.5) * step - 0.5, (column + 0.5) * step - 0.5];
}
