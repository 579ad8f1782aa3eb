/** One probability for the whole image: the mean of the highest ones of its pixels. */

import type { Plane } from '../plane';

const PIXELS = 200;

export function lesionProbability({ values }: Plane): number {
  const highest = values.slice().sort().subarray(-PIXELS);
  return highest.reduce((sum, value) => sum + value, 0) / highest.length;
}
