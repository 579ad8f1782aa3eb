/** A part of a frame that is to be segmented, and how large its pixels are. */

import type { Box } from '../../plane';

/** Mm between rows, and between columns. */
export type MmPerPixel = readonly [number, number];

/** How a region came to be known; docs/dicom.md has what each of them means. */
export type RegionOrigin = 'given' | 'cropped' | 'rescaled' | 'found' | 'whole';

export interface CalibratedRegion {
  readonly box: Box;
  /** null if unknown, and then no length in mm may be given. */
  readonly mmPerPixel: MmPerPixel | null;
  readonly origin: RegionOrigin;
  /** The boxes that it is made of where the file gives several that overlap; empty otherwise. */
  readonly parts: readonly Box[];
}

/** All that is ultrasound in it. */
export function listBoxes(region: CalibratedRegion): readonly Box[] {
  return region.parts.length ? region.parts : [region.box];
}

/** Whether the file itself gives all regions, so that nothing outside of them is tissue. */
export function areStated(regions: readonly CalibratedRegion[]): boolean {
  return regions.every(({ origin }) => origin === 'given' || origin === 'cropped');
}
