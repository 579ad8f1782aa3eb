/** Keep silent about what is outlined and probably no lesion. */

import type { PlattScale } from '../lesions/plattScale';
import { type Mask, maskWhere, type Plane } from '../plane';
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
  for (let at = 0; at < labels.length; at += 1) {
    if (labels[at]) sums[labels[at]!]! += presence.values[at]!;
  }
  const probabilities = areas.map((area, number) => (number ? scale.judge(sums[number]! / area) : 0));
  return { labels, probabilities, probability: Math.max(...probabilities) };
}

/** Clear the candidates whose probability is below the operating point. */
export function keepProbable(mask: Mask, candidates: Candidates, threshold: number): Mask {
  const least = Math.fround(threshold);
  const isKept = candidates.probabilities.map((each) => Math.fround(each) >= least);
  return maskWhere(mask.rows, mask.columns, (at) => candidates.labels[at]! > 0 && isKept[candidates.labels[at]!]!);
}
