// What is seen: the image below, and the masks, the polygon and the brush above it.
import { find } from './dom.js';
import { traceOutline } from './outline.js';
import { View } from './view.js';

const COLORS = { prediction: '#ffd200', own: '#4fd8ff', suppressed: '#ff7ad9' };
const SMOOTH_BELOW = 3;

export class Stage {
  constructor() {
    this.element = find('stage');
    this.picture = find('picture');
    this.drawing = find('drawing');
    this.view = new View();
    this.layer = new OffscreenCanvas(1, 1);
    this.image = null;
    this.annotation = null;
    this.pointer = null;
    this.brush = null;
    this.isBare = false;
    this.isAsked = false;
    this.traced = {};
    this.options = { outline: 1, fill: 0.12, showsPrediction: true };
    new ResizeObserver(() => this.resize()).observe(this.element);
    this.resize();
  }

  show(image, annotation) {
    this.image = image;
    this.annotation = annotation;
    this.traced = {};
    if (image) this.view.show(image.width, image.height);
    this.update();
  }

  // Points of a polygon that is not closed yet.
  get polygon() {
    return this.annotation?.polygon ?? [];
  }

  set polygon(points) {
    if (this.annotation) this.annotation.polygon = points;
  }

  resize() {
    const { clientWidth, clientHeight } = this.element;
    for (const canvas of [this.picture, this.drawing]) {
      canvas.width = Math.max(1, Math.round(clientWidth * devicePixelRatio));
      canvas.height = Math.max(1, Math.round(clientHeight * devicePixelRatio));
    }
    this.view.resize(Math.max(1, clientWidth), Math.max(1, clientHeight));
    this.draw();
  }

  // Draw once before the next frame, however often it is asked for.
  update() {
    if (this.isAsked) return;
    this.isAsked = true;
    requestAnimationFrame(() => {
      this.isAsked = false;
      this.draw();
    });
  }

  setFilter(brightness, contrast) {
    this.picture.style.filter = `brightness(${brightness}%) contrast(${contrast}%)`;
  }

  draw() {
    const { view } = this;
    Object.assign(this.element.dataset, { scale: view.scale, left: view.left, top: view.top });
    find('zoom-shown').textContent = `${Math.round(view.scale * 100)} %`;
    const [below, above] = [this.picture, this.drawing].map((canvas) => this.clear(canvas));
    if (!this.image) return;
    below.imageSmoothingEnabled = view.scale * devicePixelRatio < SMOOTH_BELOW;
    below.imageSmoothingQuality = 'high';
    below.drawImage(this.image.bitmap, 0, 0);
    if (this.annotation && !this.isBare) this.drawMasks(above);
    this.drawPolygon(above);
    this.drawPointer(above);
  }

  clear(canvas) {
    const context = canvas.getContext('2d');
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    const scale = this.view.scale * devicePixelRatio;
    const [left, top] = [this.view.left, this.view.top].map((at) => at * devicePixelRatio);
    context.setTransform(scale, 0, 0, scale, left, top);
    return context;
  }

  drawMasks(context) {
    const { annotation, options } = this;
    const { mask, prediction, suppressed, isPrediction, version } = annotation;
    const color = isPrediction ? COLORS.prediction : COLORS.own;
    if (options.fill && !mask.isEmpty) {
      this.paintLayer(mask, version, color);
      context.imageSmoothingEnabled = false;
      context.globalAlpha = options.fill;
      context.drawImage(this.layer, 0, 0);
    }
    context.globalAlpha = options.outline;
    context.lineCap = 'square';
    if (prediction && !isPrediction && options.showsPrediction) {
      this.stroke(context, this.trace('prediction', prediction.mask, prediction), COLORS.prediction, 1);
    }
    this.stroke(context, this.trace('own', mask, version), color, 2);
    if (suppressed) this.stroke(context, this.trace('suppressed', suppressed, suppressed), COLORS.suppressed, 2);
    context.globalAlpha = 1;
  }

  trace(name, mask, version) {
    if (this.traced[name]?.version !== version) this.traced[name] = { version, path: traceOutline(mask) };
    return this.traced[name].path;
  }

  // The lesion in one colour, the rest clear.
  paintLayer(mask, version, color) {
    if (this.traced.layer === `${version}${color}`) return;
    this.traced.layer = `${version}${color}`;
    Object.assign(this.layer, { width: mask.width, height: mask.height });
    const data = new ImageData(mask.width, mask.height);
    const [red, green, blue] = [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));
    // Of the four bytes of a pixel, the first one is the lowest on every machine of today.
    const value = ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
    const pixels = new Uint32Array(data.data.buffer);
    mask.pixels.forEach((isLesion, at) => { if (isLesion) pixels[at] = value; });
    this.layer.getContext('2d').putImageData(data, 0, 0);
  }

  drawPolygon(context) {
    if (!this.polygon.length) return;
    const path = new Path2D();
    const points = this.pointer ? [...this.polygon, this.pointer] : this.polygon;
    for (const [x, y] of points) path.lineTo(x, y);
    this.stroke(context, path, '#000', 3);
    this.stroke(context, path, '#fff', 1.5);
    for (const [at, [x, y]] of this.polygon.entries()) {
      const dot = new Path2D();
      dot.arc(x, y, (at ? 3 : 5) / this.view.scale, 0, 2 * Math.PI);
      context.fillStyle = at ? '#fff' : COLORS.own;
      context.fill(dot);
      this.stroke(context, dot, '#000', 1);
    }
  }

  drawPointer(context) {
    if (!this.pointer) return;
    const [x, y] = this.pointer;
    const { scale } = this.view;
    const path = new Path2D();
    if (this.brush) path.arc(x, y, Math.max(this.brush / 2, 1.5 / scale), 0, 2 * Math.PI);
    if (this.hasCross) {
      for (const [dx, dy] of [[1, 0], [0, 1]]) {
        path.moveTo(x - (dx * 12) / scale, y - (dy * 12) / scale);
        path.lineTo(x + (dx * 12) / scale, y + (dy * 12) / scale);
      }
    }
    this.stroke(context, path, '#000', 3);
    this.stroke(context, path, '#fff', 1);
  }

  // Lines are as wide on the screen at every scale.
  stroke(context, path, color, width) {
    context.strokeStyle = color;
    context.lineWidth = width / this.view.scale;
    context.stroke(path);
  }
}
