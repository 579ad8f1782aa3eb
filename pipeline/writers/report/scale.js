// Depth ticks of 5 and 10 mm at the left edge, and a bar of round length, over a calibrated image.
const BARS_MM = [50, 20, 10, 5, 2, 1];

const drawScale = (image) => {
  const [y, x] = image.mm;
  const unit = Math.max(image.width, image.height) / 100;
  const ticks = [];
  for (let mm = 5; mm < image.height * y; mm += 5) {
    ticks.push(`M0 ${(mm / y).toFixed(2)}h${((mm % 10 ? 1 : 2) * unit).toFixed(2)}`);
  }
  const bar = BARS_MM.find((mm) => mm / x <= image.width / 3) ?? BARS_MM.at(-1);
  const [left, top] = [image.width - bar / x - 2 * unit, image.height - 2 * unit];
  const label = makeSvg('text', { class: 'scale-text', x: image.width - 2 * unit, y: top - 1.6 * unit, 'font-size': 3 * unit, 'text-anchor': 'end' });
  label.textContent = `${bar} mm`;
  return makeSvg('g', { class: 'scale' },
    makeSvg('path', { class: 'ticks', d: ticks.join('') }),
    makeSvg('path', { class: 'scale-bar', d: `M${left.toFixed(2)} ${(top - unit / 2).toFixed(2)}v${unit}m0 ${-unit / 2}h${(bar / x).toFixed(2)}m0 ${-unit / 2}v${unit}` }),
    label);
};
