/** A frame in RLE: bytes of all pixels, the highest first (PS3.5 annex G). */

import { splitRle } from './codestream';
import { ReadError } from '../errors';
import type { PixelDescription } from './pixelDescription';
import { type StoredPixels, takeStored } from './storedPixels';

/** Bytes that decoding makes of the padding of a segment to an even length. */
const PADDING = 2;

export function decodeRle(stream: Uint8Array, pixels: PixelDescription): StoredPixels {
  const { rows, columns, samples, bitsAllocated, bitsStored, photometric } = pixels;
  const width = bitsAllocated / 8;
  const count = rows * columns;
  const planes = splitRle(stream, samples * width).map((segment) => decodeSegment(segment, count));
  const words = width === 2 ? new Uint16Array(count * samples) : new Uint8Array(count * samples);
  planes.forEach((plane, number) => {
    const sample = Math.floor(number / width);
    const shift = 8 * (width - 1 - (number % width));
    for (let at = 0; at < count; at += 1) words[at * samples + sample]! |= plane[at]! << shift;
  });
  return { values: takeStored(words, pixels), photometric, bits: bitsStored };
}

function decodeSegment(segment: Uint8Array, count: number): Uint8Array {
  const decoded = new Uint8Array(count + PADDING);
  let length = 0;
  let at = 0;
  while (at < segment.length) {
    const head = segment[at]!;
    at += 1;
    if (head === 128) continue;
    const run = head < 128 ? head + 1 : 257 - head;
    const needed = head < 128 ? run : 1;
    if (at + needed > segment.length) {
      if (length >= count) break; // padding that looks like the beginning of a run
      throw new ReadError('expected a segment of a frame in RLE, got one that cannot be decoded');
    }
    if (length + run > decoded.length) throw refuse(count, 'more');
    if (head < 128) decoded.set(segment.subarray(at, at + run), length);
    else decoded.fill(segment[at]!, length, length + run);
    length += run;
    at += needed;
  }
  if (length < count) throw refuse(count, String(length));
  return decoded.subarray(0, count);
}

function refuse(count: number, got: string): ReadError {
  return new ReadError(`expected a segment of ${count} px in a frame of RLE, got ${got}`);
}
