/** A mask as PNG: 8-bit grey, 0 or 255, the same pixels as those of the command line. */

import { sumUp } from '../readers/raster/pngChunks';

/**
 * Encode grey levels.
 *
 * @param levels (H, W), 0 to 255.
 */
export async function encodePng(levels: Uint8Array, rows: number, columns: number): Promise<Blob> {
  const lines = new Uint8Array(rows * (columns + 1));
  for (let row = 0; row < rows; row += 1) {
    lines.set(levels.subarray(row * columns, (row + 1) * columns), row * (columns + 1) + 1);
  }
  const stream = new Blob([lines]).stream().pipeThrough(new CompressionStream('deflate'));
  const data = new Uint8Array(await new Response(stream).arrayBuffer());
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, columns);
  view.setUint32(4, rows);
  header[8] = 8; // bits; the colour type 0 is grey
  const signature = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const chunks = [makeChunk('IHDR', header), makeChunk('IDAT', data), makeChunk('IEND', new Uint8Array())];
  return new Blob([signature, ...chunks] as BlobPart[], { type: 'image/png' });
}

function makeChunk(name: string, content: Uint8Array): Uint8Array {
  const chunk = new Uint8Array(content.length + 12);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, content.length);
  for (let at = 0; at < 4; at += 1) chunk[4 + at] = name.charCodeAt(at);
  chunk.set(content, 8);
  view.setUint32(content.length + 8, sumUp(chunk.subarray(4, content.length + 8)));
  return chunk;
}
