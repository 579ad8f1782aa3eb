/** From decoded DICOM pixels to grey values; see `dicom_grey.py`. */

import type { DataSet } from 'dicom-parser';

import { makePlane } from '../../plane';
import { findColoured } from '../findColoured';
import type { GreyImage } from '../imageSource';
import { toLuma } from '../raster/decodePicture';
import { applyLuts, hasLuts } from './dicomLuts';
import { type Palette, readPalette } from './dicomPalette';
import type { PixelDescription } from './pixelDescription';
import { rint } from '../rint';
import type { StoredPixels } from './storedPixels';

/** Cb and Cr that are no colour but rounding. */
const [LEAST_NO_COLOUR, MOST_NO_COLOUR] = [126, 130];
/** What Cr and Cb weigh in red and blue minus luma (ITU-R BT.601). */
const [RED_OF_CR, BLUE_OF_CB] = [1.402, 1.772];

export class DicomGrey {
  /** Grey value of each stored one by its number of bits; null if it is the same. */
  private readonly tables = new Map<number, Float32Array | null>();
  private readonly smallest = new Map<number, number>();
  private readonly palettes = new Map<number, Palette>();

  constructor(
    private readonly dataSet: DataSet,
    private readonly pixels: PixelDescription,
  ) {}

  /** Turn one frame into grey values, 0 to 255. */
  read(stored: StoredPixels): GreyImage {
    const { rows, columns, samples } = this.pixels;
    if (samples !== 1) return readColour(stored, rows, columns);
    const grey = { rows, columns, values: this.readGrey(stored) };
    const palette = this.palettes.get(stored.bits);
    if (!palette?.isColoured) return { ...grey, coloured: null };
    const first = this.smallest.get(stored.bits)!;
    const [red, blue] = [palette.red, palette.blue].map((table) => {
      const differences = new Float32Array(grey.values.length);
      for (let at = 0; at < differences.length; at += 1) {
        const index = Math.min(Math.max(stored.values[at]! - first, 0), table.length - 1);
        differences[at] = table[index]! - grey.values[at]!;
      }
      return differences;
    });
    return { ...grey, coloured: findColoured(grey, red!, blue!) };
  }

  private readGrey({ values, bits }: StoredPixels): Float32Array {
    if (!this.tables.has(bits)) {
      this.smallest.set(bits, this.pixels.isSigned ? -(2 ** (bits - 1)) : 0);
      this.tables.set(bits, this.makeTable(bits));
    }
    const table = this.tables.get(bits);
    if (!table) return Float32Array.from(values);
    const first = this.smallest.get(bits)!;
    const grey = new Float32Array(values.length);
    for (let at = 0; at < grey.length; at += 1) {
      grey[at] = table[Math.min(Math.max(values[at]! - first, 0), table.length - 1)]!;
    }
    return grey;
  }

  private makeTable(bits: number): Float32Array | null {
    const { photometric } = this.pixels;
    const smallest = this.smallest.get(bits)!;
    if (photometric === 'PALETTE COLOR') {
      const palette = readPalette(this.dataSet, smallest, bits);
      this.palettes.set(bits, palette);
      return palette.luma;
    }
    const isInverted = photometric === 'MONOCHROME1';
    if (!hasLuts(this.dataSet) && bits === 8 && !isInverted && smallest === 0) return null;
    let displayed;
    try {
      displayed = applyLuts(this.dataSet, smallest, bits);
    } catch {
      // What is wrong with what serves display only does not hide the picture.
      const table = Float64Array.from({ length: 2 ** bits }, (_, at) => smallest + at);
      displayed = { table, black: smallest, white: smallest + 2 ** bits - 1 };
    }
    const { table, black, white } = displayed;
    const scale = white !== black ? 255 / (white - black) : 1;
    return Float32Array.from(table, (value) => {
      const grey = Math.min(Math.max((value - black) * scale, 0), 255);
      return isInverted ? 255 - grey : grey;
    });
  }
}

function readColour({ values, photometric, bits }: StoredPixels, rows: number, columns: number): GreyImage {
  const grey = makePlane(rows, columns);
  const luma = makePlane(rows, columns);
  const count = rows * columns;
  const [reds, blues] = [new Float32Array(count), new Float32Array(count)];
  const scale = bits === 8 ? 1 : 255 / (2 ** bits - 1);
  const isYbr = photometric.startsWith('YBR');
  let isGrey = true;
  for (let at = 0; at < count; at += 1) {
    const [first, second, third] = [values[3 * at]!, values[3 * at + 1]!, values[3 * at + 2]!];
    if (!isYbr) {
      const [red, blue] = [rint(first * scale), rint(third * scale)];
      luma.values[at] = grey.values[at] = toLuma(red, rint(second * scale), blue);
      reds[at] = red - luma.values[at]!;
      blues[at] = blue - luma.values[at]!;
      isGrey &&= first === second && second === third;
      continue;
    }
    const isClipped = bits === 8 && (isColoured(second) || isColoured(third));
    grey.values[at] = isClipped ? clipColour(first, second - 128, third - 128) : Math.min(first * scale, 255);
    const [blue, red] = [rint(second * scale) - 128, rint(third * scale) - 128];
    luma.values[at] = rint(Math.min(first * scale, 255));
    reds[at] = RED_OF_CR * red;
    blues[at] = BLUE_OF_CB * blue;
    isGrey &&= red === 0 && blue === 0;
  }
  return { ...grey, coloured: isGrey ? null : findColoured(luma, reds, blues) };
}

function isColoured(chroma: number): boolean {
  return chroma < LEAST_NO_COLOUR || chroma > MOST_NO_COLOUR;
}

/** Give colours that RGB cannot hold the luma that is left of them in RGB, as others see them. */
function clipColour(luma: number, blue: number, red: number): number {
  const clip = (value: number): number => Math.min(Math.max(Math.round(value), 0), 255);
  return toLuma(
    clip(luma + RED_OF_CR * red),
    clip(luma - 0.344136 * blue - 0.714136 * red),
    clip(luma + BLUE_OF_CB * blue),
  );
}
