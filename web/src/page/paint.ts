/** Frames and maps as pictures. */

import { DOUBTFUL } from '../transforms/boundaryUncertainty';
import type { SegmentedFrame } from '../worker/protocol';

const THUMBNAIL_PX = 160;
/** Of the doubtful pixels: violet, as far from yellow and cyan as can be. */
const DOUBT_COLOUR = [214, 120, 255] as const;
const MOST_DOUBT_ALPHA = 200;

/** Draw the grey image; what may name the patient is black unless it is asked for. */
export function paintImage(canvas: HTMLCanvasElement, frame: SegmentedFrame, showsAll: boolean): void {
  const { rows, columns, levels } = frame;
  const pixels = new Uint32Array(rows * columns);
  const boxes = showsAll ? [[0, 0, rows, columns] as const] : frame.safeBoxes;
  pixels.fill(0xff000000);
  for (const [top, left, bottom, right] of boxes) {
    for (let row = top; row < bottom; row += 1) {
      for (let at = row * columns + left; at < row * columns + right; at += 1) {
        pixels[at] = (0xff000000 | (levels[at]! * 0x010101)) >>> 0;
      }
    }
  }
  put(canvas, pixels, rows, columns);
}

/** Draw where a pixel is neither lesion nor not, the more the less is known. */
export function paintDoubt(canvas: HTMLCanvasElement, { rows, columns, probability }: SegmentedFrame): void {
  const [low, high] = DOUBTFUL.map((share) => share * 255) as [number, number];
  const [red, green, blue] = DOUBT_COLOUR;
  const colour = (blue << 16) | (green << 8) | red;
  const table = Uint32Array.from({ length: 256 }, (_, value) => {
    if (value <= low || value >= high) return 0;
    const certainty = Math.abs(value - 127.5) / (127.5 - low);
    const alpha = Math.round(MOST_DOUBT_ALPHA * (1 - 0.75 * certainty));
    return ((alpha << 24) | colour) >>> 0;
  });
  const pixels = new Uint32Array(rows * columns);
  for (let at = 0; at < pixels.length; at += 1) pixels[at] = table[probability[at]!]!;
  put(canvas, pixels, rows, columns);
}

/** Draw a small copy with the mask on it. */
export function paintThumbnail(frame: SegmentedFrame): HTMLCanvasElement {
  const whole = document.createElement('canvas');
  paintImage(whole, frame, false);
  const context = whole.getContext('2d')!;
  context.strokeStyle = '#ffd200';
  context.lineWidth = Math.max(frame.rows, frame.columns) / 90;
  for (const { contour } of frame.lesions) {
    context.beginPath();
    contour.forEach(([row, column]) => context.lineTo(column + 0.5, row + 0.5));
    context.stroke();
  }
  const scale = THUMBNAIL_PX / Math.max(frame.rows, frame.columns);
  const small = document.createElement('canvas');
  small.width = Math.max(1, Math.round(frame.columns * scale));
  small.height = Math.max(1, Math.round(frame.rows * scale));
  const target = small.getContext('2d')!;
  target.imageSmoothingQuality = 'high';
  target.drawImage(whole, 0, 0, small.width, small.height);
  return small;
}

function put(canvas: HTMLCanvasElement, pixels: Uint32Array, rows: number, columns: number): void {
  canvas.width = columns;
  canvas.height = rows;
  const bytes = new Uint8ClampedArray(pixels.buffer as ArrayBuffer);
  canvas.getContext('2d')!.putImageData(new ImageData(bytes, columns, rows), 0, 0);
}
