/** The keys, in a dialog. */

import { make } from './dom';

const KEYS: readonly (readonly [string, string])[] = [
  ['↑ ↓', 'previous, next image'],
  ['← →', 'previous, next frame of a cine'],
  ['Space', 'play a cine'],
  ['O', 'outline'],
  ['C', 'calipers'],
  ['U', 'uncertainty of the border'],
  ['B', 'before and after'],
  ['+  −  0', 'zoom in, out, whole image'],
  ['M  J', 'save mask, save JSON'],
];

export function makeShortcuts(): HTMLDialogElement {
  const dialog: HTMLDialogElement = make(
    'dialog',
    { class: 'shortcuts', 'aria-labelledby': 'shortcuts-title' },
    make('h2', { id: 'shortcuts-title' }, 'Keys'),
    make('dl', {}, ...KEYS.map(([key, text]) => make('div', {}, make('dt', {}, make('kbd', {}, key)), make('dd', {}, text)))),
    make('button', { type: 'button', class: 'button', click: () => dialog.close() }, 'Close'),
  );
  dialog.addEventListener('click', (event) => event.target === dialog && dialog.close());
  return dialog;
}
