// Outlines: from steps on a grid to points, to paths and to diameters.
const GRID = 1280;

const readOutlines = (outlines, width, height) => outlines.map((steps) => {
  const step = Math.max(width, height) / GRID;
  const points = [];
  let [x, y] = [0, 0];
  for (let at = 0; at < steps.length; at += 2) {
    [x, y] = [x + steps[at], y + steps[at + 1]];
    points.push([x * step, y * step]);
  }
  return points;
});

const drawPath = (polygons) => polygons
  .map((points) => `M${points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join('L')}Z`)
  .join('');

const findHull = (points) => {
  const sorted = [...points].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const chain = (list) => {
    const hull = [];
    for (const point of list) {
      while (hull.length > 1) {
        const [a, b] = hull.slice(-2);
        if ((b[0] - a[0]) * (point[1] - a[1]) - (b[1] - a[1]) * (point[0] - a[0]) > 0) break;
        hull.pop();
      }
      hull.push(point);
    }
    return hull.slice(0, -1);
  };
  return [...chain(sorted), ...chain(sorted.reverse())];
};

// The longest diameter, and the longest chord of the hull perpendicular to it; both searched in mm
// where there is a scale, as the tables have them. Only drawn: the lengths come from the tables.
const findAxes = (polygons, scaleX = 1, scaleY = 1) => {
  const hull = findHull(polygons.flat().map(([x, y]) => [x * scaleX, y * scaleY]));
  if (hull.length < 3) return [];
  let best = [hull[0], hull[1]];
  let longest = -1;
  for (const a of hull) {
    for (const b of hull) {
      const length = Math.hypot(a[0] - b[0], a[1] - b[1]);
      if (length > longest) {
        longest = length;
        best = [a, b];
      }
    }
  }
  const [start, end] = best;
  const along = [(end[0] - start[0]) / longest, (end[1] - start[1]) / longest];
  const turned = hull.map(([x, y]) => [
    (x - start[0]) * along[0] + (y - start[1]) * along[1],
    (y - start[1]) * along[0] - (x - start[0]) * along[1],
  ]);
  let chord = [0, 0, 0];
  for (const [at] of turned) {
    const [low, high] = cutHull(turned, at);
    if (high - low > chord[2] - chord[1]) chord = [at, low, high];
  }
  const back = (t, u) => [start[0] + t * along[0] - u * along[1], start[1] + t * along[1] + u * along[0]];
  const lines = [[start, end], [back(chord[0], chord[1]), back(chord[0], chord[2])]];
  return lines.map((line) => line.map(([x, y]) => [x / scaleX, y / scaleY]));
};

const cutHull = (turned, at) => {
  let low = Infinity;
  let high = -Infinity;
  turned.forEach(([t, u], index) => {
    const [t2, u2] = turned[(index + 1) % turned.length];
    if (at < Math.min(t, t2) || at > Math.max(t, t2)) return;
    const values = t === t2 ? [u, u2] : [u + ((at - t) / (t2 - t)) * (u2 - u)];
    low = Math.min(low, ...values);
    high = Math.max(high, ...values);
  });
  return [low, high];
};
