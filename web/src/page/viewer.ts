/** The image with what is drawn over it: zoomed by wheel, keys or two fingers, and moved. */

import type { SegmentedFrame } from '../worker/protocol';
import { drawOverlay, type Layers } from './drawOverlay';
import { make, makeSvg } from './dom';
import { paintDoubt, paintImage } from './paint';

const MOST_ZOOM = 12;
/** Screen px per image px from which pixels are shown as squares. */
const SQUARES_FROM = 4;

export class Viewer {
  readonly element: HTMLElement;
  private readonly image = make('canvas', { class: 'picture', role: 'img' });
  private readonly doubt = make('canvas', { class: 'picture', 'aria-hidden': 'true' });
  private readonly overlay = makeSvg('svg', { class: 'overlay', 'aria-hidden': 'true' });
  private readonly over = make('div', { class: 'over' }, this.doubt, this.overlay);
  private readonly curtain = make('input', {
    type: 'range',
    class: 'curtain',
    min: 0,
    max: 100,
    step: 1,
    'aria-label': 'Before and after: how much of the image is shown without the outline',
  });
  private readonly line = make('div', { class: 'curtain-line', 'aria-hidden': 'true' }, make('span', {}, 'before'), make('span', {}, 'after'));
  private readonly sheet = make('div', { class: 'sheet' }, this.image, this.over, this.line, this.curtain);
  private frame: SegmentedFrame | null = null;
  private layers: Layers = { outline: true, calipers: true, doubt: false, compare: false };
  private zoom = 1;
  private center: [number, number] = [0.5, 0.5];
  private fingers = new Map<number, PointerEvent>();

  constructor() {
    this.element = make('div', { class: 'viewer' }, this.sheet);
    this.curtain.value = '50';
    this.curtain.addEventListener('input', () => this.drawCurtain());
    this.element.addEventListener('wheel', (event) => this.onWheel(event), { passive: false });
    this.element.addEventListener('pointerdown', (event) => this.onDown(event));
    this.element.addEventListener('pointermove', (event) => this.onMove(event));
    for (const name of ['pointerup', 'pointercancel'] as const) {
      this.element.addEventListener(name, (event) => this.fingers.delete(event.pointerId));
    }
    this.element.addEventListener('dblclick', () => this.reset());
    new ResizeObserver(() => this.place()).observe(this.element);
  }

  /** Show a frame. */
  show(frame: SegmentedFrame, showsAll: boolean, title: string): void {
    const isOther = frame.rows !== this.frame?.rows || frame.columns !== this.frame.columns;
    this.frame = frame;
    this.image.setAttribute('aria-label', `${title}, ${describe(frame)}`);
    paintImage(this.image, frame, showsAll);
    paintDoubt(this.doubt, frame);
    this.overlay.setAttribute('viewBox', `0 0 ${frame.columns} ${frame.rows}`);
    if (isOther) this.reset();
    else this.place();
  }

  setLayers(layers: Layers): void {
    this.layers = { ...layers };
    this.doubt.hidden = !layers.doubt;
    for (const part of [this.curtain, this.line]) part.hidden = !layers.compare;
    this.drawCurtain();
    this.place();
  }

  /** Zoom by a factor around a place of the viewer, from 0 to 1. */
  zoomBy(factor: number, at: [number, number] = [0.5, 0.5]): void {
    const before = this.scale();
    this.zoom = Math.min(Math.max(this.zoom * factor, 1), MOST_ZOOM);
    const after = this.scale();
    if (!this.frame) return;
    const { clientWidth: width, clientHeight: height } = this.element;
    const shift = 1 / before - 1 / after;
    this.center = [
      this.center[0] + ((at[0] - 0.5) * width * shift) / this.frame.columns,
      this.center[1] + ((at[1] - 0.5) * height * shift) / this.frame.rows,
    ];
    this.place();
  }

  reset(): void {
    this.zoom = 1;
    this.center = [0.5, 0.5];
    this.place();
  }

  /** Screen px per image px. */
  private scale(): number {
    if (!this.frame) return 1;
    const { clientWidth: width, clientHeight: height } = this.element;
    return this.zoom * Math.min(width / this.frame.columns, height / this.frame.rows);
  }

  private place(): void {
    const { frame } = this;
    const { clientWidth: width, clientHeight: height } = this.element;
    if (!frame || !width || !height) return;
    const scale = this.scale();
    const size = [frame.columns * scale, frame.rows * scale] as const;
    this.center = this.center.map((value, axis) => {
      const reach = Math.max(0, 0.5 - [width, height][axis]! / 2 / size[axis]!);
      return Math.min(Math.max(value, 0.5 - reach), 0.5 + reach);
    }) as [number, number];
    const { style } = this.sheet;
    style.width = `${size[0]}px`;
    style.height = `${size[1]}px`;
    style.left = `${width / 2 - this.center[0] * size[0]}px`;
    style.top = `${height / 2 - this.center[1] * size[1]}px`;
    this.sheet.classList.toggle('squares', scale >= SQUARES_FROM);
    this.element.classList.toggle('zoomed', this.zoom > 1);
    drawOverlay(this.overlay, frame, this.layers, scale);
  }

  private drawCurtain(): void {
    const share = this.layers.compare ? Number(this.curtain.value) : 0;
    this.over.style.clipPath = share ? `inset(0 0 0 ${share}%)` : '';
    this.line.style.left = `${share}%`;
  }

  private onWheel(event: WheelEvent): void {
    event.preventDefault();
    const box = this.element.getBoundingClientRect();
    const at: [number, number] = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    this.zoomBy(Math.exp(-event.deltaY / 400), at);
  }

  private onDown(event: PointerEvent): void {
    if (event.target === this.curtain) return;
    this.fingers.set(event.pointerId, event);
    this.element.setPointerCapture(event.pointerId);
  }

  private onMove(event: PointerEvent): void {
    const before = this.fingers.get(event.pointerId);
    if (!before || !this.frame) return;
    const other = [...this.fingers.values()].find((each) => each.pointerId !== event.pointerId);
    const scale = this.scale();
    if (other) {
      const span = (each: PointerEvent): number => Math.hypot(each.clientX - other.clientX, each.clientY - other.clientY);
      this.fingers.set(event.pointerId, event);
      this.zoomBy(span(event) / (span(before) || 1));
      return;
    }
    this.center = [
      this.center[0] - (event.clientX - before.clientX) / scale / this.frame.columns,
      this.center[1] - (event.clientY - before.clientY) / scale / this.frame.rows,
    ];
    this.fingers.set(event.pointerId, event);
    this.place();
  }
}

function describe({ lesions }: SegmentedFrame): string {
  if (!lesions.length) return 'no lesion marked';
  return lesions.length === 1 ? 'one lesion outlined' : `${lesions.length} lesions outlined`;
}
