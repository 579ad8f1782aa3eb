/** PNG, JPEG, WebP and BMP. */

import { makePlane, type Plane } from '../../plane';
import { findColoured } from '../findColoured';
import type { CalibratedRegion } from '../region/calibratedRegion';
import { findCalibratedRegions } from '../region/calibration';
import { type PictureDecoder, toLuma } from './decodePicture';
import { decodePng } from './decodePng';
import { decodeWholeJpeg } from './decodeWholeJpeg';
import { ReadError } from '../errors';
import type { FileType } from '../fileType';
import type { GreyImage, ImageSource } from '../imageSource';
import { checkSize } from '../dicom/pixelDescription';
import { readRasterSize } from './rasterSize';

export class RasterSource implements ImageSource {
  readonly frames = 1;
  readonly remarks: readonly string[] = [];
  readonly mayNamePatient = false;

  private constructor(
    readonly format: string,
    private readonly grey: GreyImage,
  ) {}

  /** Open a file, and decode it. */
  static async open(content: Uint8Array, type: FileType, decode: PictureDecoder): Promise<RasterSource> {
    if (type === 'PNG') return new RasterSource(type, await decodePng(content));
    checkSize(...readRasterSize(content, type));
    let picture;
    try {
      picture =
        type === 'JPEG'
          ? await decodeWholeJpeg([content], decode)
          : await decode([content], `image/${type.toLowerCase()}`);
    } catch (error) {
      if (error instanceof ReadError) throw error;
      throw new ReadError(`expected a whole ${type} file, got a damaged one`, { cause: error });
    }
    const { rows, columns, rgba } = picture;
    const grey = makePlane(rows, columns);
    const [reds, blues] = [new Float32Array(rows * columns), new Float32Array(rows * columns)];
    let isGrey = true;
    for (let at = 0; at < grey.values.length; at += 1) {
      const [red, green, blue] = [rgba[4 * at]!, rgba[4 * at + 1]!, rgba[4 * at + 2]!];
      const luma = toLuma(red, green, blue);
      grey.values[at] = luma;
      reds[at] = red - luma;
      blues[at] = blue - luma;
      isGrey &&= red === green && green === blue;
    }
    return new RasterSource(type, { ...grey, coloured: isGrey ? null : findColoured(grey, reds, blues) });
  }

  async read(): Promise<GreyImage> {
    return this.grey;
  }

  /** Find the field of view, as these formats know of no regions and no mm. */
  async findRegions(grey: Plane): Promise<CalibratedRegion[]> {
    return findCalibratedRegions({ items: [] }, grey);
  }
}
