/** The worker: computes, so that the page stays responsive. */

import { settings } from 'virtual:settings';

import { loadNetwork } from '../inferers/network';
import { ReadError, SkippedError } from '../readers/errors';
import { decodeByBrowser } from '../readers/raster/decodePicture';
import { Segmenter } from '../segmenter';
import { FrameSegmenter } from './segmentFrame';
import type { Reply, SegmentRequest } from './protocol';

declare const self: DedicatedWorkerGlobalScope;

const MOST_THREADS = 4;
/** The page says where it lies: this script lies in a folder of it. */
const base = new URL(self.name || './', self.location.href);

function say(reply: Reply, transfer: Transferable[] = []): void {
  self.postMessage(reply, transfer);
}

async function load(): Promise<Segmenter> {
  const response = await fetch(new URL(settings.model.file, base));
  if (!response.ok) throw new Error(`expected the model, got status ${response.status}`);
  const model = new Uint8Array(await response.arrayBuffer());
  const threads = self.crossOriginIsolated ? Math.min(navigator.hardwareConcurrency, MOST_THREADS) : 1;
  const wasmPaths = new URL('runtime/', base).href;
  const network = await loadNetwork(model, { flip: settings.flip, threads, wasmPaths });
  say({ kind: 'ready', threads });
  return new Segmenter(network, settings);
}

const loading = load();
loading.catch((error: unknown) => {
  say({ kind: 'broken', reason: error instanceof Error ? error.message : String(error) });
});
const segmenter = new FrameSegmenter(() => loading, settings, decodeByBrowser);

// One request at a time; the page keeps the queue.
self.addEventListener('message', ({ data }: MessageEvent<SegmentRequest>) => {
  segmenter.segment(data).then(
    (frame) => {
      const transfer = [frame.levels, frame.mask, frame.probability].map(({ buffer }) => buffer);
      say({ kind: 'done', id: data.id, frame }, transfer);
    },
    (error: unknown) => {
      const isSafe = error instanceof ReadError || error instanceof SkippedError;
      const reason = isSafe ? error.message : 'the image could not be segmented';
      say({ kind: 'failed', id: data.id, reason, isSkipped: error instanceof SkippedError });
    },
  );
});
