import { resolve } from 'node:path';

import { defaultClientConditions } from 'vite';
import { defineConfig } from 'vitest/config';

import { bringFiles } from './build/bringFiles.ts';
import { provideSettings } from './build/provideSettings.ts';

const root = resolve(import.meta.dirname, '..');

export default defineConfig(({ mode }) => ({
  base: './',
  // The runtime's own files lie beside the page, and not in the script.
  resolve: { conditions: ['onnxruntime-web-use-extern-wasm', ...defaultClientConditions] },
  plugins: [provideSettings(root), bringFiles(root)],
  build: { target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  worker: { format: 'es', plugins: () => [provideSettings(root)] },
  server: {
    headers: {
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Embedder-Policy': 'require-corp',
    },
  },
  test: {
    include: [mode === 'bench' ? 'bench/*.bench.ts' : 'tests/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
}));
