// Brush, eraser and polygon, by pointer; and moving and zooming of what they draw on.
import { find } from './dom.js';

const HINTS = {
  brush: 'Drag to paint. The right button erases, the wheel zooms, Space+drag moves the image.',
  eraser: 'Drag to erase. The wheel zooms, Space+drag moves the image.',
  polygon: 'Click to set points. Enter closes the polygon, Shift+Enter cuts it out, Escape cancels it.',
};
const CLOSE_ENOUGH = 8;
const ZOOM_STEP = 1.0015;

export class Tools {
  constructor(stage, { changed }) {
    Object.assign(this, { stage, changed, name: 'brush', isLocked: false, isSpaceHeld: false });
    this.gesture = null;
    this.pointers = new Map();
    const { element } = stage;
    const listen = (type, action, options) => element.addEventListener(type, action, options);
    listen('pointerdown', (event) => this.press(event));
    listen('pointermove', (event) => this.move(event));
    listen('pointerup', (event) => this.release(event, true));
    listen('pointercancel', (event) => this.release(event, false));
    listen('pointerleave', () => this.leave());
    listen('dblclick', () => this.closePolygon(1));
    listen('wheel', (event) => this.turn(event), { passive: false });
    listen('contextmenu', (event) => event.preventDefault());
    // The middle button would start to scroll by itself.
    listen('mousedown', (event) => { if (event.button === 1) event.preventDefault(); });
    find('size').addEventListener('input', () => this.setSize(Number(find('size').value)));
    this.setSize(Number(find('size').value));
    this.choose('brush');
  }

  choose(name) {
    this.name = name;
    for (const button of document.querySelectorAll('[data-tool]')) {
      button.setAttribute('aria-pressed', button.dataset.tool === name);
    }
    if (name !== 'polygon') this.stage.polygon = [];
    this.stage.brush = name === 'polygon' ? null : this.size;
    find('size').disabled = name === 'polygon';
    this.stage.update();
    this.changed(this.hint);
  }

  get hint() {
    return HINTS[this.name];
  }

  setSize(size) {
    const { min, max } = find('size');
    this.size = Math.min(Number(max), Math.max(Number(min), size));
    find('size').value = this.size;
    find('size-shown').textContent = `${this.size} px`;
    if (this.name !== 'polygon') this.stage.brush = this.size;
    this.stage.update();
  }

  // Steps that feel alike for small and for large brushes.
  resizeBy(direction) {
    this.setSize(this.size + direction * Math.max(1, Math.round(this.size / 10)));
  }

  get canDraw() {
    return Boolean(this.stage.annotation) && !this.isLocked;
  }

