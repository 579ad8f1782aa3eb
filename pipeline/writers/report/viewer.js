// The large view of one file.
class Viewer {
  constructor({ setMode, closed, shown }) {
    this.dialog = document.getElementById('viewer');
    this.picture = new Picture();
    this.setMode = setMode;
    this.shown = shown;
    this.axes = document.getElementById('viewer-axes');
    this.scale = document.getElementById('viewer-scale');
    this.suppressed = document.getElementById('viewer-suppressed');
    this.showModeButtons = makeModes(document.getElementById('viewer-modes'), 'viewer-mode', (mode) => setMode(mode, this.item));
    document.getElementById('viewer-previous').addEventListener('click', () => this.step(-1));
    document.getElementById('viewer-next').addEventListener('click', () => this.step(1));
    document.getElementById('viewer-close').addEventListener('click', () => this.dialog.close());
    for (const button of [this.axes, this.scale, this.suppressed]) button.addEventListener('click', () => this.toggle(button));
    this.dialog.addEventListener('keydown', (event) => this.press(event));
    this.dialog.addEventListener('close', () => closed(this.item));
    this.dialog.addEventListener('click', (event) => { if (event.target === this.dialog) this.dialog.close(); });
    this.picture.element.addEventListener('wheel', (event) => { if (!event.ctrlKey) this.strip?.turn(event); }, { passive: false });
    this.lens = new Lens(this.picture.element, { swipe: (by) => this.step(by) });
    document.getElementById('review').hidden = !reviews;
  }

  get isOpen() {
    return this.dialog.open;
  }

  open(item, items) {
    this.items = items.includes(item) ? items : [item];
    this.show(item);
    if (!this.isOpen) this.dialog.showModal();
    this.lens.fit();
    this.shown();
    this.dialog.focus();
  }

  show(item) {
    this.item = item;
    this.strip = item.images.length > 1 ? new Strip(item, () => this.update()) : null;
    document.getElementById('stage').replaceChildren(this.picture.element, ...(this.strip ? [this.strip.element, makeLegend()] : []));
    this.lens.fit();
    this.update();
    const at = this.items.indexOf(item);
    for (const neighbour of [this.items[at + 1], this.items[at - 1]]) {
      const src = neighbour?.images[neighbour.at].src;
      if (src) new Image().src = src;
    }
  }

  update() {
    const { item } = this;
    const image = item.images[item.at];
    const place = this.items.indexOf(item) + 1;
    document.getElementById('viewer-name').textContent = item.name;
    document.getElementById('viewer-place').textContent = [
      item.images.length > 1 && nameFrame(item, image),
      `${place} of ${this.items.length.toLocaleString('en')}`,
    ].filter(Boolean).join(', ');
    document.getElementById('viewer-previous').disabled = place === 1;
    document.getElementById('viewer-next').disabled = place === this.items.length;
    this.picture.image.alt = image.src ? `Ultrasound image ${item.name}` : '';
    this.suppressed.hidden = !item.images.some((each) => each.suppressed?.length);
    this.scale.hidden = !image.mm;
    this.picture.show(image, { axes: isPressed(this.axes), scale: isPressed(this.scale), suppressed: isPressed(this.suppressed) });
    document.getElementById('facts').replaceChildren(...kind.facts(item, image));
    reviews?.show(image);
    this.showMode();
    this.shown();
  }

  showMode() {
    if (!this.item) return;
    const mode = this.item.mode || document.body.dataset.mode;
    this.picture.element.dataset.mode = mode;
    this.showModeButtons(mode);
  }

  toggle(button) {
    button.setAttribute('aria-pressed', !isPressed(button));
    this.update();
  }

  step(by) {
    const next = this.items[this.items.indexOf(this.item) + by];
    if (next) this.show(next);
  }

  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.matches?.('textarea')) return;
    const isArrow = event.key.startsWith('Arrow');
    if (isArrow && event.target.matches?.('input')) return;
    const actions = {
      ArrowLeft: () => this.step(-1),
      ArrowRight: () => this.step(1),
      ArrowUp: () => this.strip?.go(this.item.at - 1),
      ArrowDown: () => this.strip?.go(this.item.at + 1),
      d: () => this.toggle(this.axes),
      g: () => this.toggle(this.scale),
      s: () => this.toggle(this.suppressed),
      '+': () => this.lens.zoomBy(1.5),
      '=': () => this.lens.zoomBy(1.5),
      '-': () => this.lens.zoomBy(1 / 1.5),
      0: () => this.lens.reset(),
      ...(reviews && { a: () => reviews.judge('accepted'), r: () => reviews.judge('rejected') }),
    };
    for (const mode of MODES) actions[mode[0]] = () => this.setMode(mode, this.item);
    if (!(event.key in actions)) return;
    if (event.key === 'ArrowUp' || event.key === 'ArrowDown') {
      if (!this.strip) return;
    }
    event.preventDefault();
    event.stopPropagation();
    actions[event.key]();
  }
}

const isPressed = (button) => button.getAttribute('aria-pressed') === 'true';

const makeLegend = () => make('p', { class: 'legend' },
  make('span', { class: 'key area' }), 'lesion area', make('span', { class: 'key line' }), 'probability');

const makeTable = (caption, heads, rows) => make('table', {},
  make('caption', {}, caption),
  make('thead', {}, make('tr', {}, make('td', {}), ...heads.map((head) => make('th', { scope: 'col' }, head)))),
  make('tbody', {}, ...rows.map(([name, ...cells]) => make('tr', {},
    make('th', { scope: 'row' }, name), ...cells.map((cell) => make('td', {}, cell))))));

const makeList = (pairs) => make('dl', {}, ...pairs.filter(([, value]) => value).flatMap(
  ([name, value]) => [make('dt', {}, name), make('dd', {}, value)]));
