/** Inflate no more than is wanted: a small file may unfold to gigabytes. */

import { ReadError } from './errors';

/**
 * Inflate.
 *
 * @param format `deflate` with the head of zlib, `deflate-raw` without.
 * @param most bytes at which inflating stops; what follows is not looked at.
 * @returns at most so many bytes.
 */
export async function inflate(
  parts: readonly Uint8Array[],
  format: 'deflate' | 'deflate-raw',
  most: number,
): Promise<Uint8Array> {
  const blob = new Blob([...parts] as BlobPart[]);
  const reader = blob.stream().pipeThrough(new DecompressionStream(format)).getReader();
  let inflated = new Uint8Array(Math.min(most, 1 << 16));
  let length = 0;
  try {
    while (length < most) {
      const { done, value } = await reader.read();
      if (done) break;
      const part = value.subarray(0, most - length);
      if (length + part.length > inflated.length) {
        const grown = new Uint8Array(Math.min(most, 2 * (length + part.length)));
        grown.set(inflated.subarray(0, length));
        inflated = grown;
      }
      inflated.set(part, length);
      length += part.length;
    }
  } catch (error) {
    throw new ReadError('expected whole compressed data, got damaged ones', { cause: error });
  } finally {
    reader.cancel().catch(() => undefined); // of what is left nothing is wanted
  }
  return inflated.subarray(0, length);
}
