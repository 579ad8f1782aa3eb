/** The result of a frame at an operating point, of all its B-mode images. */

import { judgeQuality } from './lesions/judgeQuality';
import { findLesions, type Lesion } from './lesions/lesion';
import { PlattScale } from './lesions/plattScale';
import { hasAny, makeMask, makePlane, type Mask, type Plane } from './plane';
import type { CalibratedRegion } from './readers/region/calibratedRegion';
import type { SegmentedPart } from './segmenter';
import type { Settings } from './settings';
import { keepProbable } from './transforms/judgeCandidates';

export interface FrameResult {
  readonly mask: Mask;
  readonly probability: Plane;
  readonly lesions: readonly Lesion[];
  readonly regions: readonly CalibratedRegion[];
  /** That there is a lesion at all, 0 to 1. */
  readonly lesionProbability: number;
  readonly outlineDoubt: number;
  readonly quality: readonly string[];
  /** Probability of each candidate that is not shown. */
  readonly leftOut: readonly number[];
}

/**
 * Judge the candidates of a frame, and measure those that are left.
 *
 * @param isKnown whether the file tells what of it is tissue.
 * @param threshold least probability of a candidate, the operating point.
 */
export function judgeFrame(
  frame: Plane,
  parts: readonly SegmentedPart[],
  threshold: number,
  settings: Settings,
  isKnown = true,
): FrameResult {
  const { rows, columns } = frame;
  const mask = makeMask(rows, columns);
  const presence = makePlane(rows, columns);
  const masks = parts.map((part) => keepProbable(part.mask, part.candidates, threshold));
  masks.forEach((part, number) => {
    const { labels, probabilities } = parts[number]!.candidates;
    part.values.forEach((value, at) => {
      if (!value) return;
      mask.values[at] = 1;
      presence.values[at] = Math.max(presence.values[at]!, probabilities[labels[at]!]!);
    });
  });
  const probability = joinMaps(parts.map((part) => part.probability))!;
  const malignancy = joinMaps(parts.flatMap((part) => part.malignancy ?? []));
  const isEmpty = !hasAny(mask);
  // The one with a lesion counts, whose outline may be sharp beside an empty image.
  const doubts = parts.filter((_, at) => isEmpty || hasAny(masks[at]!)).map((part) => part.outlineDoubt);
  const outlineDoubt = Math.max(...doubts);
  const regions = parts.map((part) => part.region);
  const { slope, offset } = settings.malignancyScale;
  const judgements = { probability, presence, malignancy, malignancyScale: new PlattScale(slope, offset) };
  return {
    mask,
    probability,
    lesions: findLesions(mask, judgements, regions),
    regions,
    lesionProbability: Math.max(...parts.map((part) => part.candidates.probability)),
    outlineDoubt,
    leftOut: listLeftOut(parts, threshold),
    quality: judgeQuality(isKnown ? frame : null, mask, regions, outlineDoubt),
  };
}

function listLeftOut(parts: readonly SegmentedPart[], threshold: number): number[] {
  const all = parts.flatMap(({ candidates }) => candidates.probabilities.slice(1));
  return all.filter((each) => Math.fround(each) < Math.fround(threshold)).sort((a, b) => b - a);
}

function joinMaps(maps: readonly Plane[]): Plane | null {
  const [first, ...others] = maps;
  if (!first || !others.length) return first ?? null;
  const values = first.values.map((value, at) => Math.max(value, ...others.map((map) => map.values[at]!)));
  return { ...first, values };
}
