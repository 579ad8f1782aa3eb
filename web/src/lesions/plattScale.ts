/** From a channel of the network to a probability. */

const LEAST = 1e-6;

/** Platt's scaling of the mean over a lesion: `sigmoid(slope * logit(mean) + offset)`. */
export class PlattScale {
  constructor(
    readonly slope: number,
    readonly offset: number,
  ) {}

  /** Scale a mean from 0 to 1; six digits, so that sums in another order give the same. */
  judge(mean: number): number {
    const bounded = Math.min(Math.max(mean, LEAST), 1 - LEAST);
    const logit = Math.log(bounded / (1 - bounded));
    const probability = 1 / (1 + Math.exp(-this.slope * logit - this.offset));
    return Math.round(probability * 1e6) / 1e6;
  }
}
