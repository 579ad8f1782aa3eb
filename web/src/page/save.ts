/** Saving results as files. */

import { settings } from 'virtual:settings';

import type { SegmentedFrame } from '../worker/protocol';
import { describeResult, RESEARCH_ONLY } from './describeResult';
import { drawOverlay, type Layers } from './drawOverlay';
import { makeSvg } from './dom';
import { encodePng } from './encodePng';
import { paintDoubt, paintImage } from './paint';

/** Of the lines, as in style.css. */
const COLOURS = [
  ['outline', '#ffd200'],
  ['suppressed', '#c9d3dc'],
  ['caliper', '#5ac8ff'],
] as const;

/** Hand a file to the browser's downloads. */
export function save(content: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** The mask at the size of the source. */
export function makeMaskFile({ mask, rows, columns }: SegmentedFrame): Promise<Blob> {
  return encodePng(
    mask.map((value) => value * 255),
    rows,
    columns,
  );
}

export function makeJsonFile(title: string, frame: SegmentedFrame): Blob {
  const text = JSON.stringify(describeResult(title, frame, settings), null, 2);
  return new Blob([text], { type: 'application/json' });
}

/** The image with what is drawn over it. */
export async function makePicture(frame: SegmentedFrame, layers: Layers, showsAll: boolean): Promise<Blob> {
  const { rows, columns } = frame;
  const scale = Math.max(1, Math.ceil(900 / Math.max(rows, columns)));
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [columns * scale, rows * scale];
  const context = canvas.getContext('2d')!;
  const layer = document.createElement('canvas');
  paintImage(layer, frame, showsAll);
  context.drawImage(layer, 0, 0, canvas.width, canvas.height);
  if (layers.doubt) {
    paintDoubt(layer, frame);
    context.drawImage(layer, 0, 0, canvas.width, canvas.height);
  }
  const svg = makeSvg('svg', { viewBox: `0 0 ${columns} ${rows}` });
  drawOverlay(svg, frame, layers, scale);
  context.scale(scale, scale);
  for (const element of svg.querySelectorAll<SVGPathElement | SVGTextElement>('path, text')) {
    drawElement(context, element, scale);
  }
  context.font = `${12 / scale}px system-ui, sans-serif`;
  context.textAlign = 'right';
  drawText(context, RESEARCH_ONLY.split('.')[0]!, columns - 6 / scale, rows - 6 / scale, scale);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('expected a picture, got none'))));
  });
}

function drawElement(context: CanvasRenderingContext2D, element: SVGElement, scale: number): void {
  if (element instanceof SVGTextElement) {
    context.font = `600 ${element.getAttribute('font-size')}px system-ui, sans-serif`;
    context.textAlign = element.getAttribute('text-anchor') === 'middle' ? 'center' : 'left';
    drawText(context, element.textContent ?? '', Number(element.getAttribute('x')), Number(element.getAttribute('y')), scale);
    return;
  }
  const { classList } = element;
  const isHalo = classList.contains('halo');
  const isSuppressed = classList.contains('suppressed');
  if (isHalo && isSuppressed) return;
  context.setLineDash(isSuppressed ? [2 / scale, 5 / scale] : []);
  context.lineWidth = (isHalo ? 4 : 2) / scale;
  const colour = COLOURS.find(([kind]) => classList.contains(kind))?.[1] ?? '#ffffff';
  context.strokeStyle = isHalo ? 'rgb(0 0 0 / 55%)' : colour;
  context.stroke(new Path2D(element.getAttribute('d') ?? ''));
}

function drawText(context: CanvasRenderingContext2D, text: string, x: number, y: number, scale: number): void {
  context.setLineDash([]);
  context.lineWidth = 3 / scale;
  context.strokeStyle = 'rgb(0 0 0 / 80%)';
  context.strokeText(text, x, y);
  context.fillStyle = '#ffffff';
  context.fillText(text, x, y);
}
