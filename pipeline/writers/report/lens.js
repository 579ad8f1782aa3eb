// How the picture of the large view is looked at: zoom, place, brightness and contrast.
const MOST_ZOOM = 12;
const SWIPE = { along: 60, across: 50 };

class Lens {
  constructor(element, { swipe }) {
    this.element = element;
    this.swipe = swipe;
    this.fingers = new Map();
    this.brightness = document.getElementById('brightness');
    this.contrast = document.getElementById('contrast');
    for (const input of [this.brightness, this.contrast]) input.addEventListener('input', () => this.draw());
    document.getElementById('zoom-in').addEventListener('click', () => this.zoomBy(1.5));
    document.getElementById('zoom-out').addEventListener('click', () => this.zoomBy(1 / 1.5));
    document.getElementById('zoom-reset').addEventListener('click', () => this.reset());
    element.addEventListener('wheel', (event) => this.turn(event), { passive: false });
    element.addEventListener('dblclick', (event) => this.zoomBy(this.zoom > 1 ? 1 / this.zoom : 3, this.find(event)));
    element.addEventListener('pointerdown', (event) => this.grip(event));
    element.addEventListener('pointermove', (event) => this.drag(event));
    for (const name of ['pointerup', 'pointercancel']) element.addEventListener(name, (event) => this.letGo(event));
    this.fit();
  }

  // The whole picture again, with its grey values as they are.
  reset() {
    this.brightness.value = 1;
    this.contrast.value = 1;
    this.fit();
  }

  fit() {
    [this.zoom, this.x, this.y] = [1, 0, 0];
    this.draw();
  }

  draw() {
    const { width, height } = this.element.getBoundingClientRect();
    this.x = Math.min(0, Math.max(this.x, width * (1 - this.zoom)));
    this.y = Math.min(0, Math.max(this.y, height * (1 - this.zoom)));
    const { style } = this.element;
    style.setProperty('--place', `translate(${this.x}px, ${this.y}px) scale(${this.zoom})`);
    style.setProperty('--grey', `brightness(${this.brightness.value}) contrast(${this.contrast.value})`);
    this.element.classList.toggle('zoomed', this.zoom > 1);
    document.getElementById('zoom').textContent = `${Math.round(this.zoom * 100)} %`;
  }

  find(event) {
    const box = this.element.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  // What is at `place` stays there.
  zoomBy(factor, place) {
    const { width, height } = this.element.getBoundingClientRect();
    const [x, y] = place ?? [width / 2, height / 2];
    const zoom = Math.min(MOST_ZOOM, Math.max(1, this.zoom * factor));
    this.x = x - (x - this.x) * (zoom / this.zoom);
    this.y = y - (y - this.y) * (zoom / this.zoom);
    this.zoom = zoom;
    this.draw();
  }

  turn(event) {
    if (event.defaultPrevented) return;
    event.preventDefault();
    this.zoomBy(Math.exp(-Math.sign(event.deltaY) * Math.min(Math.abs(event.deltaY), 100) / 400), this.find(event));
  }

  grip(event) {
    if (event.button) return;
    this.element.setPointerCapture(event.pointerId);
    this.fingers.set(event.pointerId, { start: this.find(event), last: this.find(event) });
  }

  drag(event) {
    const finger = this.fingers.get(event.pointerId);
    if (!finger) return;
    const [from, to] = [finger.last, this.find(event)];
    const other = [...this.fingers.values()].find((each) => each !== finger)?.last;
    finger.last = to;
    if (other) {
      const apart = (place) => Math.hypot(place[0] - other[0], place[1] - other[1]) || 1;
      this.zoomBy(apart(to) / apart(from), other);
      finger.pinched = true;
    } else if (this.zoom > 1) {
      this.x += to[0] - from[0];
      this.y += to[1] - from[1];
      this.draw();
    }
  }

  letGo(event) {
    const finger = this.fingers.get(event.pointerId);
    this.fingers.delete(event.pointerId);
    if (!finger || finger.pinched || this.zoom > 1 || event.type === 'pointercancel') return;
    const [along, across] = [0, 1].map((axis) => finger.last[axis] - finger.start[axis]);
    if (Math.abs(along) > SWIPE.along && Math.abs(across) < SWIPE.across) this.swipe(along < 0 ? 1 : -1);
  }
}
