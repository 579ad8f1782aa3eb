/** PNG as grey values: alpha does not count, and no browser's colour management is asked. */

import { makePlane, type Plane } from '../../plane';
import { findColoured } from '../findColoured';
import type { GreyImage } from '../imageSource';
import { toLuma } from './decodePicture';
import { ReadError } from '../errors';
import { inflate } from '../inflate';
import { checkSize } from '../dicom/pixelDescription';
import { type PngChunks, readPngChunks } from './pngChunks';
import { turnUpright } from './turnUpright';

const SAMPLES: Record<number, number> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
/** First row and column and their steps of each pass of Adam7. */
const PASSES = [
  [0, 0, 8, 8],
  [0, 4, 8, 8],
  [4, 0, 8, 4],
  [0, 2, 4, 4],
  [2, 0, 4, 2],
  [0, 1, 2, 2],
  [1, 0, 2, 1],
] as const;

/** Decode the picture, or the first one of an animation. */
export async function decodePng(bytes: Uint8Array): Promise<GreyImage> {
  const png = readPngChunks(bytes);
  checkSize(png.rows, png.columns);
  const passes = (png.isInterlaced ? PASSES : ([[0, 0, 1, 1]] as const))
    .map(([row, column, down, across]) => ({
      row,
      column,
      down,
      across,
      rows: Math.ceil((png.rows - row) / down),
      columns: Math.ceil((png.columns - column) / across),
    }))
    .filter(({ rows, columns }) => rows > 0 && columns > 0);
  const bitsAPixel = SAMPLES[png.colourType]! * png.bits;
  const stride = (columns: number): number => Math.ceil((columns * bitsAPixel) / 8);
  const wanted = passes.reduce((sum, pass) => sum + pass.rows * (1 + stride(pass.columns)), 0);
  const data = await inflate(png.data, 'deflate', wanted);
  if (data.length < wanted) throw new ReadError('expected a whole PNG file, got a damaged one, cut off');
  const image = makePlane(png.rows, png.columns);
  const toGrey = makeGrey(png);
  const colours = makeColours(png);
  let at = 0;
  for (const pass of passes) {
    const width = stride(pass.columns);
    let above: Uint8Array = new Uint8Array(width);
    for (let row = 0; row < pass.rows; row += 1) {
      const line = data.subarray(at + 1, at + 1 + width);
      unfilter(data[at]!, line, above, Math.max(1, bitsAPixel >> 3));
      above = line;
      at += 1 + width;
      const start = (pass.row + row * pass.down) * png.columns + pass.column;
      for (let column = 0; column < pass.columns; column += 1) {
        image.values[start + column * pass.across] = toGrey(line, column);
        colours?.read(line, column, start + column * pass.across);
      }
    }
  }
  const upright = turnUpright(image, png.orientation);
  if (!colours?.isColoured()) return { ...upright, coloured: null };
  const [red, blue] = [colours.red, colours.blue].map((plane) => turnUpright(plane, png.orientation));
  for (const plane of [red!, blue!]) {
    for (let at = 0; at < plane.values.length; at += 1) plane.values[at]! -= upright.values[at]!;
  }
  return { ...upright, coloured: findColoured(upright, red!.values, blue!.values) };
}

/** Undo the filter of a line, in place (PNG, section 9). */
function unfilter(kind: number, line: Uint8Array, above: Uint8Array, step: number): void {
  if (kind > 4) throw new ReadError('expected a whole PNG file, got a damaged one');
  for (let at = 0; kind && at < line.length; at += 1) {
    const left = at < step ? 0 : line[at - step]!;
    const up = above[at]!;
    if (kind === 1) line[at]! += left;
    else if (kind === 2) line[at]! += up;
    else if (kind === 3) line[at]! += (left + up) >> 1;
    else line[at]! += predict(left, up, at < step ? 0 : above[at - step]!);
  }
}

/** The predictor of Paeth. */
function predict(left: number, up: number, corner: number): number {
  const [first, second] = [Math.abs(up - corner), Math.abs(left - corner)];
  const third = Math.abs(left + up - 2 * corner);
  if (first <= second && first <= third) return left;
  return second <= third ? up : corner;
}

/** How a line's pixel becomes grey; of colours of 16 bits the high byte counts, as with Pillow. */
function makeGrey({ bits, colourType, palette }: PngChunks): (line: Uint8Array, column: number) => number {
  const most = 2 ** bits - 1;
  if (colourType === 2 || colourType === 6) {
    const step = SAMPLES[colourType]! * (bits / 8);
    const next = bits / 8;
    return (line, column) => {
      const at = column * step;
      return toLuma(line[at]!, line[at + next]!, line[at + 2 * next]!);
    };
  }
  if (colourType === 4) {
    return bits === 8 ? (line, column) => line[2 * column]! : (line, column) => line[4 * column]!;
  }
  if (bits === 16) {
    const scale = Math.fround(255 / 65535);
    return (line, column) => Math.fround((line[2 * column]! * 256 + line[2 * column + 1]!) * scale);
  }
  const read = (line: Uint8Array, column: number): number => {
    const bit = column * bits;
    return (line[bit >> 3]! >> (8 - bits - (bit & 7))) & most;
  };
  if (colourType === 0) return bits === 8 ? (line, column) => line[column]! : (line, column) => (read(line, column) * 255) / most;
  const table = Uint8Array.from({ length: most + 1 }, (_, index) =>
    toLuma(palette[3 * index] ?? 0, palette[3 * index + 1] ?? 0, palette[3 * index + 2] ?? 0),
  );
  return (line, column) => table[read(line, column)]!;
}

interface Colours {
  readonly red: Plane;
  readonly blue: Plane;
  /** Keep red and blue of a pixel of a line. */
  read(line: Uint8Array, column: number, at: number): void;
  /** Whether any pixel was not grey. */
  isColoured(): boolean;
}

/** How red and blue are read; null of a picture without colours. */
function makeColours({ rows, columns, bits, colourType, palette }: PngChunks): Colours | null {
  if (![2, 3, 6].includes(colourType)) return null;
  const [red, blue] = [makePlane(rows, columns), makePlane(rows, columns)];
  const next = bits / 8;
  const step = SAMPLES[colourType]! * next;
  const most = 2 ** bits - 1;
  let isGrey = true;
  const keep = (colours: Uint8Array, first: number, between: number, at: number): void => {
    const [reds, greens, blues] = [0, 1, 2].map((sample) => colours[first + sample * between] ?? 0);
    red.values[at] = reds!;
    blue.values[at] = blues!;
    isGrey &&= reds === greens && greens === blues;
  };
  return {
    red,
    blue,
    isColoured: () => !isGrey,
    read: (line, column, at) => {
      if (colourType !== 3) return keep(line, column * step, next, at);
      const bit = column * bits;
      return keep(palette, 3 * ((line[bit >> 3]! >> (8 - bits - (bit & 7))) & most), 1, at);
    },
  };
}
