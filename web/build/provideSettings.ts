/** Vite plugin: `virtual:settings` holds what the page takes over from the bundle. */

import type { Plugin } from 'vite';

import { readSettings } from './readSettings.ts';

const NAME = 'virtual:settings';

export function provideSettings(root: string): Plugin {
  return {
    name: 'provide-settings',
    resolveId: (id) => (id === NAME ? `\0${NAME}` : undefined),
    load: (id) =>
      id === `\0${NAME}`
        ? `export const settings = ${JSON.stringify(readSettings(root))};`
        : undefined,
  };
}
