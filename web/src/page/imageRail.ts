/** The list of images, with one shown. */

import { make } from './dom';
import { makeIcon } from './icons';
import type { ImageEntry, Status } from './imageEntry';

const STATUS_WORDS: Readonly<Record<Status, string>> = {
  waiting: 'waiting',
  working: 'computing',
  done: '',
  failed: 'cannot be read',
  skipped: 'not read here',
};

export interface RailActions {
  readonly select: (entry: ImageEntry) => void;
  readonly showNames: (isShown: boolean) => void;
}

export class ImageRail {
  private readonly list = make('ul', {});
  private readonly names: HTMLButtonElement;
  private isNamed = false;

  constructor(
    private readonly element: HTMLElement,
    private readonly actions: RailActions,
  ) {
    this.names = make('button', {
      type: 'button',
      class: 'quiet',
      click: () => {
        this.isNamed = !this.isNamed;
        this.drawNames();
        actions.showNames(this.isNamed);
      },
    });
    this.drawNames();
    element.append(make('div', { class: 'rail-head' }, make('h2', {}, 'Images'), this.names), this.list);
  }

  show(entries: readonly ImageEntry[], selected: ImageEntry | null): void {
    this.element.hidden = entries.length === 0;
    this.list.replaceChildren(...entries.map((entry) => this.makeItem(entry, entry === selected)));
    this.list.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }

  private makeItem(entry: ImageEntry, isSelected: boolean): HTMLElement {
    const { thumbnail, status } = entry;
    const picture = make('span', { class: `thumb ${status}` });
    if (thumbnail) picture.append(thumbnail);
    else if (status === 'failed' || status === 'skipped') picture.append(makeIcon('warning'));
    const title = this.isNamed && entry.name ? entry.name : entry.title;
    return make(
      'li',
      {},
      make(
        'button',
        {
          type: 'button',
          class: 'item',
          'aria-current': isSelected && 'true',
          click: () => this.actions.select(entry),
        },
        picture,
        make(
          'span',
          { class: 'item-text' },
          make('span', { class: 'item-title', title: this.isNamed && entry.name }, title),
          make('span', { class: 'item-state' }, describe(entry)),
        ),
      ),
    );
  }

  private drawNames(): void {
    const text = this.isNamed ? 'Hide file names' : 'Show file names';
    this.names.replaceChildren(makeIcon(this.isNamed ? 'hidden' : 'eye'), make('span', { class: 'unseen' }, text));
    this.names.title = `${text}: they may name patients`;
    this.names.setAttribute('aria-pressed', String(this.isNamed));
  }
}

function describe(entry: ImageEntry): string {
  if (entry.status !== 'done') return STATUS_WORDS[entry.status];
  const cine = entry.frames > 1 ? `${entry.frames} frames · ` : '';
  const count = entry.result?.lesions.length ?? [...entry.summaries.values()][0]?.lesions;
  if (count === undefined) return STATUS_WORDS.working;
  return cine + (count === 1 ? '1 lesion' : count ? `${count} lesions` : 'no lesion');
}
