// Where the image lies on the stage: `scale` CSS pixels a pixel, its corner at `left`, `top`.
const LEAST_SCALE = 0.05;
const MOST_SCALE = 40;
const KEPT_IN_SIGHT = 40;

export class View {
  constructor() {
    Object.assign(this, { scale: 1, left: 0, top: 0, isFitted: true });
    this.resize(1, 1);
    this.show(1, 1);
  }

  resize(stageWidth, stageHeight) {
    Object.assign(this, { stageWidth, stageHeight });
    if (this.isFitted) this.fit();
    else this.clamp();
  }

  show(width, height) {
    const isSame = width === this.width && height === this.height;
    Object.assign(this, { width, height });
    if (!isSame || this.isFitted) this.fit();
  }

  fit() {
    this.set(Math.min(this.stageWidth / this.width, this.stageHeight / this.height));
    this.isFitted = true;
  }

  // Show the image in the middle.
  set(scale) {
    this.scale = Math.min(MOST_SCALE, Math.max(LEAST_SCALE, scale));
    this.left = Math.round((this.stageWidth - this.width * this.scale) / 2);
    this.top = Math.round((this.stageHeight - this.height * this.scale) / 2);
    this.isFitted = false;
  }

  // Keep what lies at a place of the stage there.
  zoom(factor, x = this.stageWidth / 2, y = this.stageHeight / 2) {
    const [imageX, imageY] = this.toImage(x, y);
    this.scale = Math.min(MOST_SCALE, Math.max(LEAST_SCALE, this.scale * factor));
    this.left = x - imageX * this.scale;
    this.top = y - imageY * this.scale;
    this.isFitted = false;
    this.clamp();
  }

  pan(dx, dy) {
    this.left += dx;
    this.top += dy;
    this.isFitted = false;
    this.clamp();
  }

  clamp() {
    const keep = (at, size, room) => Math.min(room - KEPT_IN_SIGHT, Math.max(KEPT_IN_SIGHT - size, at));
    this.left = keep(this.left, this.width * this.scale, this.stageWidth);
    this.top = keep(this.top, this.height * this.scale, this.stageHeight);
  }

  toImage(x, y) {
    return [(x - this.left) / this.scale, (y - this.top) / this.scale];
  }

  toStage([x, y]) {
    return [x * this.scale + this.left, y * this.scale + this.top];
  }
}
