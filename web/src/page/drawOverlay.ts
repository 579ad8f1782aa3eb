/** Outline, calipers and scale bar, as lines of SVG over the image. */

import type { Axis } from '../lesions/measureAxes';
import type { Lesion } from '../lesions/lesion';
import type { CalibratedRegion } from '../readers/region/calibratedRegion';
import type { SegmentedFrame } from '../worker/protocol';
import { makeSvg } from './dom';
import { formatSize } from './format';

export interface Layers {
  outline: boolean;
  calipers: boolean;
  doubt: boolean;
  compare: boolean;
}

const BAR_LENGTHS_MM = [50, 20, 10, 5, 2, 1];
const BAR_SHARE = 0.3;
/** On the screen, in px whatever the zoom. */
const [TEXT_PX, TICK_PX, MARGIN_PX] = [13, 7, 10];

/**
 * Draw over an image.
 *
 * @param svg with a viewBox of the image's pixels.
 * @param scale screen px per image px.
 */
export function drawOverlay(svg: SVGSVGElement, frame: SegmentedFrame, layers: Layers, scale: number): void {
  const parts: SVGElement[] = [];
  if (layers.outline) {
    parts.push(...frame.suppressed.map((lesion) => drawOutline(lesion, 'suppressed')));
    parts.push(...frame.lesions.map((lesion) => drawOutline(lesion, 'outline')));
  }
  if (layers.calipers) {
    for (const lesion of frame.lesions) {
      parts.push(drawAxis(lesion.longAxis, scale), drawAxis(lesion.shortAxis, scale));
    }
  }
  if (layers.outline || layers.calipers) {
    parts.push(...frame.lesions.map((lesion) => drawLabel(lesion, frame, scale, layers.calipers)));
  }
  parts.push(...frame.regions.flatMap((region) => drawBar(region, scale)));
  svg.replaceChildren(...parts);
}

function drawOutline(lesion: Lesion, kind: string): SVGElement {
  const points = lesion.contour.map(([row, column]) => `${column + 0.5} ${row + 0.5}`).join('L');
  return makeSvg('g', {}, ...['halo', 'line'].map((name) => makeSvg('path', { d: `M${points}Z`, class: `${kind} ${name}` })));
}

/** A line with a tick at each end, as of calipers. */
function drawAxis(axis: Axis, scale: number): SVGElement {
  const [[y0, x0], [y1, x1]] = [axis.start, axis.end].map(([row, column]) => [row + 0.5, column + 0.5]) as [
    [number, number],
    [number, number],
  ];
  const length = Math.hypot(x1 - x0, y1 - y0) || 1;
  const [dx, dy] = [((y1 - y0) / length) * (TICK_PX / scale), ((x0 - x1) / length) * (TICK_PX / scale)];
  const ticks = [
    [x0, y0],
    [x1, y1],
  ].map(([x, y]) => `M${x! - dx} ${y! - dy}L${x! + dx} ${y! + dy}`);
  const d = `M${x0} ${y0}L${x1} ${y1}${ticks.join('')}`;
  return makeSvg('g', {}, ...['halo', 'line'].map((name) => makeSvg('path', { d, class: `caliper ${name}` })));
}

function drawLabel(lesion: Lesion, frame: SegmentedFrame, scale: number, withSize: boolean): SVGElement {
  const [top, left, bottom, right] = lesion.box;
  const size = TEXT_PX / scale;
  const hasRoomBelow = bottom + 2.2 * size < frame.rows;
  const y = hasRoomBelow ? bottom + 1.5 * size : Math.max(top - 0.7 * size, size);
  const number = frame.lesions.length > 1 ? `${lesion.number}: ` : '';
  const text = withSize ? number + formatSize(lesion) : number.replace(': ', '');
  const half = (text.length * size * 0.3);
  const x = Math.min(Math.max((left + right) / 2, half), frame.columns - half);
  return makeSvg('text', { x, y, 'font-size': size, class: 'label', 'text-anchor': 'middle' }, text);
}

/** A bar of whole millimetres in the lower left corner of each calibrated image. */
function drawBar(region: CalibratedRegion, scale: number): SVGElement[] {
  if (!region.mmPerPixel) return [];
  const [, left, bottom, right] = region.box;
  const perMm = 1 / region.mmPerPixel[1];
  const length = BAR_LENGTHS_MM.find((mm) => mm * perMm <= (right - left) * BAR_SHARE);
  if (!length) return [];
  const [x, y, tick] = [left + MARGIN_PX / scale, bottom - MARGIN_PX / scale, 5 / scale];
  const end = x + length * perMm;
  const d = `M${x} ${y - tick}V${y}H${end}V${y - tick}`;
  return [
    makeSvg('path', { d, class: 'bar-line halo' }),
    makeSvg('path', { d, class: 'bar-line line' }),
    makeSvg('text', { x: x + 6 / scale, y: y - 7 / scale, 'font-size': 12 / scale, class: 'label' }, `${length} mm`),
  ];
}
