// A preview with its outlines over it; the same in a card and in the large view.
class Picture {
  constructor() {
    this.image = make('img', { alt: '', draggable: 'false', decoding: 'async' });
    this.overlay = makeSvg('svg', { 'aria-hidden': 'true', preserveAspectRatio: 'xMidYMid meet' });
    this.message = make('span', { class: 'message' });
    this.element = make('span', { class: 'picture' }, this.image, this.overlay, this.message);
    this.image.addEventListener('error', () => {
      this.say('Preview not found: the folder \u201creport\u201d belongs beside this page');
    });
  }

  say(text) {
    this.message.textContent = text;
    this.element.classList.toggle('empty', Boolean(text));
  }

  // The outlines of an image, and its diameters, scale and suppressed outlines if asked for.
  show(image, { axes = false, scale = false, suppressed = false } = {}) {
    this.overlay.replaceChildren();
    if (!image.src) {
      this.image.removeAttribute('src');
      this.say(image.reason || 'Not processed');
      return;
    }
    this.say('');
    this.image.width = image.width;
    this.image.height = image.height;
    if (this.image.getAttribute('src') !== image.src) this.image.src = image.src;
    this.overlay.setAttribute('viewBox', `0 0 ${image.width} ${image.height}`);
    if (scale && image.mm) this.overlay.append(drawScale(image));
    for (const shape of suppressed ? image.shapes.concat(image.suppressed ?? []) : image.shapes) {
      const polygons = readOutlines(shape.outlines, image.width, image.height);
      this.overlay.append(makeSvg('path', { class: `shape ${shape.kind}`, d: drawPath(polygons) }));
      if (axes && shape.lesion) this.drawAxes(polygons.slice(0, 1), shape, image);
    }
  }

  drawAxes(polygons, { lesion, kind }, image) {
    const lines = findAxes(polygons, lesion.mm_per_pixel_x || 1, lesion.mm_per_pixel_y || 1);
    const unit = Math.max(image.width, image.height) / 100;
    lines.forEach(([[x1, y1], [x2, y2]], index) => {
      const name = index ? 'short' : 'long';
      const length = Math.hypot(x2 - x1, y2 - y1) || 1;
      const [tx, ty] = [(-(y2 - y1) / length) * unit, ((x2 - x1) / length) * unit];
      const ticks = [[x1, y1], [x2, y2]]
        .map(([x, y]) => `M${x - tx} ${y - ty}L${x + tx} ${y + ty}`).join('');
      this.overlay.append(makeSvg('path', { class: `axis ${name} ${kind}`, d: `M${x1} ${y1}L${x2} ${y2}${ticks}` }));
    });
    if (lesion.number && image.shapes.length > 1) {
      const [x, y] = lines[0] ? lines[0][1] : [0, 0];
      const label = makeSvg('text', { class: 'number', x: x + 1.5 * unit, y: y - 1.5 * unit, 'font-size': 3.2 * unit });
      label.textContent = String(lesion.number);
      this.overlay.append(label);
    }
  }
}

// Contour, mask or original: radio buttons that look like one switch.
const makeModes = (fieldset, name, choose) => {
  for (const mode of MODES) {
    const input = make('input', { type: 'radio', name, value: mode, id: `${name}-${mode}` });
    input.addEventListener('change', () => choose(mode));
    const text = mode[0].toUpperCase() + mode.slice(1);
    fieldset.append(input, make('label', { for: `${name}-${mode}`, title: `${text} (key ${mode[0]})` }, text));
  }
  return (mode) => {
    fieldset.querySelectorAll('input').forEach((input) => {
      input.checked = input.value === mode;
    });
  };
};
