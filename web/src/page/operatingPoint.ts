/** The slider for the operating point: how probable a candidate must be to be marked. */

import type { Settings } from '../settings';
import { make } from './dom';
import { formatShare } from './format';

/** Steps of the slider, which goes by the square root as the low ends matter most. */
const STEPS = 100;

export class OperatingPoint {
  readonly element: HTMLElement;
  threshold: number;
  private readonly slider: HTMLInputElement;
  private readonly text = make('output', { class: 'point-value', for: 'point' });
  private readonly note = make('p', { class: 'note' });
  private readonly buttons: [number, HTMLButtonElement][];

  /** @param onChange called with each new threshold. */
  constructor(settings: Settings, onChange: (threshold: number) => void) {
    const points = settings.operatingPoints;
    this.threshold = points[settings.operatingPoint]!;
    this.slider = make('input', {
      type: 'range',
      id: 'point',
      min: 0,
      max: STEPS,
      step: 1,
      'aria-describedby': 'point-note',
    });
    this.note.id = 'point-note';
    this.buttons = Object.entries(points)
      .sort(([, first], [, second]) => first - second)
      .map(([name, value]) => [
        value,
        make('button', { type: 'button', class: 'chip', click: () => set(value) }, name),
      ]);
    const set = (threshold: number): void => {
      this.threshold = threshold;
      this.draw();
      onChange(threshold);
    };
    this.slider.addEventListener('input', () => set((Number(this.slider.value) / STEPS) ** 2));
    this.element = make(
      'section',
      { class: 'block point' },
      make('div', { class: 'row' }, make('h2', {}, make('label', { for: 'point' }, 'Operating point')), this.text),
      this.slider,
      make('div', { class: 'chips' }, ...this.buttons.map(([, button]) => button)),
      this.note,
    );
    this.draw();
  }

  /** Say how many candidates are not marked at this point. */
  count(probabilities: readonly number[]): void {
    const leftOut = [...probabilities].sort((first, second) => second - first);
    const [first] = leftOut;
    const shares = leftOut.slice(0, 3).map(formatShare).join(', ');
    this.note.textContent =
      first === undefined
        ? 'All that was outlined is marked.'
        : `Not marked, drawn in dots: ${leftOut.length} less probable (${shares}${leftOut.length > 3 ? ', …' : ''}).`;
  }

  private draw(): void {
    const percent = Math.round(this.threshold * 100);
    this.text.textContent = this.threshold ? `at least ${percent} %` : 'whatever is outlined';
    this.slider.value = String(Math.round(Math.sqrt(this.threshold) * STEPS));
    this.slider.setAttribute('aria-valuetext', this.text.textContent);
    for (const [value, button] of this.buttons) {
      button.setAttribute('aria-pressed', String(Math.abs(value - this.threshold) < 0.005));
    }
  }
}
