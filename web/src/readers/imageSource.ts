/** An opened image file whose frames are decoded one at a time. */

import type { Mask, Plane } from '../plane';
import type { CalibratedRegion } from './region/calibratedRegion';

/** Grey values of 0 to 255, luma of what is coloured. */
export interface GreyImage extends Plane {
  /** Where something is drawn over it in colour; null for nowhere. */
  readonly coloured: Mask | null;
}

export interface ImageSource {
  readonly format: string;
  /** Number of frames, at least 1. */
  readonly frames: number;
  /** What a user should know of a file that is read all the same. */
  readonly remarks: readonly string[];
  /** Whether names and dates may be burned in outside the regions that the file gives. */
  readonly mayNamePatient: boolean;
  /** Decode one frame, from 0. */
  read(index: number): Promise<GreyImage>;
  /** Find what is to be segmented in a frame, from the left to the right. */
  findRegions(grey: Plane): Promise<CalibratedRegion[]>;
}
