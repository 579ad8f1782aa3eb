/** The uncompressed frames of a DICOM file; see `native_frames.py`. */

import type { DicomHeader } from './dicomHeader';
import { ReadError } from '../errors';
import { countFrameBits, type PixelDescription } from './pixelDescription';
import { type StoredPixels, takeStored } from './storedPixels';

const SUBSAMPLED = 'YBR_FULL_422';
const PHOTOMETRIC = ['MONOCHROME1', 'MONOCHROME2', 'PALETTE COLOR', 'RGB', 'YBR_FULL', SUBSAMPLED];
const BYTES_A_PIXEL = [1.5, 2, 3, 4, 6, 8];
const NEARLY_GREY = 2;
const GREY_SHARE = 0.5;

export class NativeFrames {
  private pixels: PixelDescription;
  private readonly offset: number;
  private readonly isSwapped: boolean;

  constructor(
    private readonly header: DicomHeader,
    pixels: PixelDescription,
  ) {
    if (!PHOTOMETRIC.includes(pixels.photometric)) {
      throw new ReadError(
        `expected no ${pixels.photometric} (0028,0004) in uncompressed pixels, got it`,
      );
    }
    this.pixels = pixels;
    const element = header.pixelData;
    this.offset = element.dataOffset;
    this.isSwapped = element.vr === 'OW' && header.isBigEndian && pixels.bitsAllocated <= 8;
    this.checkLength(element.length, header.bytes.length - element.dataOffset);
    if (this.pixels.photometric === SUBSAMPLED && (pixels.columns % 2 || pixels.isPlanar)) {
      throw new ReadError('expected an even number of Columns in YBR_FULL_422, and no planes, got others');
    }
  }

  read(index: number): StoredPixels {
    const { pixels } = this;
    const bits = countFrameBits(pixels);
    const [first, end] = [Math.floor((index * bits) / 8), Math.ceil(((index + 1) * bits) / 8)];
    const content = this.readBytes(first, end);
    const { photometric, rows, columns } = pixels;
    if (pixels.bitsAllocated === 1) {
      const start = index * bits - first * 8;
      const values = new Uint8Array(rows * columns).map(
        (_, at) => (content[(start + at) >> 3]! >> ((start + at) & 7)) & 1,
      );
      return { values, photometric, bits: 1 };
    }
    let words: Uint8Array | Uint16Array = content;
    if (pixels.bitsAllocated === 16) {
      const view = new DataView(content.buffer, content.byteOffset, content.length);
      const isLittle = !this.header.isBigEndian;
      words = new Uint16Array(content.length / 2).map((_, at) => view.getUint16(2 * at, isLittle));
    }
    if (photometric === SUBSAMPLED) words = expand(words, pixels);
    else if (pixels.isPlanar && pixels.samples === 3) words = interleave(words);
    const values = takeStored(words, pixels);
    const real = photometric === SUBSAMPLED ? 'YBR_FULL' : photometric;
    return { values, photometric: real, bits: pixels.bitsStored };
  }

  /** A copy of a part of the pixel data; bytes in words of big endian change places. */
  private readBytes(first: number, end: number): Uint8Array {
    const { bytes } = this.header;
    if (!this.isSwapped) return bytes.slice(this.offset + first, this.offset + end);
    return new Uint8Array(end - first).map((_, at) => bytes[this.offset + ((first + at) ^ 1)]!);
  }

  /** Compare the length; whatever is not understood would be another picture. */
  private checkLength(length: number, available: number): void {
    const { pixels } = this;
    const count = (each: PixelDescription): number => Math.ceil((each.frames * countFrameBits(each)) / 8);
    if (pixels.photometric === SUBSAMPLED) {
      const full = { ...pixels, photometric: 'YBR_FULL' };
      const rest = length - count(full);
      if (rest >= 0 && rest <= 1 && length <= available) {
        this.takeFull(full);
        return;
      }
    }
    const expected = count(pixels);
    const beyond = length - expected;
    const isWhole = (beyond >= 0 && beyond <= 1) || this.isPadding(beyond) || this.isFrames(length);
    if (length <= available && isWhole) return;
    const what =
      `expected ${expected} bytes of PixelData (7FE0,0010) for ${pixels.frames} frames of ` +
      `${pixels.rows} x ${pixels.columns} px`;
    if (length > available) {
      throw new ReadError(`${what}, got ${Math.max(available, 0)}: the file is cut off`);
    }
    throw new ReadError(`${what} in ${pixels.photometric}, as its header says, got ${length}`);
  }

  /** Less than a byte a row and a frame cannot be that of each row or of each frame. */
  private isPadding(beyond: number): boolean {
    const { rows, frames, bitsAllocated } = this.pixels;
    const most = frames === 1 ? rows : Math.min(rows, frames - 1);
    return beyond > 0 && beyond < most && bitsAllocated !== 1;
  }

  /** Check whether frames follow that the header does not mention, and not larger pixels. */
  private isFrames(length: number): boolean {
    const { pixels } = this;
    const bits = countFrameBits(pixels);
    if (bits % 16 || pixels.bitsAllocated === 1 || length < (pixels.frames * bits) / 8) return false;
    const frames = length / (bits / 8);
    const aPixel = bits / 8 / pixels.rows / pixels.columns;
    return Number.isInteger(frames) && !BYTES_A_PIXEL.includes((frames / pixels.frames) * aPixel);
  }

  /** Distinguish YBR from RGB, which such files hold too, by what is grey in the middle frame. */
  private takeFull(full: PixelDescription): void {
    this.pixels = full;
    const { values } = this.read(Math.floor(full.frames / 2));
    const count = values.length / 3;
    let [rgb, ybr] = [0, 0];
    for (let at = 0; at < values.length; at += 3) {
      const [first, second, third] = [values[at]!, values[at + 1]!, values[at + 2]!];
      const range = Math.max(first, second, third) - Math.min(first, second, third);
      rgb += Number(range <= NEARLY_GREY);
      const chroma = Math.max(Math.abs(second - 128), Math.abs(third - 128));
      ybr += Number(chroma <= NEARLY_GREY);
    }
    const [isRgb, isYbr] = [rgb / count >= GREY_SHARE, ybr / count >= GREY_SHARE];
    if (full.bitsAllocated !== 8 || isRgb === isYbr) {
      throw new ReadError(
        'expected YBR_FULL_422 of two bytes a pixel, got three, and nothing says whether they ' +
          'are RGB or YBR',
      );
    }
    this.pixels = isYbr ? full : { ...full, photometric: 'RGB' };
  }
}

/** Y1 Y2 Cb Cr of two pixels become Y Cb Cr of each (PS3.5 section 8.2). */
function expand(words: Uint8Array | Uint16Array, { rows, columns }: PixelDescription): Uint8Array | Uint16Array {
  const Typed = words instanceof Uint16Array ? Uint16Array : Uint8Array;
  const full = new Typed(rows * columns * 3);
  for (let from = 0, to = 0; to < full.length; from += 4, to += 6) {
    for (const pixel of [0, 1]) {
      full[to + 3 * pixel] = words[from + pixel]!;
      full[to + 3 * pixel + 1] = words[from + 2]!;
      full[to + 3 * pixel + 2] = words[from + 3]!;
    }
  }
  return full;
}

/** Three planes become three samples of each pixel. */
export function interleave(words: Uint8Array | Uint16Array): Uint8Array | Uint16Array {
  const mixed = words.slice();
  const count = words.length / 3;
  for (let at = 0; at < count; at += 1) {
    for (let sample = 0; sample < 3; sample += 1) mixed[3 * at + sample] = words[sample * count + at]!;
  }
  return mixed;
}
