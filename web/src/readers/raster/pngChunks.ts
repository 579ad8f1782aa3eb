/** The chunks of a PNG that its picture needs; all others are passed over unread. */

import { ReadError } from '../errors';

export interface PngChunks {
  readonly columns: number;
  readonly rows: number;
  /** Bits of a sample: 1, 2, 4, 8 or 16. */
  readonly bits: number;
  /** 0 grey, 2 colour, 3 palette, 4 grey and alpha, 6 colour and alpha. */
  readonly colourType: number;
  readonly isInterlaced: boolean;
  /** Three bytes a colour; empty if there is none. */
  readonly palette: Uint8Array;
  /** Compressed pixels. */
  readonly data: readonly Uint8Array[];
  /** As in EXIF, 1 to 8. */
  readonly orientation: number;
}

const SIGNATURE_BYTES = 8;
const DEPTHS: Record<number, number[]> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};
/** The colour type whose pixels are indices. */
const PALETTE = 3;
const ORIENTATION = 0x0112;

export function readPngChunks(bytes: Uint8Array): PngChunks {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let header: Uint8Array | null = null;
  let palette = new Uint8Array();
  let orientation = 1;
  const data: Uint8Array[] = [];
  let at = SIGNATURE_BYTES;
  let name = '';
  while (at + 8 <= bytes.length && name !== 'IEND') {
    const length = view.getUint32(at);
    name = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const content = bytes.subarray(at + 8, at + 8 + length);
    const isNeeded = ['IHDR', 'PLTE', 'IDAT'].includes(name);
    if (isNeeded && content.length < length) throw refuse(', cut off');
    if (isNeeded && at + 12 + length <= bytes.length) {
      const sum = view.getUint32(at + 8 + length);
      if (sum !== sumUp(bytes.subarray(at + 4, at + 8 + length))) throw refuse(' (wrong checksum)');
    }
    if (name === 'IHDR') header ??= content;
    else if (name === 'PLTE') palette = content.slice();
    else if (name === 'IDAT') {
      if (header?.[9] === PALETTE && !palette.length) throw refuse(', without its palette');
      data.push(content);
    }
    else if (name === 'eXIf') orientation = readOrientation(content);
    at += 12 + length;
  }
  if (!header || header.length < 13) throw refuse('');
  const [bits, colourType, , , interlace] = header.subarray(8);
  if (!DEPTHS[colourType!]?.includes(bits!) || interlace! > 1) throw refuse('');
  if (!data.length) throw refuse(', cut off');
  const sizes = new DataView(header.buffer, header.byteOffset, 8);
  return {
    columns: sizes.getUint32(0),
    rows: sizes.getUint32(4),
    bits: bits!,
    colourType: colourType!,
    isInterlaced: interlace === 1,
    palette,
    data,
    orientation,
  };
}

function refuse(hint: string): ReadError {
  return new ReadError(`expected a whole PNG file, got a damaged one${hint}`);
}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let sum = byte;
  for (let bit = 0; bit < 8; bit += 1) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
  return sum;
});

/** CRC-32 of a chunk. */
export function sumUp(bytes: Uint8Array): number {
  let sum = 0xffffffff;
  for (const byte of bytes) sum = TABLE[(sum ^ byte) & 255]! ^ (sum >>> 8);
  return (sum ^ 0xffffffff) >>> 0;
}

/** Read *Orientation* (274) of EXIF; 1 where it is damaged or says nothing. */
export function readOrientation(exif: Uint8Array): number {
  try {
    const view = new DataView(exif.buffer, exif.byteOffset, exif.byteLength);
    const isLittle = view.getUint16(0) === 0x4949;
    const start = view.getUint32(4, isLittle);
    const count = view.getUint16(start, isLittle);
    for (let entry = start + 2; entry < start + 2 + 12 * count; entry += 12) {
      if (view.getUint16(entry, isLittle) !== ORIENTATION) continue;
      const value = view.getUint16(entry + 8, isLittle);
      return value >= 1 && value <= 8 ? value : 1;
    }
  } catch {
    // beyond its end: viewers show a picture whose EXIF is damaged as it is stored
  }
  return 1;
}
