// What was fetched, and what was drawn and is not saved.
import { predict, readImage, readLabel, readSuppressed } from './api.js';
import { Annotation } from './annotation.js';

const MOST_FETCHED = 8;

const nameOf = (id, frame) => `${frame}:${id}`;

export class Session {
  constructor() {
    this.images = new Map();
    this.predictions = new Map();
    this.drafts = new Map();
    this.savedNow = new Set();
  }

  image(id, frame) {
    return fetchOnce(this.images, nameOf(id, frame), () => readImage(id, frame));
  }

  prediction(id, frame) {
    return fetchOnce(this.predictions, nameOf(id, frame), () => predict(id, frame));
  }

  forgetPredictions() {
    this.predictions.clear();
  }

  // Fetch what will be needed soon; a failure is shown when it is needed.
  prepare(id, frame) {
    for (const fetched of [this.image(id, frame), this.prediction(id, frame)]) fetched.catch(() => {});
  }

  draft(id, frame) {
    return this.drafts.get(nameOf(id, frame));
  }

  keep(annotation) {
    const name = nameOf(annotation.id, annotation.frame);
    if (annotation.hasWork) this.drafts.set(name, annotation);
    else this.drafts.delete(name);
  }

  findDraft(id) {
    return [...this.drafts.values()].find((each) => each.id === id && each.hasWork);
  }

  // The saved label is shown at once; the prediction may come later.
  async readSaved(item, frame, image) {
    const mayBe = item.labeled_frames?.includes(frame) ?? item.labeled;
    const saved = mayBe ? await readLabel(item.id, frame) : null;
    if (!saved) return null;
    checkSize('label', saved, image);
    return this.make(item, frame, image, { saved });
  }

  make(item, frame, image, masks) {
    return new Annotation({ id: item.id, frame, width: image.width, height: image.height, ...masks });
  }

  async predict(id, frame, image) {
    const prediction = await this.prediction(id, frame);
    checkSize('prediction', prediction.mask, image);
    return prediction;
  }

  // Kept with the prediction, so that other weights bring others.
  async findSuppressed({ id, frame, prediction, mask }) {
    prediction.outlines ??= await readSuppressed(id, frame);
    checkSize('suppressed outline', prediction.outlines, mask);
    return prediction.outlines;
  }
}

// What failed is fetched again the next time.
function fetchOnce(cache, name, fetchIt) {
  if (!cache.has(name)) {
    const fetched = fetchIt();
    cache.set(name, fetched);
    fetched.catch(() => { if (cache.get(name) === fetched) cache.delete(name); });
    if (cache.size > MOST_FETCHED) cache.delete(cache.keys().next().value);
  }
  return cache.get(name);
}

function checkSize(what, mask, image) {
  if (mask.width === image.width && mask.height === image.height) return;
  const size = ({ width, height }) => `${width} x ${height}`;
  throw new Error(`expected a ${what} of ${size(image)} pixels, as the image, got one of ${size(mask)}`);
}
