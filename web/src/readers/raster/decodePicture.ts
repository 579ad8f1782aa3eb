/** Pictures that the browser itself decodes: JPEG, WebP, BMP. */

/** RGBA of 8 bits, (H, W, 4), upright. */
export interface Picture {
  readonly rows: number;
  readonly columns: number;
  readonly rgba: Uint8Array | Uint8ClampedArray;
}

/** Decode a whole file of a type that was found by its content. */
export type PictureDecoder = (content: Uint8Array[], mime: string) => Promise<Picture>;

/** Decode by the browser, which runs its decoders in a sandbox; for a worker or a page. */
export const decodeByBrowser: PictureDecoder = async (content, mime) => {
  const blob = new Blob(content as BlobPart[], { type: mime });
  const bitmap = await createImageBitmap(blob, {
    colorSpaceConversion: 'none',
    premultiplyAlpha: 'none',
  });
  const { width, height } = bitmap;
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (!context) throw new Error('expected a canvas of that size, got none');
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return { rows: height, columns: width, rgba: context.getImageData(0, 0, width, height).data };
};

/** Luma of a colour (ITU-R BT.601), as Pillow computes it. */
export function toLuma(red: number, green: number, blue: number): number {
  return (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;
}
