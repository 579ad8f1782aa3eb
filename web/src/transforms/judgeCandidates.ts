/** Keep silent about what is outlined and probably no lesion. */

import type { PlattScale } from '../lesions/plattScale';
import type { Mask, Plane } from '../plane';
import { labelComponents } from './labelComponents';

/** A connected component of a mask, and its probability of being a lesion. */
export interface Candidates {
  /** (H, W), the number of the candidate from 1, 0 elsewhere. */
  readonly labels: Int32Array;
  /** By that number, 0 to 1. */
  readonly probabilities: readonly number[];
  /** That of the image: of its most probable candidate, 0 if nothing is outlined. */
  readonly probability: number;
}

/** Judge each candidate; of a network without a channel for presence the image's probability counts. */
export function judgeCandidates(
  mask: Mask,
  presence: Plane | null,
  scale: PlattScale,
  imageProbability: number,
): Candidates {
  const { labels, areas } = labelComponents(mask, 2);
  if (!presence) {
    return { labels, probabilities: areas.map(() => imageProbability), probability: imageProbability };
  }
  const sums = areas.map(() => 0);
  labels.forEach((number, at) => number && (sums[number]! += presence.values[at]!));
  const probabilities = areas.map((area, number) => (number ? scale.judge(sums[number]! / area) : 0));
  return { labels, probabilities, probability: Math.max(...probabilities) };
}

/** Clear the candidates whose probability is below the operating point. */
export function keepProbable(mask: Mask, candidates: Candidates, threshold: number): Mask {
  const least = Math.fround(threshold);
  const isKept = candidates.probabilities.map((each) => Math.fround(each) >= least);
  const values = Uint8Array.from(candidates.labels, (number) => Number(number > 0 && isKept[number]));
  return { rows: mask.rows, columns: mask.columns, values };
}
