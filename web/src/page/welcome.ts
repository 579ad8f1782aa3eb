/** What a visitor sees before there is an image. */

import { make } from './dom';
import { makeIcon } from './icons';

export interface WelcomeActions {
  readonly choose: () => void;
  readonly tryExample: () => void;
}

export function makeWelcome(actions: WelcomeActions, state: HTMLElement): HTMLElement {
  return make(
    'div',
    { class: 'welcome' },
    make(
      'div',
      { class: 'welcome-card' },
      make('h2', {}, 'Outline a breast lesion in an ultrasound image'),
      make('p', { class: 'lead' }, 'Drop images here. They are read and segmented on this machine, and sent nowhere.'),
      make(
        'div',
        { class: 'welcome-buttons' },
        make('button', { type: 'button', class: 'button primary', click: actions.choose }, makeIcon('open'), 'Choose images'),
        make('button', { type: 'button', class: 'button', click: actions.tryExample }, 'Try a synthetic image'),
      ),
      make('p', { class: 'formats' }, 'DICOM, still or cine · PNG · JPEG · WebP · BMP'),
      state,
    ),
    make('p', { class: 'promise' }, makeIcon('lock'), 'No upload, no account, no tracking. Works offline after the first visit.'),
  );
}
