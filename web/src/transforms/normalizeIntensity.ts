/** Zero mean and unit variance, as MONAI's `NormalizeIntensity`. */

import type { Plane } from '../plane';

export function normalizeIntensity({ rows, columns, values }: Plane): Plane {
  let sum = 0;
  for (const value of values) sum += value;
  const mean = sum / values.length;
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  const deviation = Math.sqrt(squares / values.length) || 1;
  return { rows, columns, values: values.map((value) => (value - mean) / deviation) };
}
