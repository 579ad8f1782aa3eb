/** The frames of a cine: a scrubber, and a strip of what was found in each. */

import { make } from './dom';
import { makeIcon } from './icons';
import type { ImageEntry } from './imageEntry';

const PLAY_MS = 120;

export interface CineActions {
  readonly goTo: (frame: number) => void;
  readonly segmentAll: () => void;
}

export class CineBar {
  readonly element: HTMLElement;
  private readonly slider = make('input', { type: 'range', min: 1, step: 1, 'aria-label': 'Frame' });
  private readonly text = make('output', { class: 'frame-number' });
  private readonly strip = make('canvas', { class: 'strip', height: 28, 'aria-hidden': 'true' });
  private readonly playButton: HTMLButtonElement;
  private readonly all: HTMLButtonElement;
  private entry: ImageEntry | null = null;
  private playing = 0;

  constructor(private readonly actions: CineActions) {
    this.slider.addEventListener('input', () => actions.goTo(Number(this.slider.value) - 1));
    this.playButton = make('button', { type: 'button', class: 'tool', click: () => this.togglePlay() });
    this.all = make('button', { type: 'button', class: 'button small', click: () => actions.segmentAll() }, 'Segment all frames');
    this.element = make(
      'div',
      { class: 'cine', hidden: true },
      this.playButton,
      make('div', { class: 'cine-track' }, this.strip, this.slider),
      this.text,
      this.all,
    );
    this.drawPlay();
  }

  show(entry: ImageEntry): void {
    if (entry !== this.entry) this.stop();
    this.entry = entry;
    const isCine = entry.frames > 1 && entry.frame !== null;
    this.element.hidden = !isCine;
    if (!isCine) return;
    this.slider.max = String(entry.frames);
    this.slider.value = String(entry.frame! + 1);
    this.text.textContent = `${entry.frame! + 1} / ${entry.frames}`;
    this.slider.setAttribute('aria-valuetext', `frame ${entry.frame! + 1} of ${entry.frames}`);
    this.all.hidden = entry.summaries.size >= entry.frames;
    this.drawStrip(entry);
  }

  /** Go on by frames; after its end the cine starts again. */
  step(by: number): void {
    const { entry } = this;
    if (!entry || entry.frame === null || entry.frames < 2) return;
    this.actions.goTo((entry.frame + by + entry.frames) % entry.frames);
  }

  togglePlay(): void {
    if (this.playing) this.stop();
    else if (this.entry && this.entry.frames > 1) this.playing = window.setInterval(() => this.playOn(), PLAY_MS);
    this.drawPlay();
  }

  private stop(): void {
    clearInterval(this.playing);
    this.playing = 0;
    this.drawPlay();
  }

  /** Wait for a frame that is being computed. */
  private playOn(): void {
    if (this.entry?.result) this.step(1);
  }

  private drawPlay(): void {
    const name = this.playing ? 'Pause' : 'Play';
    this.playButton.replaceChildren(makeIcon(this.playing ? 'pause' : 'play'));
    this.playButton.setAttribute('aria-label', name);
    this.playButton.title = `${name} (space)`;
  }

  /** A column for each frame: how much of it is outlined. */
  private drawStrip(entry: ImageEntry): void {
    const width = Math.min(entry.frames * 4, 1600);
    this.strip.width = width;
    const { height } = this.strip;
    const context = this.strip.getContext('2d')!;
    const most = Math.max(1, ...[...entry.summaries.values()].map(({ areaPx }) => areaPx));
    const step = width / entry.frames;
    for (const [frame, { areaPx }] of entry.summaries) {
      const size = areaPx ? 4 + (height - 4) * (areaPx / most) : 2;
      context.fillStyle = areaPx ? '#ffd200' : '#6b7c8d';
      context.fillRect(frame * step, height - size, Math.max(step - 1, 1), size);
    }
  }
}
