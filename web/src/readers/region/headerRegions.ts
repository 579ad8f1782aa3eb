/** The B-mode images that a DICOM header says of, before anything of them is believed. */

import type { Box } from '../../plane';
import type { MmPerPixel } from './calibratedRegion';
import { isClose, refuseScale } from './refuseScale';

/** What is used of an item of *Sequence of Ultrasound Regions* (0018,6011), PS3.3 C.8.5.5. */
export interface RegionItem {
  readonly spatialFormat?: number;
  readonly dataType?: number;
  /** MinY0, MinX0, MaxY1, MaxX1, inclusive; undefined if one of them is missing. */
  readonly corners?: readonly [number, number, number, number];
  readonly unitsX?: number;
  readonly unitsY?: number;
  readonly deltaX?: number;
  readonly deltaY?: number;
}

export interface HeaderRegion {
  /** Around all of it; may lie beyond the frame. */
  readonly box: Box;
  readonly mm: MmPerPixel | null;
  /** Why what the header says of mm is not believed; empty if it is, or says nothing. */
  readonly fault: string;
  readonly parts: readonly Box[];
}

interface StatedImage {
  readonly box: Box;
  readonly mm: MmPerPixel | null;
  readonly parts: readonly Box[];
  readonly isContradictory: boolean;
}

const TISSUE_FORMAT = 1;
const TISSUE_TYPES = [1, 2];
const CENTIMETRES = 3;
const MM_PER_CM = 10;
const LEAST_SHARE = 0.05;
const OVERLAP_SHARE = 0.1;
const SAME_SCALE = 0.01;

/** Read the items that are images; those that overlap are one. */
export function readHeaderRegions(
  items: readonly RegionItem[],
  rows: number,
  columns: number,
): HeaderRegion[] {
  const images = items.map(readImage).filter((image) => image !== null);
  return merge(images.filter((image) => isLarge(image.box, rows, columns))).map(judge);
}

/** Check whether a box is large enough to be an image, and no icon. */
export function isLarge(box: Box, rows: number, columns: number): boolean {
  const [height, width] = [box[2] - box[0], box[3] - box[1]];
  return height > 0 && width > 0 && height * width >= LEAST_SHARE * rows * columns;
}

/** Check whether two sizes of pixels, or two unknown ones, are the same but for rounding. */
export function isSameScale(first: MmPerPixel | null, second: MmPerPixel | null): boolean {
  if (first === null || second === null) return first === second;
  return isClose(first[0], second[0], SAME_SCALE) && isClose(first[1], second[1], SAME_SCALE);
}

function readImage(item: RegionItem): StatedImage | null {
  const isImage = item.spatialFormat === TISSUE_FORMAT && TISSUE_TYPES.includes(item.dataType ?? 0);
  if (!isImage || !item.corners) return null;
  const [top, left, bottom, right] = item.corners;
  const box: Box = [top, left, bottom + 1, right + 1];
  return { box, mm: readDeltas(item), parts: [box], isContradictory: false };
}

function readDeltas(item: RegionItem): MmPerPixel | null {
  if (item.unitsY !== CENTIMETRES || item.unitsX !== CENTIMETRES) return null;
  return [
    Math.abs(item.deltaY ?? NaN) * MM_PER_CM,
    Math.abs(item.deltaX ?? NaN) * MM_PER_CM,
  ];
}

function judge({ box, mm, parts, isContradictory }: StatedImage): HeaderRegion {
  let fault = '';
  if (isContradictory) fault = 'regions that overlap have several scales';
  else if (mm) fault = refuseScale(mm, [box[2] - box[0], box[3] - box[1]]);
  return { box, mm: fault ? null : mm, fault, parts };
}

/** Make one image of those that overlap; it has mm if theirs are the same. */
function merge(images: readonly StatedImage[]): StatedImage[] {
  let merged: StatedImage[] = [];
  for (let image of images) {
    const first = image.box;
    const apart = merged.filter((other) => !overlap(first, other.box));
    for (const other of merged.filter((each) => !apart.includes(each))) {
      image = {
        box: [
          Math.min(image.box[0], other.box[0]),
          Math.min(image.box[1], other.box[1]),
          Math.max(image.box[2], other.box[2]),
          Math.max(image.box[3], other.box[3]),
        ],
        mm: image.mm,
        parts: [...image.parts, ...other.parts],
        isContradictory:
          image.isContradictory || other.isContradictory || !isSameScale(image.mm, other.mm),
      };
    }
    merged = [...apart, image];
  }
  return merged;
}

function overlap(first: Box, second: Box): boolean {
  const height = Math.min(first[2], second[2]) - Math.max(first[0], second[0]);
  const width = Math.min(first[3], second[3]) - Math.max(first[1], second[1]);
  const areas = [first, second].map((box) => (box[2] - box[0]) * (box[3] - box[1]));
  return Math.min(height, width) > 0 && height * width > OVERLAP_SHARE * Math.min(...areas);
}
