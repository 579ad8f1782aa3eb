/** From a frame to what the network finds in it: the pre- and post-processing of the bundle. */

import type { Network } from './inferers/network';
import { PlattScale } from './lesions/plattScale';
import { cropPlane, makePlane, type Mask, placePlane, type Plane } from './plane';
import { type CalibratedRegion, listBoxes } from './readers/region/calibratedRegion';
import type { GreyImage } from './readers/imageSource';
import type { Settings } from './settings';
import { blankOutsideRegion } from './transforms/blankOutsideRegion';
import { blankOutsideSector, findOutside } from './transforms/blankOutsideSector';
import { fillColoured } from './transforms/fillColoured';
import { fillHoles } from './transforms/fillHoles';
import { gaussianSmooth } from './transforms/gaussianSmooth';
import { type Candidates, judgeCandidates } from './transforms/judgeCandidates';
import { keepMajorLesions } from './transforms/keepMajorLesions';
import { lesionProbability } from './transforms/lesionProbability';
import { normalizeIntensity } from './transforms/normalizeIntensity';
import { boundaryUncertainty } from './transforms/boundaryUncertainty';
import { relativeThreshold } from './transforms/relativeThreshold';
import { removeSmallObjects } from './transforms/removeSmallObjects';
import { enlarge, resizeSmoothly } from './transforms/resizeSmoothly';
import { findStep, shrinkPlane, shrinkRegion } from './transforms/shrinkLarge';

/** What was found in all B-mode images of a frame, on a grid of squares where it is large. */
export interface SegmentedParts {
  /** Side of a square in px, 1 but for large frames. */
  readonly step: number;
  /** Rows and columns of the source. */
  readonly shape: readonly [number, number];
  /** Grey values from 0 to 255, a square each. */
  readonly frame: Plane;
  /** Largest share of a B-mode image that is drawn over in colour. */
  readonly coloured: number;
  readonly parts: readonly SegmentedPart[];
}

/** What was found in one B-mode image, at the size of the whole grid, before candidates are judged. */
export interface SegmentedPart {
  readonly region: CalibratedRegion;
  /** All candidates, whatever their probability. */
  readonly mask: Mask;
  readonly candidates: Candidates;
  readonly probability: Plane;
  readonly malignancy: Plane | null;
  readonly boundaryUncertainty: number;
}

export class Segmenter {
  constructor(
    private readonly network: Network,
    private readonly settings: Settings,
  ) {}

  /** Segment all B-mode images of a frame of grey values. */
  async segment(source: GreyImage, regions: readonly CalibratedRegion[]): Promise<SegmentedParts> {
    const step = findStep(source);
    const frame = shrinkPlane(source, step);
    const parts: SegmentedPart[] = [];
    let coloured = 0;
    for (const each of regions) {
      const region = shrinkRegion(each, step);
      const { plane, share } = fillColoured(source, each.box);
      coloured = Math.max(coloured, share);
      const input = this.prepare(plane === source ? frame : shrinkPlane(plane, step), region);
      parts.push(this.finish(await this.network(input), input, frame, region));
    }
    return { step, shape: [source.rows, source.columns], frame, coloured, parts };
  }

  /** What the network sees. */
  prepare(frame: Plane, region: CalibratedRegion): Plane {
    return normalizeIntensity(resizeSmoothly(cropPlane(frame, region.box), this.settings.imageSize));
  }

  /** From logits to candidates. */
  finish(logits: readonly Plane[], input: Plane, frame: Plane, region: CalibratedRegion): SegmentedPart {
    const { settings } = this;
    const maps = logits.map(activate);
    blankOutsideSector(maps, findOutside(input));
    const likely = lesionProbability(maps[0]!);
    const [probability, malignancy, presence] = maps.map((map) =>
      restore(gaussianSmooth(map, settings.sigma), frame, region),
    );
    const doubt = boundaryUncertainty(probability!);
    const cut = relativeThreshold(probability!, settings.threshold, likely);
    const sound = removeSmallObjects(fillHoles(cut), settings.minLesionPx);
    const mask = keepMajorLesions(sound, settings.minLesionShare);
    const { slope, offset } = settings.presenceScale;
    return {
      region,
      mask,
      candidates: judgeCandidates(mask, presence ?? null, new PlattScale(slope, offset), likely),
      probability: probability!,
      malignancy: malignancy ?? null,
      boundaryUncertainty: doubt,
    };
  }
}

function activate({ rows, columns, values }: Plane): Plane {
  return { rows, columns, values: values.map((value) => 1 / (1 + Math.exp(-value))) };
}

/** Bring a map back to the whole frame, 0 outside of its region. */
function restore(map: Plane, frame: Plane, region: CalibratedRegion): Plane {
  const [top, left, bottom, right] = region.box;
  const whole = makePlane(frame.rows, frame.columns);
  placePlane(enlarge(map, bottom - top, right - left), region.box, whole);
  return region.parts.length ? blankOutsideRegion(whole, listBoxes(region)) : whole;
}
