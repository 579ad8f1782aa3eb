/** Smooth by a Gaussian, as MONAI's `GaussianSmooth` does. */

import { makePlane, type Plane } from '../plane';

/** Standard deviations after which `monai.networks.layers.GaussianFilter` ends. */
const TRUNCATED = 4;

/** Smooth both axes; beyond the image there is 0. */
export function gaussianSmooth(image: Plane, sigma: number): Plane {
  const kernel = makeGaussian(sigma);
  return smoothLines(smoothLines(image, kernel, 'rows'), kernel, 'columns');
}

/** `monai.networks.layers.gaussian_1d` with the error function; 0, 1, 0 where sigma is 0. */
export function makeGaussian(sigma: number): Float64Array {
  const single = Math.fround(sigma);
  const tail = Math.floor(Math.max(single * TRUNCATED, 0.5) + 0.5);
  const scale = 0.70710678 / single;
  return Float64Array.from({ length: 2 * tail + 1 }, (_, at) => {
    const place = at - tail;
    return Math.max(0, 0.5 * (erf(scale * (place + 0.5)) - erf(scale * (place - 0.5))));
  });
}

/** The error function, by its series, and by its continued fraction where that converges sooner. */
export function erf(value: number): number {
  const size = Math.abs(value);
  if (size > 6) return Math.sign(value);
  if (size < 2.5) {
    let [term, sum] = [size, size];
    for (let n = 1; n < 80; n += 1) {
      term *= (-size * size) / n;
      sum += term / (2 * n + 1);
    }
    return Math.sign(value) * (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = 0;
  for (let n = 80; n > 0; n -= 1) fraction = n / 2 / (size + fraction);
  return Math.sign(value) * (1 - Math.exp(-size * size) / Math.sqrt(Math.PI) / (size + fraction));
}

function smoothLines(image: Plane, kernel: Float64Array, axis: 'rows' | 'columns'): Plane {
  const { rows, columns } = image;
  const reach = (kernel.length - 1) / 2;
  const [count, step] = axis === 'rows' ? [rows, columns] : [columns, 1];
  const smoothed = makePlane(rows, columns);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const place = axis === 'rows' ? row : column;
      const at = row * columns + column;
      let sum = 0;
      const end = Math.min(reach, count - 1 - place);
      for (let offset = Math.max(-reach, -place); offset <= end; offset += 1) {
        sum += kernel[offset + reach]! * image.values[at + offset * step]!;
      }
      smoothed.values[at] = sum;
    }
  }
  return smoothed;
}
