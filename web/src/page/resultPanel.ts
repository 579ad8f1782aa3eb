/** The results of the image that is shown. */

import type { SegmentedFrame } from '../worker/protocol';
import { make } from './dom';
import { formatShare, ORIGIN_WORDS, QUALITY_WORDS } from './format';
import { makeIcon } from './icons';
import type { ImageEntry } from './imageEntry';
import { makeFacts, makeLesionCard } from './lesionCard';

export interface PanelActions {
  readonly saveMask: () => void;
  readonly saveJson: () => void;
  readonly savePicture: () => void;
}

export class ResultPanel {
  private readonly body = make('div', { class: 'panel-body' });

  constructor(
    private readonly element: HTMLElement,
    point: HTMLElement,
    private readonly actions: PanelActions,
  ) {
    element.append(this.body, point);
  }

  show(entry: ImageEntry, frame: SegmentedFrame | null): void {
    this.element.hidden = false;
    this.body.ariaBusy = null;
    if (!frame) {
      this.body.replaceChildren(entry.reason ? makeRefusal(entry) : makeWaiting());
      return;
    }
    const { lesions } = frame;
    this.body.replaceChildren(
      make(
        'section',
        { class: 'block verdict' },
        make('h2', {}, countLesions(lesions.length)),
        make('p', {}, `Probability that the image shows a lesion: ${formatShare(frame.lesionProbability)}`),
      ),
      ...frame.quality.map((word) => makeRemark(QUALITY_WORDS[word] ?? word)),
      ...frame.remarks.map((word) => makeRemark(`In the file: ${word}.`)),
      ...lesions.map((lesion) => makeLesionCard(lesion, lesions.length)),
      this.makeDownloads(),
      makeFile(frame),
    );
  }

  /** What is shown belongs to another operating point, until the next result is there. */
  makeStale(): void {
    this.body.ariaBusy = 'true';
  }

  private makeDownloads(): HTMLElement {
    const { saveMask, saveJson, savePicture } = this.actions;
    const button = (text: string, click: () => void): HTMLElement =>
      make('button', { type: 'button', class: 'button', click }, makeIcon('download'), text);
    return make(
      'section',
      { class: 'block' },
      make('h2', {}, 'Save'),
      make(
        'div',
        { class: 'downloads' },
        button('Mask', saveMask),
        button('Picture', savePicture),
        button('JSON', saveJson),
      ),
    );
  }
}

function countLesions(count: number): string {
  if (!count) return 'No lesion marked';
  return count === 1 ? '1 lesion' : `${count} lesions`;
}

function makeRemark(text: string): HTMLElement {
  return make('p', { class: 'remark' }, makeIcon('warning'), make('span', {}, text));
}

function makeWaiting(): HTMLElement {
  return make('section', { class: 'block verdict' }, make('h2', {}, 'Computing …'), make('p', {}, 'On this machine.'));
}

function makeRefusal({ status, reason }: ImageEntry): HTMLElement {
  const title = status === 'skipped' ? 'Not an image that is read here' : 'This file cannot be read';
  return make('section', { class: 'block verdict' }, make('h2', {}, title), make('p', { class: 'reason' }, capitalise(reason)));
}

function capitalise(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function makeFile(frame: SegmentedFrame): HTMLElement {
  const scales = frame.regions.map(({ mmPerPixel: mm }) => mm && mm.map((each) => each.toPrecision(3)).join(' × '));
  const origins = [...new Set(frame.regions.map(({ origin }) => ORIGIN_WORDS[origin]!))];
  return make(
    'section',
    { class: 'block' },
    make('h2', {}, 'File'),
    makeFacts([
      ['Format', frame.format],
      ['Size', `${frame.columns} × ${frame.rows} px`],
      ['Ultrasound', origins.join(', ')],
      ['Mm per pixel', [...new Set(scales.map((scale) => scale ?? 'unknown'))].join(', ')],
      ['Computed in', `${(frame.milliseconds / 1000).toFixed(1)} s`],
    ]),
  );
}