  locate(event) {
    const box = this.stage.element.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  press(event) {
    const { stage } = this;
    stage.element.focus({ preventScroll: true });
    stage.element.setPointerCapture(event.pointerId);
    const place = this.locate(event);
    this.pointers.set(event.pointerId, place);
    if (event.pointerType === 'touch' && this.pointers.size === 2) {
      this.abandon();
      this.gesture = { kind: 'pinch' };
    } else if (event.button === 1 || this.isSpaceHeld) {
      this.gesture = { kind: 'pan' };
      stage.element.dataset.cursor = 'moving';
    } else if (!this.gesture && this.canDraw) {
      this.startDrawing(event, stage.view.toImage(...place));
    }
    this.point(event, place);
  }

  startDrawing(event, point) {
    const isErasing = this.name === 'eraser' || event.button === 2 || event.button === 5;
    if (this.name === 'polygon') {
      if (event.button === 0) this.addPoint(point);
    } else if ([0, 2, 5].includes(event.button)) {
      this.stage.annotation.begin();
      this.gesture = { kind: 'stroke', value: isErasing ? 0 : 1, point };
      this.sweepTo(point);
    }
  }

  move(event) {
    const place = this.locate(event);
    const last = this.pointers.get(event.pointerId);
    const kind = last && this.gesture?.kind;
    if (kind === 'pan') this.stage.view.pan(place[0] - last[0], place[1] - last[1]);
    if (kind === 'pinch') this.pinch(event.pointerId, place);
    if (kind === 'stroke') {
      const passed = event.getCoalescedEvents?.() ?? [];
      for (const each of passed.length ? passed : [event]) {
        this.sweepTo(this.stage.view.toImage(...this.locate(each)));
      }
    }
    if (last) this.pointers.set(event.pointerId, place);
    this.point(event, place);
  }

  pinch(id, place) {
    const other = [...this.pointers].find(([each]) => each !== id)?.[1];
    const last = this.pointers.get(id);
    if (!other) return;
    const spread = (one) => Math.hypot(one[0] - other[0], one[1] - other[1]);
    const { view } = this.stage;
    view.pan((place[0] - last[0]) / 2, (place[1] - last[1]) / 2);
    view.zoom(spread(place) / Math.max(1, spread(last)), (place[0] + other[0]) / 2, (place[1] + other[1]) / 2);
  }

  release(event, isDone) {
    this.pointers.delete(event.pointerId);
    if (this.gesture?.kind === 'stroke') {
      if (isDone) this.finishStroke();
      else this.abandon();
    }
    if (!this.pointers.size) this.gesture = null;
    delete this.stage.element.dataset.cursor;
    if (event.pointerType === 'touch') this.leave();
  }

  finishStroke() {
    this.stage.annotation.end();
    this.gesture = null;
    this.stage.update();
    this.changed();
  }

  abandon() {
    if (this.gesture?.kind === 'stroke') this.stage.annotation.cancel();
    this.gesture = null;
    this.stage.update();
    this.changed();
  }

  sweepTo(point) {
    const { annotation } = this.stage;
    annotation.mask.sweep(this.gesture.point, point, this.size, this.gesture.value);
    annotation.version += 1;
    this.gesture.point = point;
  }

  point(event, place) {
    if (event.pointerType !== 'touch') this.stage.pointer = this.stage.view.toImage(...place);
    this.stage.update();
  }

  leave() {
    if (!this.stage.hasCross) this.stage.pointer = null;
    this.stage.update();
  }

  turn(event) {
    event.preventDefault();
    const pixels = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 33 : 1;
    const amount = (event.deltaY || event.deltaX) * pixels;
    const place = this.locate(event);
    if (event.shiftKey) this.resizeBy(-Math.sign(amount));
    // A pinch on a touchpad comes as a wheel with Ctrl, in small steps.
    else this.stage.view.zoom(ZOOM_STEP ** (-amount * (event.ctrlKey ? 6 : 1)), ...place);
    this.point(event, place);
  }

  // One step of the tool at a point, as the keyboard makes it.
  apply(point) {
    if (!this.canDraw) return;
    if (this.name === 'polygon') {
      this.addPoint(point);
      return;
    }
    const value = this.name === 'brush' ? 1 : 0;
    this.stage.annotation.edit((mask) => mask.sweep(point, point, this.size, value));
    this.stage.update();
    this.changed();
  }

  addPoint(point) {
    const { stage } = this;
    const [first] = stage.polygon;
    const isBack = first && stage.polygon.length > 2 && this.measure(first, point) < CLOSE_ENOUGH;
    // A double click sets no second point.
    const isTwice = stage.polygon.length && this.measure(stage.polygon.at(-1), point) < 1;
    if (isBack) this.closePolygon(1);
    else if (!isTwice) stage.polygon.push(point);
    stage.update();
    this.changed();
  }

  measure(one, other) {
    const [[x1, y1], [x2, y2]] = [one, other].map((point) => this.stage.view.toStage(point));
    return Math.hypot(x1 - x2, y1 - y2);
  }

  closePolygon(value) {
    const { polygon, annotation } = this.stage;
    if (!polygon.length || !this.canDraw) return;
    if (polygon.length < 3) {
      this.changed('A polygon needs three points or more: set another one, or Escape cancels it.');
      return;
    }
    this.stage.polygon = [];
    annotation.edit((mask) => mask.fill(polygon, value));
    this.stage.update();
    this.changed();
  }

  dropPoint() {
    this.stage.polygon.pop();
    this.stage.update();
    this.changed();
  }

  // Take back what is not finished; true if there was something.
  escape() {
    const isBusy = this.stage.polygon.length > 0 || this.gesture?.kind === 'stroke';
    this.stage.polygon = [];
    this.abandon();
    return isBusy;
  }
}
