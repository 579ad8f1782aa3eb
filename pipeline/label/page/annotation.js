// The mask of one image or frame, with what it came from and every step back.
import { Mask } from './mask.js';

const MOST_STEPS = 200;

export class Annotation {
  constructor({ id, frame, width, height, prediction, saved }) {
    Object.assign(this, { id, frame, width, height, prediction, saved });
    const empty = new Mask(width, height);
    this.baseline = saved ?? prediction?.mask ?? empty;
    this.mask = this.baseline.copy();
    this.steps = [];
    this.undone = [];
    this.before = null;
    this.polygon = [];
    this.suppressed = null; // the mask of outlines below the operating point, while it is shown
    this.version = 0;
    this.noteChange();
  }

  get isPrediction() {
    return !this.saved && !this.isChanged && Boolean(this.prediction);
  }

  // Is there anything that would be lost?
  get hasWork() {
    return this.isChanged || this.polygon.length > 0;
  }

  // One step from begin to end, whatever is done to the mask in between.
  begin() {
    this.before = this.mask.pixels.slice();
  }

  end() {
    const step = compare(this.before, this.mask.pixels);
    this.before = null;
    if (step) {
      this.steps.push(step);
      if (this.steps.length > MOST_STEPS) this.steps.shift();
      this.undone = [];
    }
    this.noteChange();
    return Boolean(step);
  }

  cancel() {
    if (this.before) this.mask.pixels.set(this.before);
    this.before = null;
    this.noteChange();
  }

  edit(change) {
    this.begin();
    change(this.mask);
    return this.end();
  }

  replace(mask) {
    return this.edit(({ pixels }) => pixels.set(mask.pixels));
  }

  undo() {
    return this.move(this.steps, this.undone, 'before');
  }

  redo() {
    return this.move(this.undone, this.steps, 'after');
  }

  move(from, to, side) {
    const step = from.pop();
    if (!step) return false;
    this.mask.pixels.set(step[side], step.start);
    to.push(step);
    this.noteChange();
    return true;
  }

  // What was sent is the label now; the mask may have been drawn on since.
  markSaved(sent) {
    this.saved = sent;
    this.baseline = sent;
    this.noteChange();
  }

  // A mask that nobody has touched follows the prediction.
  setPrediction(prediction) {
    this.prediction = prediction;
    this.suppressed = null;
    if (!this.saved && !this.isChanged && !this.before) {
      this.baseline = prediction.mask;
      this.mask = prediction.mask.copy();
      Object.assign(this, { steps: [], undone: [] });
    }
    this.noteChange();
  }

  noteChange() {
    this.isChanged = !this.mask.equals(this.baseline);
    this.version += 1;
  }
}

// The stretch in which two masks differ, or null.
function compare(before, after) {
  const start = before.findIndex((value, at) => value !== after[at]);
  if (start < 0) return null;
  let end = before.length;
  while (before[end - 1] === after[end - 1]) end -= 1;
  return { start, before: before.slice(start, end), after: after.slice(start, end) };
}
