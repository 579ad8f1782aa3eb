/** Vite plugin: the model, the runtime and the service worker go beside the page. */

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';

import type { Plugin } from 'vite';

/** Files of ONNX Runtime that run on a CPU, with threads or without. */
const RUNTIME = ['ort-wasm-simd-threaded.mjs', 'ort-wasm-simd-threaded.wasm'];

export function bringFiles(root: string): Plugin {
  const runtime = dirname(createRequire(import.meta.url).resolve('onnxruntime-web/wasm'));
  const files = new Map([
    ['model.onnx', resolve(root, 'models/model.onnx')],
    ...RUNTIME.map((name): [string, string] => [`runtime/${name}`, resolve(runtime, name)]),
  ]);
  return {
    name: 'bring-files',
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        const path = files.get((request.url ?? '').split('?')[0]!.slice(1));
        if (!path) return next();
        const type = path.endsWith('.mjs') ? 'text/javascript' : 'application/octet-stream';
        response.setHeader('Content-Type', path.endsWith('.wasm') ? 'application/wasm' : type);
        response.end(readFileSync(path));
      });
    },
    generateBundle(_, bundle) {
      for (const [name, path] of files) {
        this.emitFile({ type: 'asset', fileName: name, source: readFileSync(path) });
      }
      const hash = createHash('sha256');
      for (const name of Object.keys(bundle).sort()) hash.update(name);
      hash.update(readFileSync(resolve(root, 'models/model.onnx')));
      const open = readdirSync(resolve(import.meta.dirname, '../public'));
      const names = [...Object.keys(bundle), ...files.keys(), ...open, 'index.html'];
      const kept = [...new Set(names)].filter((name) => !/\.map$|sw\.js$/.test(name));
      const source = readFileSync(resolve(import.meta.dirname, 'serviceWorker.js'), 'utf8')
        .replace('"__VERSION__"', JSON.stringify(hash.digest('hex').slice(0, 16)))
        .replace('["__FILES__"]', JSON.stringify(['./', ...kept]));
      this.emitFile({ type: 'asset', fileName: 'sw.js', source });
    },
  };
}
