/** One file of the list, and what is known of it. */

import { Kept } from '../worker/kept';
import type { SegmentedFrame } from '../worker/protocol';

export type Status = 'waiting' | 'working' | 'done' | 'failed' | 'skipped';

/** What the strip below a cine shows of each of its frames. */
export interface FrameSummary {
  readonly lesions: number;
  readonly areaPx: number;
}

const MOST_KEPT_FRAMES = 24;

export class ImageEntry {
  status: Status = 'waiting';
  /** Why there is no result. */
  reason = '';
  frames = 1;
  /** Number of the frame that is shown, from 0; null until the file was opened. */
  frame: number | null = null;
  /** Show what lies outside of the regions that the file gives, which may name the patient. */
  showsAll = false;
  thumbnail: HTMLCanvasElement | null = null;
  readonly summaries = new Map<number, FrameSummary>();
  private results = new Kept<SegmentedFrame>(MOST_KEPT_FRAMES);

  constructor(
    readonly number: number,
    readonly file: Blob,
    readonly name: string,
  ) {}

  get key(): string {
    return String(this.number);
  }

  /** What it is called where the names of files are hidden. */
  get title(): string {
    return `Image ${this.number}`;
  }

  /** The result that is shown, if it is there. */
  get result(): SegmentedFrame | null {
    return this.frame === null ? null : (this.results.find(String(this.frame)) ?? null);
  }

  keep(result: SegmentedFrame): void {
    this.frames = result.frames;
    this.frame ??= result.frame;
    this.results.keep(String(result.frame), result, 1);
    const areaPx = result.lesions.reduce((sum, lesion) => sum + lesion.areaPx, 0);
    this.summaries.set(result.frame, { lesions: result.lesions.length, areaPx });
  }

  /** Forget results of another operating point. */
  forget(): void {
    this.results = new Kept<SegmentedFrame>(MOST_KEPT_FRAMES);
    this.summaries.clear();
  }
}
