/** A frame of a DICOM file in JPEG baseline. */

import { readJpegHeader } from './codestream';
import type { PictureDecoder } from '../raster/decodePicture';
import { decodeWholeJpeg } from '../raster/decodeWholeJpeg';
import { ReadError } from '../errors';
import type { PixelDescription } from './pixelDescription';
import type { StoredPixels } from './storedPixels';

const HUFFMAN_COSINES = [0xc0, 0xc1, 0xc2];
const START_OF_IMAGE = new Uint8Array([0xff, 0xd8]);

/**
 * Decode a frame, after what its stream says was compared with the header.
 *
 * Of three components the stream says what they are, and *Photometric Interpretation*
 * (0028,0004) counts only if it does not: the decoder learns it from a marker of Adobe's.
 */
export async function decodeJpegFrame(
  stream: Uint8Array,
  pixels: PixelDescription,
  decode: PictureDecoder,
): Promise<StoredPixels> {
  const found = readJpegHeader(stream);
  if (!found) throw new ReadError('expected pixel data in JPEG, got something else');
  if (!HUFFMAN_COSINES.includes(found.frame) || found.bits !== 8) {
    throw new ReadError('expected a JPEG of 8 bits in discrete cosines, got another, which is not read here');
  }
  const { rows, columns, samples } = pixels;
  if (found.rows !== rows || found.columns !== columns || found.components !== samples) {
    throw new ReadError(
      `expected a stream of ${rows} x ${columns} px and ${samples} samples, as the header, got another`,
    );
  }
  if (pixels.bitsStored !== 8) {
    throw new ReadError('expected BitsStored (0028,0101) of 8 of a JPEG of 8 bits, got another');
  }
  const isYbr = found.isYbr ?? pixels.photometric !== 'RGB';
  const marker = new Uint8Array([0xff, 0xee, 0, 14, 65, 100, 111, 98, 101, 0, 100, 0, 0, 0, 0, Number(isYbr)]);
  const start = samples === 3 ? [START_OF_IMAGE, marker] : [START_OF_IMAGE];
  let picture;
  try {
    picture = await decodeWholeJpeg([...start, ...found.segments], decode);
  } catch (error) {
    if (error instanceof ReadError) throw error;
    throw new ReadError('expected pixel data in JPEG, got a damaged stream', { cause: error });
  }
  const count = rows * columns;
  const values = new Uint8Array(count * samples);
  for (let at = 0; at < count; at += 1) {
    for (let sample = 0; sample < samples; sample += 1) {
      values[at * samples + sample] = picture.rgba[4 * at + sample]!;
    }
  }
  return { values, photometric: samples === 3 ? 'RGB' : pixels.photometric, bits: 8 };
}
