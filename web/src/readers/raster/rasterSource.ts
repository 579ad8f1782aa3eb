/** PNG, JPEG, WebP and BMP. */

import { makePlane, type Plane } from '../../plane';
import type { CalibratedRegion } from '../region/calibratedRegion';
import { findCalibratedRegions } from '../region/calibration';
import { type PictureDecoder, toLuma } from './decodePicture';
import { decodePng } from './decodePng';
import { decodeWholeJpeg } from './decodeWholeJpeg';
import { ReadError } from '../errors';
import type { FileType } from '../fileType';
import type { ImageSource } from '../imageSource';
import { checkSize } from '../dicom/pixelDescription';
import { readRasterSize } from './rasterSize';

export class RasterSource implements ImageSource {
  readonly frames = 1;
  readonly remarks: readonly string[] = [];
  readonly mayNamePatient = false;

  private constructor(
    readonly format: string,
    private readonly grey: Plane,
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
    const grey = makePlane(picture.rows, picture.columns);
    for (let at = 0; at < grey.values.length; at += 1) {
      const [red, green, blue] = [picture.rgba[4 * at]!, picture.rgba[4 * at + 1]!, picture.rgba[4 * at + 2]!];
      grey.values[at] = toLuma(red, green, blue);
    }
    return new RasterSource(type, grey);
  }

  async read(): Promise<Plane> {
    return this.grey;
  }

  /** Find the field of view, as these formats know of no regions and no mm. */
  async findRegions(grey: Plane): Promise<CalibratedRegion[]> {
    return findCalibratedRegions({ items: [] }, grey);
  }
}
