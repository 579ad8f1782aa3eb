/** Numbers and words as they are shown. */

import type { Lesion } from '../lesions/lesion';

/** A probability as whole percent, but for the ends. */
export function formatShare(value: number): string {
  if (value > 0 && value < 0.01) return '<\u00a01\u00a0%';
  if (value < 1 && value > 0.99) return '>\u00a099\u00a0%';
  return `${Math.round(value * 100)}\u00a0%`;
}

/** The two diameters of a lesion, in mm where there is a scale. */
export function formatSize(lesion: Lesion): string {
  const { longAxis: long, shortAxis: short } = lesion;
  return formatLengths([long.lengthMm, short.lengthMm], [long.lengthPx, short.lengthPx]);
}

/** Two lengths of one unit. */
export function formatLengths(
  mm: readonly [number | null, number | null],
  px: readonly [number, number],
): string {
  if (mm[0] === null || mm[1] === null) return `${px.map(Math.round).join(' × ')} px`;
  return `${mm[0].toFixed(1)} × ${mm[1].toFixed(1)} mm`;
}

/** A length in mm where there is a scale, else in px. */
export function formatLength(mm: number | null, px: number): string {
  return mm === null ? `${Math.round(px)} px` : `${mm.toFixed(1)} mm`;
}

export function formatArea(lesion: Lesion): string {
  return lesion.areaMm2 === null ? `${lesion.areaPx} px` : `${lesion.areaMm2.toFixed(0)} mm²`;
}

/** What speaks against a mask, in words. */
export const QUALITY_WORDS: Readonly<Record<string, string>> = {
  empty: 'Nearly all of the image is black.',
  saturated: 'A large part of the image is white.',
  coloured: 'A large part of the image is drawn over in colour: the network does not see what is below.',
  'uncertain boundary': 'The network is unsure where this lesion ends. Look at the uncertainty layer.',
  'touches the border': 'The outline reaches the border of the image: the lesion may be larger.',
};

/** How the place of the ultrasound came to be known, in words. */
export const ORIGIN_WORDS: Readonly<Record<string, string>> = {
  given: 'given by the file',
  cropped: 'given by the file, cut with the frame',
  rescaled: 'given by the file at another scale: not used',
  found: 'found in the pixels',
  whole: 'the whole picture',
};
