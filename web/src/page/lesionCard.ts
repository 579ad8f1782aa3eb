/** A lesion with its sizes and probabilities. */

import type { Lesion } from '../lesions/lesion';
import { make } from './dom';
import { formatArea, formatLength, formatLengths, formatShare, formatSize } from './format';

/** Make a card. */
export function makeLesionCard(lesion: Lesion, count: number): HTMLElement {
  return make(
    'article',
    { class: 'lesion', 'aria-label': `Lesion ${lesion.number}` },
    make(
      'header',
      {},
      make('h3', {}, count > 1 ? `Lesion ${lesion.number}` : 'Lesion'),
      make('p', { class: 'size' }, formatSize(lesion)),
    ),
    makeFacts([
      ['Depth × width', formatLengths([lesion.depthMm, lesion.widthMm], [lesion.depthPx, lesion.widthPx])],
      ['Area', formatArea(lesion)],
      ['Orientation', `${lesion.orientation} (${lesion.depthWidthRatio.toFixed(2)})`],
      ['Below the top edge', formatLength(lesion.topDistanceMm, lesion.topDistancePx)],
    ]),
    makeMeter('Probability of a lesion', lesion.probability, 'sure'),
    ...(lesion.malignancy === null ? [] : makeMalignancy(lesion.malignancy)),
    make(
      'details',
      {},
      make('summary', {}, 'Shape'),
      makeFacts([
        ['Solidity', lesion.solidity.toFixed(3)],
        ['Circularity', lesion.circularity.toFixed(3)],
        ['Irregularity', lesion.irregularity.toFixed(3)],
        ['Centre (row, column)', lesion.centroid.map((each) => each.toFixed(0)).join(', ')],
      ]),
    ),
  );
}

/** A list of names and values. */
export function makeFacts(facts: readonly (readonly [string, string])[]): HTMLElement {
  return make(
    'dl',
    { class: 'facts' },
    ...facts.map(([name, value]) => make('div', {}, make('dt', {}, name), make('dd', {}, value))),
  );
}

function makeMalignancy(malignancy: number): HTMLElement[] {
  return [
    makeMeter('Malignancy, as estimated', malignancy, 'malignancy'),
    make(
      'p',
      { class: 'caution' },
      'An estimate of a network for research, from one image. It does not replace a reading or a biopsy.',
    ),
  ];
}

function makeMeter(name: string, share: number, kind: string): HTMLElement {
  const fill = make('span', { class: 'fill' });
  fill.style.width = `${share * 100}%`;
  return make(
    'div',
    { class: `meter ${kind}` },
    make('div', { class: 'row' }, make('span', {}, name), make('strong', {}, formatShare(share))),
    make('div', { class: 'track', 'aria-hidden': 'true' }, fill),
  );
}
