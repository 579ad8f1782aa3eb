/** The one way from a file's content to its frames. */

import type { PictureDecoder } from './raster/decodePicture';
import { DicomSource } from './dicom/dicomSource';
import { ReadError, SkippedError } from './errors';
import { findFileType } from './fileType';
import type { ImageSource } from './imageSource';
import { LARGEST_FILE_BYTES } from './limits';
import { RasterSource } from './raster/rasterSource';

/**
 * Open a file by its content.
 *
 * @throws ReadError or SkippedError, whatever is wrong with it.
 */
export async function openImage(content: Uint8Array, decode: PictureDecoder): Promise<ImageSource> {
  if (content.length > LARGEST_FILE_BYTES) {
    throw new ReadError(`expected a file of at most ${LARGEST_FILE_BYTES} bytes, got more`);
  }
  const type = findFileType(content);
  try {
    if (type === 'DICOM') return await DicomSource.open(content, decode);
    return await RasterSource.open(content, type, decode);
  } catch (error) {
    throw asReadable(error, type);
  }
}

/** Keep what others wrote out of messages: decoders may quote the file. */
export function asReadable(error: unknown, type: string): Error {
  if (error instanceof ReadError || error instanceof SkippedError) return error;
  return new ReadError(`expected a sound ${type} file, got one that cannot be read`, { cause: error });
}
