/** Starts the page: files by choice, drop or paste, keys, themes, and the service worker. */

import { App } from './app';
import { find, make } from './dom';
import { makeIcon } from './icons';
import { makeShortcuts } from './shortcuts';

const app = new App();
const picker = find<HTMLInputElement>('#picker');

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement;
}

picker.addEventListener('change', () => {
  app.add([...(picker.files ?? [])]);
  picker.value = '';
});

const veil = find('#veil');
window.addEventListener('dragover', (event) => {
  event.preventDefault();
  veil.hidden = !event.dataTransfer?.types.includes('Files');
});
window.addEventListener('dragleave', (event) => {
  if (event.relatedTarget === null) veil.hidden = true;
});
window.addEventListener('drop', (event) => {
  event.preventDefault();
  veil.hidden = true;
  app.add([...(event.dataTransfer?.files ?? [])]);
});
window.addEventListener('paste', (event) => app.add([...(event.clipboardData?.files ?? [])]));

const shortcuts = makeShortcuts();
window.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || shortcuts.open) return;
  const { target } = event;
  // A slider or a button that has the focus takes its own keys.
  if (isTyping(target) && !/^[a-z]$/i.test(event.key)) return;
  if (target instanceof HTMLButtonElement && event.key === ' ') return;
  if (event.key === '?') shortcuts.showModal();
  else if (app.press(event.key)) event.preventDefault();
});

/** The theme follows the system until it is changed; nothing of it is stored. */
function changeTheme(): void {
  const { dataset } = document.documentElement;
  const isDark = dataset.theme ? dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  dataset.theme = isDark ? 'light' : 'dark';
}

find('#actions').append(
  make('button', { type: 'button', class: 'button primary', click: () => picker.click() }, makeIcon('open'), make('span', {}, 'Open')),
  make('button', { type: 'button', class: 'quiet', title: 'Light or dark', 'aria-label': 'Light or dark', click: changeTheme }, makeIcon('theme')),
  make('button', { type: 'button', class: 'quiet wide-only', title: 'Keys (?)', 'aria-label': 'Keys', click: () => shortcuts.showModal() }, makeIcon('keyboard')),
);
document.body.append(shortcuts);

// The model is wanted first: what is kept for later comes after it.
if ('serviceWorker' in navigator && import.meta.env.PROD) {
  window.addEventListener('load', () => {
    navigator.serviceWorker.register(new URL('sw.js', document.baseURI)).catch(() => undefined);
  });
}

// For tests, and for whoever opens the console: nothing that the page does not show.
Object.assign(globalThis, { breastUs: app });
