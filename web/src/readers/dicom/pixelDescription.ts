/** What a DICOM header says of the pixels, checked before it is believed. */

import type { DataSet } from 'dicom-parser';

import { ReadError } from '../errors';
import { LARGEST_IMAGE_PX, MOST_FRAMES } from '../limits';
import { readNumbers, readText } from './readValues';

const SAMPLES: Record<string, number> = {
  MONOCHROME1: 1,
  MONOCHROME2: 1,
  'PALETTE COLOR': 1,
  RGB: 3,
  YBR_FULL: 3,
  YBR_FULL_422: 3,
  YBR_PARTIAL_420: 3,
  YBR_PARTIAL_422: 3,
  YBR_RCT: 3,
  YBR_ICT: 3,
};

/** The Image Pixel module (PS3.3 section C.7.6.3) of a file. */
export interface PixelDescription {
  readonly rows: number;
  readonly columns: number;
  readonly frames: number;
  readonly samples: number;
  /** *Photometric Interpretation* (0028,0004), as the standard spells it. */
  readonly photometric: string;
  readonly bitsAllocated: number;
  readonly bitsStored: number;
  readonly highBit: number;
  readonly isSigned: boolean;
  readonly isPlanar: boolean;
}

/** Read and check. */
export function readPixelDescription(dataSet: DataSet): PixelDescription {
  const [bitsAllocated, bitsStored] = [
    readInt(dataSet, 'x00280100', 'BitsAllocated (0028,0100)'),
    readInt(dataSet, 'x00280101', 'BitsStored (0028,0101)'),
  ];
  const description: PixelDescription = {
    rows: readInt(dataSet, 'x00280010', 'Rows (0028,0010)'),
    columns: readInt(dataSet, 'x00280011', 'Columns (0028,0011)'),
    frames: readNumbers(dataSet, 'x00280008', 'IS')?.[0] ?? 1,
    samples: readInt(dataSet, 'x00280002', 'SamplesPerPixel (0028,0002)'),
    photometric: readPhotometric(dataSet),
    bitsAllocated,
    bitsStored,
    highBit:
      bitsStored === bitsAllocated
        ? bitsStored - 1
        : (readNumbers(dataSet, 'x00280102', 'US')?.[0] ?? bitsStored - 1),
    isSigned: readFlag(dataSet, 'x00280103', 'PixelRepresentation (0028,0103)'),
    isPlanar: readFlag(dataSet, 'x00280006', 'PlanarConfiguration (0028,0006)'),
  };
  check(description);
  checkShape(dataSet, description.photometric);
  return description;
}

/** Bits of an uncompressed frame; those of the next one follow without a gap. */
export function countFrameBits(pixels: PixelDescription): number {
  const bits = pixels.rows * pixels.columns * pixels.samples * pixels.bitsAllocated;
  return pixels.photometric === 'YBR_FULL_422' ? (bits * 2) / 3 : bits;
}

/** Refuse the size that a header claims, before its pixels are decoded. */
export function checkSize(rows: number, columns: number): void {
  if (!(Math.min(rows, columns) > 0 && rows * columns <= LARGEST_IMAGE_PX)) {
    throw new ReadError(
      `expected a frame of 1 to ${LARGEST_IMAGE_PX} pixels, got ${rows} x ${columns}`,
    );
  }
}

function readInt(dataSet: DataSet, tag: string, name: string): number {
  const values = new Set(readNumbers(dataSet, tag, 'US'));
  const [value] = values;
  if (values.size !== 1 || !Number.isInteger(value)) {
    throw new ReadError(`expected one whole number as ${name}, got ${values.size ? 'others' : 'none'}`);
  }
  return value!;
}

function readFlag(dataSet: DataSet, tag: string, name: string): boolean {
  const value = readNumbers(dataSet, tag, 'US')?.[0] ?? 0;
  if (value !== 0 && value !== 1) throw new ReadError(`expected ${name} of 0 or 1, got another`);
  return value === 1;
}

/** Spell it as the standard does; capitals, spaces and underscores differ in some files. */
function readPhotometric(dataSet: DataSet): string {
  const simplify = (text: string): string => text.toUpperCase().replace(/[^A-Z0-9]/g, '');
  const stated = simplify(readText(dataSet, 'x00280004'));
  const found = Object.keys(SAMPLES).find((name) => simplify(name) === stated);
  if (!found) {
    const names = Object.keys(SAMPLES).join(', ');
    throw new ReadError(`expected PhotometricInterpretation (0028,0004) of ${names}, got another`);
  }
  return found;
}

/** Refuse what some viewers show inverted, and others not. */
function checkShape(dataSet: DataSet, photometric: string): void {
  const wrong = { MONOCHROME1: 'IDENTITY', MONOCHROME2: 'INVERSE' }[photometric];
  if (wrong && readText(dataSet, 'x20500020') === wrong) {
    throw new ReadError(
      `expected Presentation LUT Shape (2050,0020) to agree with ${photometric}, got ${wrong}: ` +
        'nobody knows which of both is black',
    );
  }
}

function check(pixels: PixelDescription): void {
  const { bitsAllocated: allocated, bitsStored: stored } = pixels;
  checkSize(pixels.rows, pixels.columns);
  const expect = (isSound: boolean, what: string): void => {
    if (!isSound) throw new ReadError(`expected ${what}, got another value`);
  };
  const isCount = Number.isInteger(pixels.frames) && pixels.frames >= 1 && pixels.frames <= MOST_FRAMES;
  expect(isCount, `NumberOfFrames (0028,0008) of 1 to ${MOST_FRAMES}`);
  expect([1, 8, 16].includes(allocated), 'BitsAllocated (0028,0100) of 1, 8 or 16');
  expect(stored >= 1 && stored <= allocated, 'BitsStored (0028,0101) of at most BitsAllocated');
  expect(
    pixels.highBit >= stored - 1 && pixels.highBit < allocated,
    'HighBit (0028,0102) that fits the bits stored and allocated',
  );
  expect(
    pixels.samples === SAMPLES[pixels.photometric],
    'SamplesPerPixel (0028,0002) of 3 for colour, else 1',
  );
  expect(!(pixels.samples === 3 && pixels.isSigned), 'PixelRepresentation (0028,0103) of 0 for colour');
  expect(
    !pixels.photometric.startsWith('YBR') || stored === allocated,
    'BitsStored (0028,0101) as BitsAllocated for YBR',
  );
}
