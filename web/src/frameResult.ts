/** The result of a frame at an operating point, of all its B-mode images. */

import { enlargeLesion, enlargeMap } from './lesions/enlargeLesion';
import { judgeQuality } from './lesions/judgeQuality';
import { findLesions, type Lesion } from './lesions/lesion';
import { PlattScale } from './lesions/plattScale';
import { hasAny, makeMask, makePlane, type Mask, type Plane } from './plane';
import type { SegmentedParts } from './segmenter';
import type { Settings } from './settings';
import { keepProbable } from './transforms/judgeCandidates';

/** At the size of the source. */
export interface FrameResult {
  readonly mask: Mask;
  readonly probability: Plane;
  readonly lesions: readonly Lesion[];
  /** That there is a lesion at all, 0 to 1. */
  readonly lesionProbability: number;
  readonly boundaryUncertainty: number;
  readonly quality: readonly string[];
  /** Candidates that are less probable than the operating point. */
  readonly suppressed: readonly Lesion[];
}

/**
 * Judge the candidates of a frame, and measure those that are left.
 *
 * @param isKnown whether the file gives what of it is tissue.
 * @param threshold least probability of a candidate, the operating point.
 */
export function judgeFrame(
  { step, shape, frame, coloured, parts }: SegmentedParts,
  threshold: number,
  settings: Settings,
  isKnown = true,
): FrameResult {
  const { rows, columns } = frame;
  const mask = makeMask(rows, columns);
  const suppressed = makeMask(rows, columns);
  const presence = makePlane(rows, columns);
  const masks = parts.map((part) => keepProbable(part.mask, part.candidates, threshold));
  parts.forEach(({ candidates: { labels, probabilities } }, number) => {
    const kept = masks[number]!.values;
    for (let at = 0; at < labels.length; at += 1) {
      const candidate = labels[at]!;
      if (!candidate) continue;
      (kept[at] ? mask : suppressed).values[at] = 1;
      presence.values[at] = Math.max(presence.values[at]!, probabilities[candidate]!);
    }
  });
  for (let at = 0; at < suppressed.values.length; at += 1) {
    if (mask.values[at]) suppressed.values[at] = 0;
  }
  const probability = joinMaps(parts.map((part) => part.probability))!;
  const malignancy = joinMaps(parts.flatMap((part) => part.malignancy ?? []));
  const isEmpty = !hasAny(mask);
  // The one with a lesion counts, whose outline may be sharp beside an empty image.
  const doubts = parts.filter((_, at) => isEmpty || hasAny(masks[at]!)).map((part) => part.boundaryUncertainty);
  const boundaryUncertainty = Math.max(...doubts);
  const regions = parts.map((part) => part.region);
  const { slope, offset } = settings.malignancyScale;
  const judgements = { probability, presence, malignancy, malignancyScale: new PlattScale(slope, offset) };
  const measure = (found: Mask): Lesion[] =>
    findLesions(found, judgements, regions).map((lesion) => enlargeLesion(lesion, step));
  const [height, width] = shape;
  return {
    mask: { rows: height, columns: width, values: enlargeMap(mask.values, columns, step, shape) },
    probability: { rows: height, columns: width, values: enlargeMap(probability.values, columns, step, shape) },
    lesions: measure(mask),
    lesionProbability: Math.max(...parts.map((part) => part.candidates.probability)),
    boundaryUncertainty,
    suppressed: measure(suppressed),
    quality: judgeQuality(isKnown ? frame : null, mask, regions, boundaryUncertainty, coloured),
  };
}

function joinMaps(maps: readonly Plane[]): Plane | null {
  const [first, ...others] = maps;
  if (!first || !others.length) return first ?? null;
  const values = first.values.slice();
  for (const other of others) {
    for (let at = 0; at < values.length; at += 1) values[at] = Math.max(values[at]!, other.values[at]!);
  }
  return { ...first, values };
}
