/** The size that a picture claims, before a decoder makes room for it. */

import { readJpegHeader } from '../dicom/codestream';
import { ReadError } from '../errors';
import type { FileType } from '../fileType';

/** Rows and columns. */
export function readRasterSize(bytes: Uint8Array, type: FileType): [number, number] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    if (type === 'BMP') return readBmp(view);
    if (type === 'WebP') return readWebp(view);
    const header = readJpegHeader(bytes);
    if (header && (![0xc0, 0xc1, 0xc2].includes(header.frame) || header.bits !== 8)) {
      throw new ReadError('expected a JPEG of 8 bits in discrete cosines, got one of another coding');
    }
    if (header) return [header.rows, header.columns];
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  throw new ReadError(`expected a whole ${type} file, got a damaged one, cut off`);
}

function readBmp(view: DataView): [number, number] {
  if (view.getUint32(14, true) === 12) return [view.getUint16(20, true), view.getUint16(18, true)];
  return [Math.abs(view.getInt32(22, true)), view.getInt32(18, true)];
}

function readWebp(view: DataView): [number, number] {
  const kind = String.fromCharCode(...[12, 13, 14, 15].map((at) => view.getUint8(at)));
  if (kind === 'VP8X') {
    const read = (at: number): number => (view.getUint16(at, true) | (view.getUint8(at + 2) << 16)) + 1;
    return [read(27), read(24)];
  }
  if (kind === 'VP8L') {
    const bits = view.getUint32(21, true);
    return [((bits >> 14) & 0x3fff) + 1, (bits & 0x3fff) + 1];
  }
  return [view.getUint16(28, true) & 0x3fff, view.getUint16(26, true) & 0x3fff];
}
