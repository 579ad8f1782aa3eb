/** From the regions of an ultrasound file to what is segmented, and mm where they hold. */

import type { Box, Plane } from '../../plane';
import type { CalibratedRegion, MmPerPixel } from './calibratedRegion';
import { ReadError, SkippedError } from '../errors';
import { fillsColumns, fillsRows, type Levels, reachesBeyond } from './fieldEdges';
import { findFieldOfView } from './fieldOfView';
import {
  type HeaderRegion,
  isLarge,
  isSameScale,
  readHeaderRegions,
  type RegionItem,
} from './headerRegions';
import { MOST_IMAGES, MOST_REGIONS } from '../limits';
import { refuseScale } from './refuseScale';
import { toGreyLevels } from '../rint';

/** What a header says of places and lengths; a raster image has none of it. */
export interface Geometry {
  readonly items: readonly RegionItem[];
  /** *Pixel Spacing* (0028,0030) as numbers; undefined if absent. */
  readonly pixelSpacing?: readonly number[];
}

const TRACE_FORMATS = [2, 3, 4];
const BEYOND_EDGE_PX = 1;

/**
 * Find the B-mode images of a frame, and the size of their pixels; see `calibration.py`.
 *
 * @returns one region or more, from the left to the right.
 */
export function findCalibratedRegions(geometry: Geometry, grey: Plane): CalibratedRegion[] {
  const { rows, columns } = grey;
  const images = readImages(geometry, rows, columns);
  const levels: Levels = { rows, columns, values: toGreyLevels(grey) };
  const whole: Box = [0, 0, rows, columns];
  if (!images.length) {
    const [spacing] = readSpacing(geometry, rows, columns);
    const box = findFieldOfView(levels);
    const origin = box ? 'found' : 'whole';
    return [{ box: box ?? whole, mmPerPixel: spacing, origin, parts: [] }];
  }
  const regions = fit(images, levels);
  if (!regions.length) {
    const box = findFieldOfView(levels) ?? whole;
    return [{ box, mmPerPixel: null, origin: 'rescaled', parts: [] }];
  }
  if (regions.length > MOST_IMAGES) {
    throw new ReadError(
      `expected at most ${MOST_IMAGES} B-mode images in a frame, got ${regions.length}`,
    );
  }
  return regions.sort((first, second) => first.box[1] - second.box[1] || first.box[0] - second.box[0]);
}

/** Say which sizes in mm of the header do not count, and why. */
export function remarkScales(geometry: Geometry, rows: number, columns: number): string[] {
  const images = readHeaderRegions(geometry.items, rows, columns);
  const [spacing, fault] = readSpacing(geometry, rows, columns);
  if (!images.length) return fault ? [`no mm by Pixel Spacing (0028,0030): ${fault}`] : [];
  const remarks = images
    .filter((image) => image.fault)
    .map((image) => `no mm by the ultrasound regions (0018,6011): ${image.fault}`);
  if (spacing && !images.every((image) => isSameScale(image.mm, spacing))) {
    remarks.push('its Pixel Spacing is not that of its ultrasound regions, which count');
  }
  return [...new Set(remarks)];
}

function readImages({ items }: Geometry, rows: number, columns: number): HeaderRegion[] {
  if (items.length > MOST_REGIONS) {
    throw new ReadError(
      `expected at most ${MOST_REGIONS} ultrasound regions (0018,6011), got ${items.length}`,
    );
  }
  const images = readHeaderRegions(items, rows, columns);
  if (!images.length && items.some((item) => TRACE_FORMATS.includes(item.spatialFormat ?? 0))) {
    throw new SkippedError(
      'not a B-mode image: its regions (0018,6011) are M-mode, spectra or waveforms',
    );
  }
  return images;
}

function readSpacing(
  { pixelSpacing }: Geometry,
  rows: number,
  columns: number,
): [MmPerPixel | null, string] {
  if (!pixelSpacing) return [null, ''];
  const mm: MmPerPixel = pixelSpacing.length === 2 ? [pixelSpacing[0]!, pixelSpacing[1]!] : [NaN, NaN];
  const fault = refuseScale(mm, [rows, columns]);
  return [fault ? null : mm, fault];
}

/** Clip the images to the frame; none is left if any of them is of another scale. */
function fit(images: readonly HeaderRegion[], grey: Levels): CalibratedRegion[] {
  const { rows, columns } = grey;
  const isCut = ([0, 1] as const).map((axis) => {
    const size = axis ? columns : rows;
    return images.some(({ box }) => box[axis] < 0 || box[axis + 2]! > size + BEYOND_EDGE_PX);
  });
  if (isCut[0] && isCut[1]) return [];
  const isAnyCut = isCut[0] || isCut[1];
  const regions: CalibratedRegion[] = [];
  for (const image of images) {
    const box = clip(image.box, rows, columns);
    if (isAnyCut && !isLarge(box, rows, columns)) continue; // what was cut off with the console
    let agrees: boolean;
    if (isAnyCut) agrees = isCut[0] ? fillsColumns(grey, box) : fillsRows(grey, box);
    else agrees = !reachesBeyond(grey, box);
    if (!agrees) return [];
    const moved = Math.max(...image.box.map((edge, at) => Math.abs(edge - box[at]!)));
    const parts = listParts(image.parts.map((part) => clip(part, rows, columns)));
    regions.push({
      box,
      mmPerPixel: image.mm,
      origin: moved > BEYOND_EDGE_PX ? 'cropped' : 'given',
      parts: parts.length === 1 && isSame(parts[0]!, box) ? [] : parts,
    });
  }
  return regions;
}

function clip([top, left, bottom, right]: Box, rows: number, columns: number): Box {
  return [Math.max(0, top), Math.max(0, left), Math.min(bottom, rows), Math.min(right, columns)];
}

/** Leave out what lies in another one, as colour flow does, or beyond the frame. */
function listParts(boxes: readonly Box[]): Box[] {
  const kept = boxes.filter(
    (box, at) =>
      box[2] > box[0] && box[3] > box[1] && boxes.findIndex((other) => isSame(other, box)) === at,
  );
  return kept.filter((box) => !kept.some((other) => other !== box && holds(other, box)));
}

function isSame(first: Box, second: Box): boolean {
  return first.every((edge, at) => edge === second[at]);
}

function holds(outer: Box, inner: Box): boolean {
  return (
    outer[0] <= inner[0] && outer[1] <= inner[1] && outer[2] >= inner[2] && outer[3] >= inner[3]
  );
}
