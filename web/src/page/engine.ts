/** Hands frames to the worker, one at a time, and starts another worker if one gets stuck. */

import type { Reply, SegmentedFrame, SegmentRequest } from '../worker/protocol';

/** Seconds for a file, after which it is given up; the model is loaded within those of the first. */
const PATIENCE_MS = 60_000;
const PATIENCE_FOR_MODEL_MS = 180_000;

/** Why a file has no result, in words that may be shown. */
export class Refusal extends Error {
  constructor(
    message: string,
    readonly isSkipped: boolean,
  ) {
    super(message);
  }
}

export type EngineState = 'loading' | 'ready' | 'broken';

interface Job {
  readonly request: Omit<SegmentRequest, 'id'>;
  readonly isUrgent: boolean;
  readonly resolve: (frame: SegmentedFrame) => void;
  readonly reject: (reason: Refusal) => void;
}

export class Engine {
  private worker: Worker;
  private jobs: Job[] = [];
  private running: { job: Job; id: number; timer: number } | null = null;
  private lastId = 0;
  state: EngineState = 'loading';
  threads = 1;

  /** @param onState called whenever the state changes, with the reason if the engine is broken. */
  constructor(private readonly onState: (state: EngineState, reason: string) => void) {
    this.worker = this.start();
  }

  /** Segment a frame; what is urgent goes before the rest, and the last of it first. */
  segment(request: Omit<SegmentRequest, 'id'>, isUrgent: boolean): Promise<SegmentedFrame> {
    return new Promise((resolve, reject) => {
      const job = { request, isUrgent, resolve, reject };
      if (isUrgent) this.jobs.unshift(job);
      else this.jobs.push(job);
      this.next();
    });
  }

  /** Forget what waits for a file, or only what is not urgent any more. */
  drop(keep: (request: Omit<SegmentRequest, 'id'>) => boolean): void {
    const dropped = this.jobs.filter((job) => !keep(job.request));
    this.jobs = this.jobs.filter((job) => keep(job.request));
    dropped.forEach((job) => job.reject(new Refusal('no longer wanted', true)));
  }

  private start(): Worker {
    const base = new URL('./', document.baseURI).href;
    const worker = new Worker(new URL('../worker/worker.ts', import.meta.url), {
      type: 'module',
      name: base,
    });
    worker.addEventListener('message', ({ data }: MessageEvent<Reply>) => this.take(data));
    worker.addEventListener('error', (event) => {
      event.preventDefault();
      if (this.running) this.giveUp('the image could not be segmented: the computation broke off');
      else this.change('broken', 'the program for computing could not be started');
    });
    return worker;
  }

  private take(reply: Reply): void {
    if (reply.kind === 'ready') {
      this.threads = reply.threads;
      this.change('ready', '');
      return;
    }
    if (reply.kind === 'broken') {
      this.change('broken', reply.reason);
      return;
    }
    if (this.running?.id !== reply.id) return;
    const { job, timer } = this.running;
    clearTimeout(timer);
    this.running = null;
    if (reply.kind === 'done') job.resolve(reply.frame);
    else job.reject(new Refusal(reply.reason, reply.isSkipped));
    this.next();
  }

  private next(): void {
    if (this.running) return;
    const job = this.jobs.shift();
    if (!job) return;
    this.lastId += 1;
    const patience = this.state === 'ready' ? PATIENCE_MS : PATIENCE_FOR_MODEL_MS;
    const timer = window.setTimeout(() => {
      this.giveUp(`given up after ${patience / 1000} seconds: the file asks for too much`);
    }, patience);
    this.running = { job, id: this.lastId, timer };
    this.worker.postMessage({ ...job.request, id: this.lastId } satisfies SegmentRequest);
  }

  private giveUp(reason: string): void {
    const { running } = this;
    if (running) clearTimeout(running.timer);
    this.running = null;
    this.worker.terminate();
    this.change('loading', '');
    this.worker = this.start();
    running?.job.reject(new Refusal(reason, false));
    this.next();
  }

  private change(state: EngineState, reason: string): void {
    this.state = state;
    this.onState(state, reason);
  }
}
