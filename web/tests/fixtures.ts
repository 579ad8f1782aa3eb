/** What Python has written: see tests/web_fixtures/write_fixtures.py. */

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import jpeg from 'jpeg-js';

import type { Mask, Plane } from '../src/plane';
import type { PictureDecoder } from '../src/readers/raster/decodePicture';

const FOLDER = resolve(import.meta.dirname, 'fixtures');

/** An array in a file beside the cases. */
export interface Stored {
  readonly file: string;
  readonly shape: number[];
  readonly type: 'uint8' | 'float32';
}

/** The cases of one kind. */
export function readCases<T>(kind: string): T[] {
  return JSON.parse(readFileSync(resolve(FOLDER, kind, 'cases.json'), 'utf8')) as T[];
}

export function readFile(kind: string, name: string): Uint8Array {
  return new Uint8Array(readFileSync(resolve(FOLDER, kind, name)));
}

/** Read the planes of an array (H, W) or (C, H, W). */
export function readPlanes(kind: string, stored: Stored): Plane[] {
  const [rows, columns] = stored.shape.slice(-2) as [number, number];
  const bytes = readFile(kind, stored.file);
  const values = stored.type === 'uint8' ? Float32Array.from(bytes) : new Float32Array(bytes.buffer);
  const size = rows * columns;
  return Array.from({ length: values.length / size }, (_, at) => ({
    rows,
    columns,
    values: values.slice(at * size, (at + 1) * size),
  }));
}

export function readPlane(kind: string, stored: Stored): Plane {
  return readPlanes(kind, stored)[0]!;
}

export function readMask(kind: string, stored: Stored): Mask {
  const { rows, columns, values } = readPlane(kind, stored);
  return { rows, columns, values: Uint8Array.from(values) };
}

/** The largest difference of two arrays. */
export function differ(first: ArrayLike<number>, second: ArrayLike<number>): number {
  if (first.length !== second.length) return Infinity;
  let largest = 0;
  for (let at = 0; at < first.length; at += 1) {
    largest = Math.max(largest, Math.abs(first[at]! - second[at]!));
  }
  return largest;
}

/** The share of pixels by which two masks differ. */
export function differShare(first: Mask, second: Mask): number {
  let count = 0;
  first.values.forEach((value, at) => (count += Number(value !== second.values[at])));
  return count / first.values.length;
}

/** A decoder of JPEG for Node, which has none; browsers decode otherwise, within a few levels. */
export const decodeInNode: PictureDecoder = async (content, mime) => {
  if (mime !== 'image/jpeg') throw new Error(`expected a JPEG, got ${mime}`);
  const stream = Buffer.concat(content);
  const adobe = stream.indexOf('Adobe');
  const colorTransform = adobe < 0 || stream[adobe + 11] !== 0; // jpeg-js does not look there
  const { data, width, height } = jpeg.decode(stream, { useTArray: true, colorTransform });
  return { rows: height, columns: width, rgba: data };
};
