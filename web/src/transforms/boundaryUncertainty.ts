/** How sure the network is of where the lesion ends. */

import type { Plane } from '../plane';

/** Probabilities between which a pixel is neither lesion nor not. */
export const DOUBTFUL = [0.2, 0.8] as const;

/** Pixels that are doubtful over those that are more likely lesion than not, 0 or more. */
export function boundaryUncertainty({ values }: Plane): number {
  const [low, high] = DOUBTFUL.map(Math.fround) as [number, number];
  let [doubtful, lesion] = [0, 0];
  for (const value of values) {
    if (value > low && value < high) doubtful += 1;
    if (value > 0.5) lesion += 1;
  }
  return doubtful / Math.max(lesion, 1);
}
