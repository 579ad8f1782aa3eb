/** A JPEG with all of its pixels. */

import { ReadError } from '../errors';
import type { Picture, PictureDecoder } from './decodePicture';

const [START_OF_SCAN, END_OF_IMAGE] = [0xda, 0xd9];
/** What decoders make of blocks that are missing before an end of image. */
const [FILLER, BLOCK_PX] = [128, 8];
/** Put before the end, which must not be seen in the pixels. */
const MORE = Uint8Array.from({ length: 96 }, (_, at) => at + 1);

/**
 * Decode a JPEG, and refuse one whose end of image comes before its last pixels, as
 * `check_last_block` does in Python.
 *
 * @param parts of the stream; its scans are in the last one.
 */
export async function decodeWholeJpeg(parts: Uint8Array[], decode: PictureDecoder): Promise<Picture> {
  const picture = await decode(parts, 'image/jpeg');
  const scans = parts.at(-1)!;
  const end = findMarker(scans, END_OF_IMAGE, Math.max(0, findMarker(scans, START_OF_SCAN, 0)));
  if (end < 0 || !hasBlankCorner(picture)) return picture;
  const longer = await decode([...parts.slice(0, -1), scans.subarray(0, end), MORE, scans.subarray(end)], 'image/jpeg');
  if (picture.rgba.some((value, at) => value !== longer.rgba[at])) {
    throw new ReadError('expected a whole JPEG, got one whose pixels end too early: rows are missing');
  }
  return picture;
}

function findMarker(stream: Uint8Array, marker: number, from: number): number {
  for (let at = stream.indexOf(0xff, from); at >= 0; at = stream.indexOf(0xff, at + 1)) {
    if (stream[at + 1] === marker) return at;
  }
  return -1;
}

/** Whether a block in a corner is of nothing but the grey of missing ones. */
function hasBlankCorner({ rows, columns, rgba }: Picture): boolean {
  const [height, width] = [Math.min(BLOCK_PX, rows), Math.min(BLOCK_PX, columns)];
  const isBlank = (top: number, left: number): boolean => {
    for (let at = 0; at < height * width; at += 1) {
      const pixel = 4 * ((top + Math.floor(at / width)) * columns + left + (at % width));
      if (rgba[pixel] !== FILLER || rgba[pixel + 1] !== FILLER || rgba[pixel + 2] !== FILLER) return false;
    }
    return true;
  };
  return [0, rows - height].some((top) => [0, columns - width].some((left) => isBlank(top, left)));
}
