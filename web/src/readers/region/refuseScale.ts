/** Whether a size of pixels can be that of breast ultrasound. */

import type { MmPerPixel } from './calibratedRegion';

const [FINEST_MM, COARSEST_MM] = [0.01, 1];
const [DEEPEST_MM, WIDEST_MM, LEAST_MM] = [120, 250, 3];
const MOST_RATIO = 4;
/** Resolutions of screen and paper that programs write where they know of no other. */
const DOTS_PER_INCH = [72, 96, 100, 150, 200, 300, 600];
const MM_PER_INCH = 25.4;
const SAME_AS_DOTS = 2e-4;

/** Say why a size of pixels is not believed; empty if it is. See `refuse_scale` in Python. */
export function refuseScale(mm: MmPerPixel, size: readonly [number, number]): string {
  if (!mm.every((value) => value > 0 && value < Infinity)) {
    return 'a side of 0, below 0, infinite or no number';
  }
  if (mm.every((value) => isClose(value, 1, SAME_AS_DOTS))) {
    return '1 mm x 1 mm stands for a size that is not known';
  }
  for (const dots of DOTS_PER_INCH) {
    if (mm.every((value) => isClose(value, MM_PER_INCH / dots, SAME_AS_DOTS))) {
      return `${dots} dots per inch are those of a screen, a scanner or a printer`;
    }
  }
  if (Math.min(...mm) < FINEST_MM) return `pixels of less than ${FINEST_MM} mm`;
  if (Math.max(...mm) >= COARSEST_MM) return `pixels of ${COARSEST_MM} mm or more`;
  if (Math.max(...mm) > MOST_RATIO * Math.min(...mm)) {
    return `pixels more than ${MOST_RATIO} times as long as they are wide, or the reverse`;
  }
  const [height, width] = [mm[0] * size[0], mm[1] * size[1]];
  if (height > DEEPEST_MM) return `the image would be deeper than ${DEEPEST_MM} mm`;
  if (width > WIDEST_MM) return `the image would be wider than ${WIDEST_MM} mm`;
  if (Math.min(height, width) < LEAST_MM) {
    return `the image would measure less than ${LEAST_MM} mm`;
  }
  return '';
}

/** As `math.isclose` of Python. */
export function isClose(first: number, second: number, tolerance: number): boolean {
  return Math.abs(first - second) <= tolerance * Math.max(Math.abs(first), Math.abs(second));
}
