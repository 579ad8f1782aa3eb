// The frames of a cine: area and probability as a curve, and a slider along it.
class Strip {
  constructor(item, change) {
    this.item = item;
    this.change = change;
    this.marker = makeSvg('line', { class: 'marker', y1: 0, y2: 1 });
    this.input = make('input', {
      type: 'range', min: 0, max: item.images.length - 1, step: 1, 'aria-label': `Frame of ${item.name}`,
    });
    this.input.addEventListener('input', () => this.go(Number(this.input.value)));
    this.element = make('span', { class: 'strip' }, drawCurve(item, this.marker), this.input);
    this.element.addEventListener('wheel', (event) => this.turn(event), { passive: false });
    this.update();
  }

  turn(event) {
    event.preventDefault();
    this.go(this.item.at + Math.sign(event.deltaY || event.deltaX));
  }

  go(at) {
    const next = Math.min(Math.max(at, 0), this.item.images.length - 1);
    if (next === this.item.at) return;
    this.item.at = next;
    this.update();
    this.change();
  }

  update() {
    const { at, images } = this.item;
    this.input.value = at;
    this.input.setAttribute('aria-valuetext', nameFrame(this.item, images[at]));
    this.marker.setAttribute('x1', at);
    this.marker.setAttribute('x2', at);
  }
}

const drawCurve = (item, marker) => {
  const areas = item.images.map((image) => image.area);
  const most = Math.max(1, ...areas);
  const last = item.images.length - 1;
  const area = areas.map((value, at) => `L${at} ${(1 - (value / most) * 0.92).toFixed(3)}`).join('');
  const line = item.images
    .map((image, at) => [at, image.probability])
    .filter(([, probability]) => probability != null)
    .map(([at, probability]) => `${at} ${(1 - probability * 0.92).toFixed(3)}`);
  return makeSvg(
    'svg',
    { class: 'curve', viewBox: `0 0 ${last} 1`, preserveAspectRatio: 'none', role: 'img', 'aria-label': 'Area and probability over the frames' },
    makeSvg('path', { class: 'area', d: `M0 1${area}L${last} 1Z` }),
    makeSvg('path', { class: 'line', d: line.length ? `M${line.join('L')}` : '' }),
    marker,
  );
};
