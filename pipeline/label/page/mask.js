// Which pixels of an image are lesion, at the size of the source: 1 or 0, row by row from the top.
// Points are [x, y] in pixels; the centre of the first pixel is [0.5, 0.5].
export class Mask {
  constructor(width, height, pixels = new Uint8Array(width * height)) {
    this.width = width;
    this.height = height;
    this.pixels = pixels;
  }

  copy() {
    return new Mask(this.width, this.height, this.pixels.slice());
  }

  equals(other) {
    const [one, two] = [this.pixels, other.pixels];
    for (let at = 0; at < one.length; at += 1) if (one[at] !== two[at]) return false;
    return true;
  }

  get isEmpty() {
    return !this.pixels.includes(1);
  }

  get area() {
    let sum = 0;
    for (const value of this.pixels) sum += value;
    return sum;
  }

  // Set all pixels whose centres a disc meets on its way from one point to another, and the two
  // that the points are in, however small it is.
  sweep(from, to, diameter, value) {
    const radius = diameter / 2;
    const { width, height } = this;
    const [left, right] = clampRange(from[0], to[0], radius, width);
    const [top, bottom] = clampRange(from[1], to[1], radius, height);
    const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
    const length2 = dx * dx + dy * dy;
    for (let y = top; y < bottom; y += 1) {
      for (let x = left; x < right; x += 1) {
        const [ax, ay] = [x + 0.5 - from[0], y + 0.5 - from[1]];
        const along = length2 ? Math.min(1, Math.max(0, (ax * dx + ay * dy) / length2)) : 0;
        const [ox, oy] = [ax - along * dx, ay - along * dy];
        if (ox * ox + oy * oy <= radius * radius) this.pixels[y * width + x] = value;
      }
    }
    for (const [x, y] of [from, to].map((point) => point.map(Math.floor))) {
      if (x >= 0 && y >= 0 && x < width && y < height) this.pixels[y * width + x] = value;
    }
  }

  // Set all pixels whose centres lie in a polygon, by the even-odd rule.
  fill(points, value) {
    for (let y = 0; y < this.height; y += 1) {
      const crossings = crossRow(points, y + 0.5);
      for (let at = 0; at + 1 < crossings.length; at += 2) {
        const start = Math.max(0, Math.ceil(crossings[at] - 0.5));
        const end = Math.min(this.width, Math.ceil(crossings[at + 1] - 0.5));
        if (end > start) this.pixels.fill(value, y * this.width + start, y * this.width + end);
      }
    }
  }
}

const clampRange = (one, other, radius, size) => [
  Math.max(0, Math.floor(Math.min(one, other) - radius)),
  Math.min(size, Math.ceil(Math.max(one, other) + radius) + 1),
];

const crossRow = (points, level) => points.flatMap(([x1, y1], at) => {
  const [x2, y2] = points[(at + 1) % points.length];
  return (y1 <= level) === (y2 <= level) ? [] : [x1 + ((level - y1) / (y2 - y1)) * (x2 - x1)];
}).sort((a, b) => a - b);
