// The edges between the pixels of a mask and the rest, as a path in pixels: where the mask ends,
// it ends, however large it is drawn.
export function traceOutline(mask) {
  const { width, height, pixels } = mask;
  const path = new Path2D();
  const at = (x, y) => (x >= 0 && y >= 0 && x < width && y < height ? pixels[y * width + x] : 0);
  const [left, top, right, bottom] = findBox(mask);
  for (let y = top; y <= bottom; y += 1) {
    traceRuns(left, right, (x) => at(x, y) !== at(x, y - 1), (start, end) => {
      path.moveTo(start, y);
      path.lineTo(end, y);
    });
  }
  for (let x = left; x <= right; x += 1) {
    traceRuns(top, bottom, (y) => at(x, y) !== at(x - 1, y), (start, end) => {
      path.moveTo(x, start);
      path.lineTo(x, end);
    });
  }
  return path;
}

function traceRuns(from, to, isEdge, draw) {
  let start = -1;
  for (let at = from; at <= to; at += 1) {
    const edge = at < to && isEdge(at);
    if (edge && start < 0) start = at;
    if (!edge && start >= 0) {
      draw(start, at);
      start = -1;
    }
  }
}

// Columns and rows from the first one with lesion up to the one after the last.
function findBox({ width, height, pixels }) {
  const first = pixels.indexOf(1);
  if (first < 0) return [0, 0, -1, -1];
  let [left, right] = [width, 0];
  const [top, bottom] = [Math.floor(first / width), Math.floor(pixels.lastIndexOf(1) / width) + 1];
  for (let y = top; y < bottom; y += 1) {
    const row = pixels.subarray(y * width, (y + 1) * width);
    const start = row.indexOf(1);
    if (start < 0) continue;
    left = Math.min(left, start);
    right = Math.max(right, row.lastIndexOf(1) + 1);
  }
  return [left, top, right, Math.min(bottom, height)];
}
