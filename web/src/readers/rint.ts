/** Grey values as levels. */

import type { Plane } from '../plane';

/** Round to whole numbers, halves to even ones, as numpy does. */
export function rint(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

/** Round to levels from 0 to 255; values beyond are clipped. */
export function toGreyLevels(image: Plane): Uint8Array {
  // Typed arrays that clamp round halves to even, too.
  const levels = new Uint8ClampedArray(image.values.length);
  levels.set(image.values);
  return new Uint8Array(levels.buffer);
}

/** Round probabilities from 0 to 1 to levels from 0 to 255. */
export function toProbabilityLevels({ values }: Plane): Uint8Array {
  const levels = new Uint8Array(values.length);
  for (let at = 0; at < levels.length; at += 1) levels[at] = Math.round(values[at]! * 255);
  return levels;
}
