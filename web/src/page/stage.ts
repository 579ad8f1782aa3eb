/** The place of the image: welcome, viewer, tools, and the frames of a cine. */

import type { SegmentedFrame } from '../worker/protocol';
import { make } from './dom';
import type { Layers } from './drawOverlay';
import { type IconName, makeIcon } from './icons';
import type { ImageEntry } from './imageEntry';
import { Viewer } from './viewer';
import { makeWelcome, type WelcomeActions } from './welcome';

export interface StageActions extends WelcomeActions {
  readonly showAll: () => void;
}

const LAYERS: readonly (readonly [keyof Layers, IconName, string, string])[] = [
  ['outline', 'outline', 'Outline', 'o'],
  ['calipers', 'calipers', 'Calipers', 'c'],
  ['doubt', 'doubt', 'Uncertainty', 'u'],
  ['compare', 'compare', 'Before / after', 'b'],
];

export class Stage {
  readonly viewer = new Viewer();
  readonly layers: Layers = { outline: true, calipers: true, doubt: false, compare: false };
  private readonly buttons = new Map<keyof Layers, HTMLButtonElement>();
  private readonly busy = make('p', { class: 'busy', hidden: true }, make('span', { class: 'spinner' }), 'Computing on this machine …');
  private readonly blank = make('div', { class: 'blank', hidden: true });
  private readonly legend = make('p', { class: 'legend', hidden: true }, make('span', { class: 'swatch' }), '20 to 80 % probable: the border may lie in it');
  private readonly view: HTMLElement;
  private readonly welcome: HTMLElement;

  constructor(
    element: HTMLElement,
    cine: HTMLElement,
    engineNote: HTMLElement,
    private readonly actions: StageActions,
  ) {
    this.welcome = makeWelcome(actions, engineNote);
    const tools = make('div', { class: 'tools', role: 'toolbar', 'aria-label': 'Layers and zoom' });
    for (const [name, icon, text, key] of LAYERS) {
      const button = make(
        'button',
        { type: 'button', class: 'tool', title: `${text} (${key.toUpperCase()})`, 'aria-keyshortcuts': key, click: () => this.toggle(name) },
        makeIcon(icon),
        make('span', {}, text),
      );
      this.buttons.set(name, button);
      tools.append(button);
    }
    const zoom = (icon: IconName, text: string, click: () => void): HTMLElement =>
      make('button', { type: 'button', class: 'tool', title: text, 'aria-label': text, click }, makeIcon(icon));
    tools.append(
      make('span', { class: 'gap' }),
      zoom('minus', 'Zoom out (-)', () => this.viewer.zoomBy(1 / 1.4)),
      zoom('fit', 'Whole image (0)', () => this.viewer.reset()),
      zoom('plus', 'Zoom in (+)', () => this.viewer.zoomBy(1.4)),
    );
    this.view = make('div', { class: 'view', hidden: true }, this.viewer.element, this.busy, make('div', { class: 'notes' }, this.legend, this.blank), cine, tools);
    element.append(this.welcome, this.view);
    this.viewer.setLayers(this.layers);
    this.drawButtons();
  }

  toggle(name: keyof Layers): void {
    this.layers[name] = !this.layers[name];
    this.viewer.setLayers(this.layers);
    this.drawButtons();
  }

  show(entry: ImageEntry, title: string): void {
    this.welcome.hidden = true;
    this.view.hidden = false;
    const { result } = entry;
    this.busy.hidden = result !== null || entry.reason !== '';
    this.viewer.element.hidden = result === null && entry.reason !== '';
    this.viewer.element.classList.toggle('stale', result === null);
    if (result) this.viewer.show(result, entry.showsAll, title);
    this.drawBlank(entry, result);
  }

  /** What is shown belongs to another operating point, until the next result is there. */
  makeStale(): void {
    this.viewer.element.classList.add('stale');
  }

  private drawBlank(entry: ImageEntry, result: SegmentedFrame | null): void {
    const hidesSome = result !== null && !coversAll(result);
    this.blank.hidden = !hidesSome;
    if (!hidesSome) return;
    const isUnknown = result.safeBoxes.length === 0;
    const reason = isUnknown
      ? 'This file does not separate tissue from burned-in text, so its picture is hidden.'
      : 'What lies outside of the ultrasound is hidden.';
    const text = entry.showsAll ? 'The whole picture is shown; it may name the patient.' : reason;
    this.blank.classList.toggle('strong', isUnknown && !entry.showsAll);
    this.blank.replaceChildren(
      make('span', {}, text),
      make(
        'button',
        { type: 'button', class: 'button small', click: this.actions.showAll },
        entry.showsAll ? 'Hide it' : 'Show the whole picture',
      ),
    );
  }

  private drawButtons(): void {
    for (const [name, button] of this.buttons) button.setAttribute('aria-pressed', String(this.layers[name]));
    this.legend.hidden = !this.layers.doubt;
  }
}

/** Check whether the boxes, some perhaps side by side, leave nothing out. */
function coversAll({ rows, columns, safeBoxes }: SegmentedFrame): boolean {
  const isSafe = new Uint8Array(rows * columns);
  for (const [top, left, bottom, right] of safeBoxes) {
    for (let row = top; row < bottom; row += 1) isSafe.fill(1, row * columns + left, row * columns + right);
  }
  return !isSafe.includes(0);
}
