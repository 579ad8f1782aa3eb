// Drawing without a pointer: a cross that the arrow keys move from pixel to pixel.
const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class KeyboardCursor {
  constructor(stage, tools) {
    Object.assign(this, { stage, tools });
  }

  get isOn() {
    return Boolean(this.stage.hasCross);
  }

  toggle() {
    const { stage } = this;
    stage.hasCross = !stage.hasCross && Boolean(stage.annotation);
    if (stage.hasCross) {
      const { width, height } = stage.annotation;
      stage.pointer = [Math.floor(width / 2) + 0.5, Math.floor(height / 2) + 0.5];
      stage.element.focus({ preventScroll: true });
    } else {
      stage.pointer = null;
    }
    this.announce();
  }

  end() {
    if (this.isOn) this.toggle();
  }

  // Take a key if it is for the cross; true if it was.
  press(event) {
    if (!this.isOn) return false;
    if (event.key in MOVES) this.move(MOVES[event.key], event.shiftKey ? 10 : 1);
    else if (event.key === 'Enter' && event.shiftKey) this.tools.closePolygon(1);
    else if (event.key === 'Enter') this.tools.apply(this.stage.pointer);
    else if (event.key === 'Escape' && !this.stage.polygon.length) this.toggle();
    else return false;
    return true;
  }

  move([dx, dy], step) {
    const { stage } = this;
    const { width, height } = stage.annotation;
    const limit = (at, size) => Math.min(size - 0.5, Math.max(0.5, at));
    stage.pointer = [limit(stage.pointer[0] + dx * step, width), limit(stage.pointer[1] + dy * step, height)];
    this.announce();
  }

  announce() {
    this.stage.update();
    if (!this.isOn) {
      this.tools.changed('The cross is off.');
      return;
    }
    const [x, y] = this.stage.pointer.map(Math.floor);
    this.tools.changed(`Column ${x}, row ${y}. Arrows move (Shift: 10 px), Enter draws, Escape ends.`);
  }
}
