/** From a frame to what the network finds in it: the pre- and post-processing of the bundle. */

import type { Network } from './inferers/network';
import { PlattScale } from './lesions/plattScale';
import { cropPlane, makePlane, type Mask, placePlane, type Plane } from './plane';
import { type CalibratedRegion, listBoxes } from './readers/region/calibratedRegion';
import type { Settings } from './settings';
import { blankOutsideRegion } from './transforms/blankOutsideRegion';
import { blankOutsideSector, findOutside } from './transforms/blankOutsideSector';
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

/** What was found in one B-mode image, at the size of the whole frame, before candidates are judged. */
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

  /** Segment one B-mode image of a frame of grey values. */
  async segment(frame: Plane, region: CalibratedRegion): Promise<SegmentedPart> {
    const input = this.prepare(frame, region);
    return this.finish(await this.network(input), input, frame, region);
  }

  /** What the network sees. */
  prepare(frame: Plane, region: CalibratedRegion): Plane {
    return normalizeIntensity(resizeSmoothly(cropPlane(frame, region.box), this.settings.imageSize));
  }

  /** From logits to candidates. */
  finish(logits: readonly Plane[], input: Plane, frame: Plane, region: CalibratedRegion): SegmentedPart {
    const { settings } = this;
    const maps = logits.map(activate);
    blankOutsideSector(maps, findOutside(input, settings.sectorMargin));
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
