/** Make an image smaller without aliasing, and a map larger; see `resize_smoothlyd.py`. */

import { makePlane, type Plane } from '../plane';
import { makeGaussian } from './gaussianSmooth';

/** The weights of one row of a sparse matrix, from its first column on. */
interface Row {
  readonly first: number;
  readonly weights: Float64Array;
}

/** Resize, smoothing along each axis that becomes shorter. */
export function resizeSmoothly(image: Plane, [height, width]: readonly [number, number]): Plane {
  const across = multiplyRows(image, makeMatrix(image.columns, width));
  return multiplyColumns(across, makeMatrix(image.rows, height));
}

/** Bring a map back to the size that its image had: bilinear, without smoothing. */
export function enlarge(map: Plane, rows: number, columns: number): Plane {
  const across = interpolate(map.columns, columns);
  const down = interpolate(map.rows, rows);
  const enlarged = makePlane(rows, columns);
  const { values } = map;
  for (let row = 0; row < rows; row += 1) {
    const [upper, lower] = [down.first[row]! * map.columns, down.second[row]! * map.columns];
    const share = down.share[row]!;
    for (let column = 0; column < columns; column += 1) {
      const [left, right] = [across.first[column]!, across.second[column]!];
      const part = across.share[column]!;
      const above = values[upper + left]! * (1 - part) + values[upper + right]! * part;
      const below = values[lower + left]! * (1 - part) + values[lower + right]! * part;
      enlarged.values[row * columns + column] = above * (1 - share) + below * share;
    }
  }
  return enlarged;
}

function interpolate(before: number, after: number): { first: Int32Array; second: Int32Array; share: Float32Array } {
  const scale = Math.fround(before / after);
  const first = new Int32Array(after);
  const second = new Int32Array(after);
  const share = new Float32Array(after);
  for (let at = 0; at < after; at += 1) {
    const place = Math.max(0, Math.fround(scale * (at + 0.5) - 0.5));
    first[at] = Math.min(Math.floor(place), before - 1);
    second[at] = Math.min(first[at]! + 1, before - 1);
    share[at] = place - first[at]!;
  }
  return { first, second, share };
}

function makeMatrix(before: number, after: number): Row[] {
  const scale = before / after;
  const kernel = makeGaussian(Math.max(0, (scale - 1) / 2));
  const reach = (kernel.length - 1) / 2;
  return Array.from({ length: after }, (_, at) => {
    const place = Math.max(0, (at + 0.5) * scale - 0.5);
    const first = Math.min(Math.floor(place), before - 1);
    const second = Math.min(first + 1, before - 1);
    const share = place - first;
    // Beyond the image there is 0: what lies there is cut off.
    const start = Math.max(0, first - reach);
    const end = Math.min(before, second + reach + 1);
    const weights = new Float64Array(end - start);
    for (let offset = -reach; offset <= reach; offset += 1) {
      const weight = kernel[offset + reach]!;
      for (const [index, part] of [[first, 1 - share], [second, share]] as const) {
        const to = index + offset - start;
        if (to >= 0 && to < weights.length) weights[to]! += weight * part;
      }
    }
    return { first: start, weights: weights.map(Math.fround) };
  });
}

function multiplyRows(image: Plane, matrix: readonly Row[]): Plane {
  const product = makePlane(image.rows, matrix.length);
  for (let row = 0; row < image.rows; row += 1) {
    const start = row * image.columns;
    matrix.forEach(({ first, weights }, column) => {
      let sum = 0;
      for (let at = 0; at < weights.length; at += 1) sum += weights[at]! * image.values[start + first + at]!;
      product.values[row * matrix.length + column] = sum;
    });
  }
  return product;
}

function multiplyColumns(image: Plane, matrix: readonly Row[]): Plane {
  const product = makePlane(matrix.length, image.columns);
  const sums = new Float64Array(image.columns);
  matrix.forEach(({ first, weights }, row) => {
    sums.fill(0);
    weights.forEach((weight, at) => {
      const start = (first + at) * image.columns;
      for (let column = 0; column < sums.length; column += 1) {
        sums[column]! += weight * image.values[start + column]!;
      }
    });
    product.values.set(sums, row * image.columns);
  });
  return product;
}
