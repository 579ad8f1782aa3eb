/** Decoded pixels of one frame, before they become grey. */

import type { PixelDescription } from './pixelDescription';

export interface StoredPixels {
  /** (H, W), or (H, W, 3) in RGB or YBR: values as stored. */
  readonly values: Uint8Array | Uint16Array | Int16Array | Int8Array;
  /** Of the values, which may be RGB though the file says YBR. */
  readonly photometric: string;
  /** How many bits they have. */
  readonly bits: number;
}

/** Take the stored bits out of whole words (PS3.5 section 8.1.1). */
export function takeStored(
  words: Uint8Array | Uint16Array,
  pixels: PixelDescription,
): StoredPixels['values'] {
  const { bitsAllocated: allocated, bitsStored: stored, highBit, isSigned } = pixels;
  const above = allocated - 1 - highBit;
  const below = allocated - stored;
  const Typed = allocated === 16 ? Int16Array : Int8Array;
  const values = isSigned ? new Typed(words.buffer as ArrayBuffer, words.byteOffset, words.length) : words;
  if (!below || allocated === 1) return values;
  const unused = 32 - allocated;
  return values.map((word) => {
    const raised = (word << unused) << above;
    return isSigned ? (raised >> unused) >> below : (raised >>> unused) >>> below;
  }) as StoredPixels['values'];
}
