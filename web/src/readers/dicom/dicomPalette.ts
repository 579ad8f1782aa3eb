/** Palettes, plain and in segments (PS3.3 sections C.7.6.3.1.6 and C.7.9.2). */

import type { DataSet } from 'dicom-parser';

import { toLuma } from '../raster/decodePicture';
import { readEntries } from './dicomLuts';
import { ReadError } from '../errors';
import { readBytes, readNumbers } from './readValues';
import { rint } from '../rint';

const DESCRIPTORS = ['x00281101', 'x00281102', 'x00281103'];
const TABLES = ['x00281201', 'x00281202', 'x00281203'];
const SEGMENTED = ['x00281221', 'x00281222', 'x00281223'];
const MOST_ENTRIES = 65536;

/** Each of the 2^bits stored values, from the smallest on, in 8 bits. */
export interface Palette {
  readonly luma: Float32Array;
  readonly red: Float32Array;
  readonly blue: Float32Array;
  readonly isColoured: boolean;
}

/** Read the colour of each value that can be stored. */
export function readPalette(dataSet: DataSet, smallest: number, bits: number): Palette {
  const descriptor = readNumbers(dataSet, DESCRIPTORS[0]!, 'US') ?? [];
  if (descriptor.length !== 3) throw new ReadError('expected a sound palette (0028,1101), got another');
  const count = descriptor[0] || MOST_ENTRIES;
  const first = smallest < 0 && descriptor[1]! > 32767 ? descriptor[1]! - 65536 : descriptor[1]!;
  const colours = [0, 1, 2].map((colour) => readColour(dataSet, colour, count, descriptor[2]!));
  const most = Math.max(...colours.map((entries) => entries.reduce((a, b) => Math.max(a, b), 0)));
  const to8Bit = (value: number): number => (most > 255 ? rint((value * 255) / 65535) : value);
  const [red, green, blue] = colours.map((entries) =>
    Float32Array.from({ length: 2 ** bits }, (_, stored) =>
      to8Bit(entries[Math.min(Math.max(smallest + stored - first, 0), count - 1)]!),
    ),
  ) as [Float32Array, Float32Array, Float32Array];
  return {
    luma: red.map((value, at) => toLuma(value, green[at]!, blue[at]!)),
    red,
    blue,
    isColoured: red.some((value, at) => value !== green[at] || value !== blue[at]),
  };
}

function readColour(dataSet: DataSet, colour: number, count: number, depth: number): number[] {
  try {
    if (dataSet.elements[TABLES[colour]!]) return readEntries(dataSet, TABLES[colour]!, count);
  } catch (error) {
    throw new ReadError('expected a whole palette (0028,1201), got less of it', { cause: error });
  }
  const tag = SEGMENTED[colour]!;
  const length = readBytes(dataSet, tag).length;
  const width = depth > 8 ? 2 : 1;
  const bytes = readBytes(dataSet, tag);
  const parser = dataSet.byteArrayParser;
  const start = dataSet.elements[tag]?.dataOffset ?? 0;
  const numbers = Array.from({ length: Math.floor(length / width) }, (_, at) =>
    width === 2 ? parser.readUint16(dataSet.byteArray, start + 2 * at) : bytes[at]!,
  );
  const entries = expandSegments(numbers);
  if (entries.length < count) throw new ReadError('expected a whole palette (0028,1221), got less of it');
  return entries;
}

/** Expand discrete and linear segments; indirect ones nobody is known to write. */
function expandSegments(numbers: readonly number[]): number[] {
  const entries: number[] = [];
  let at = 0;
  while (at + 1 < numbers.length && entries.length <= MOST_ENTRIES) {
    const [kind, length] = [numbers[at]!, numbers[at + 1]!];
    at += 2;
    if (kind === 0) {
      for (const value of numbers.slice(at, at + length)) entries.push(value);
      at += length;
    } else if (kind === 1 && entries.length) {
      const [from, to] = [entries.at(-1)!, numbers[at] ?? 0];
      for (let step = 1; step <= length; step += 1) entries.push(rint(from + ((to - from) * step) / length));
      at += 1;
    } else {
      throw new ReadError('expected discrete and linear segments of a palette, got others');
    }
  }
  return entries;
}
