/** A result as JSON, with what a reader needs to know where it comes from. */

import type { Lesion } from '../lesions/lesion';
import type { Settings } from '../settings';
import type { SegmentedFrame } from '../worker/protocol';

export const RESEARCH_ONLY = 'Research use only. Not a medical device, not for clinical decisions.';

/**
 * Describe a result.
 *
 * @param image what the image is called on the page; a file's name only if names are shown.
 */
export function describeResult(image: string, frame: SegmentedFrame, settings: Settings): object {
  return {
    notice: RESEARCH_ONLY,
    program: `breast-us-seg ${settings.version}, in the browser`,
    model: settings.model.sha256,
    operatingPoint: frame.threshold,
    image,
    format: frame.format,
    frame: frame.frames > 1 ? frame.frame + 1 : null,
    rows: frame.rows,
    columns: frame.columns,
    regions: frame.regions,
    probability: frame.lesionProbability,
    boundaryUncertainty: frame.boundaryUncertainty,
    quality: frame.quality,
    remarks: frame.remarks,
    lesions: frame.lesions.map(describeLesion),
    suppressed: frame.suppressed.map(describeLesion),
  };
}

function describeLesion(lesion: Lesion): object {
  const contour = lesion.contour.map((point) => point.map((each) => Math.round(each * 100) / 100));
  return { ...lesion, contour };
}
