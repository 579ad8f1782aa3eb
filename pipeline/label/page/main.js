// The page: images on the left, the drawing in the middle, what is known on the right.
import { findNext, listImages, saveLabel } from './api.js';
import { bindControls } from './controls.js';
import { confirmWith, fillList, find, focusStage } from './dom.js';
import { describeArea, describeState, listFacts } from './facts.js';
import { ImageList, chooseFrame, countFrames, describeLabels } from './image_list.js';
import { KeyboardCursor } from './keyboard_cursor.js';
import { ModelPanel } from './model_panel.js';
import { Session } from './session.js';
import { Stage } from './stage.js';
import { Tools } from './tools.js';

const PAUSE_MS = 150;
const ARCHIVE_FAILED = 502;
const BLANKED = 'This picture is black, as a burned-in name cannot be ruled out: a lesion in it cannot be seen.';

class App {
  constructor() {
    this.session = new Session();
    this.stage = new Stage();
    this.tools = new Tools(this.stage, { changed: (message) => this.update(message) });
    this.cursor = new KeyboardCursor(this.stage, this.tools);
    this.list = new ImageList({ open: (item) => this.open(item), stateOf: (item) => this.stateOf(item) });
    this.model = new ModelPanel({
      fail: (message) => this.fail(message),
      weightsChanged: () => this.predictAgain(),
    });
    this.item = null;
    this.frame = 0;
    this.visit = 0;
    this.isSaving = false;
    bindControls(this);
    this.update();
  }

  get annotation() {
    return this.stage.annotation;
  }

  get isBlanked() {
    return Boolean(this.stage.image?.isBlanked);
  }

  get isDrawing() {
    return this.tools.gesture?.kind === 'stroke';
  }

  async start() {
    this.fail('');
    this.model.update();
    try {
      this.list.fill(await listImages());
    } catch (error) {
      this.fail(`The images cannot be listed: ${error.message}`, () => this.start());
      return;
    } finally {
      document.documentElement.dataset.ready = 'yes';
    }
    const first = this.list.findOpen()?.item ?? this.list.step(0);
    if (first) await this.open(first);
    else this.fail('The server has no images. Start it with a folder that has some.');
    this.update();
  }

  stateOf(item) {
    const isDrawn = this.annotation?.id === item.id && this.annotation.hasWork;
    if (isDrawn || this.session.findDraft(item.id)) return 'unsaved';
    const labels = describeLabels(item);
    return labels === 'labeled' && this.session.savedNow.has(item.id) ? 'saved' : labels;
  }

  // Show another image or frame. What was drawn on the last one is kept.
  async open(item, wanted) {
    if (!item || this.isAsking) return;
    const kept = this.leave();
    const frame = wanted ?? this.session.findDraft(item.id)?.frame ?? chooseFrame(item);
    this.visit += 1;
    const { visit } = this;
    const isSameItem = item === this.item;
    Object.assign(this, { item, frame });
    // The frames of a cine are looked at in one and the same view, and without black in between.
    this.stage.show(isSameItem ? this.stage.image : null, null);
    if (!isSameItem) this.stage.view.isFitted = true;
    this.list.choose(item);
    this.fail('');
    this.update(kept || this.tools.hint);
    this.setBusy('Loading the image\u2026');
    try {
      const image = await this.session.image(item.id, frame);
      if (visit !== this.visit) return;
      const known = this.session.draft(item.id, frame);
      this.stage.show(image, known ?? null);
      if (known) this.update('This drawing is not saved yet.');
      else if (!isSameItem || await this.isStill(visit)) await this.readMasks(item, frame, image, visit);
    } catch (error) {
      if (visit === this.visit) this.fail(`${item.name} cannot be shown: ${error.message}`, () => this.open(item, frame));
    }
    if (visit !== this.visit) return;
    this.setBusy('');
    this.update();
    this.prepareNext();
  }

  // Frames that are only passed by are not worth a prediction.
  async isStill(visit) {
    await new Promise((go) => { setTimeout(go, PAUSE_MS); });
    return visit === this.visit;
  }

  async readMasks(item, frame, image, visit) {
    this.setBusy('Looking for lesions\u2026');
    const saved = await this.session.readSaved(item, frame, image);
    if (visit !== this.visit) return;
    if (saved) {
      this.stage.show(image, saved);
      this.addPrediction(visit);
      return;
    }
    const prediction = await this.predict(item, frame, image, visit);
    if (visit === this.visit) this.stage.show(image, this.session.make(item, frame, image, { prediction }));
  }

  // The prediction, or null if there is none: one can draw without it.
  async predict(item, frame, image, visit) {
    try {
      return await this.session.predict(item.id, frame, image);
    } catch (error) {
      const message = `No prediction: ${error.message}. You can draw the mask by hand.`;
      if (visit === this.visit) this.fail(message, () => this.addPrediction(visit));
      return null;
    }
  }

  async addPrediction(visit) {
    if (visit !== this.visit || !this.annotation) return;
    const { annotation, image } = this.stage;
    this.fail('');
    const prediction = await this.predict(this.item, this.frame, image, visit);
    if (prediction) annotation.setPrediction(prediction);
    this.stage.update();
    this.update();
  }

  predictAgain() {
    this.session.forgetPredictions();
    this.update('The weights have changed: predictions are new.');
    this.addPrediction(this.visit);
  }

  prepareNext() {
    const next = this.list.findOpen();
    const isNext = next && (next.item !== this.item || next.frame !== this.frame);
    if (isNext && find('strategy').value === 'list') this.session.prepare(next.item.id, next.frame);
  }

  // Keep what is drawn on the image that is left, and say so.
  leave() {
    const { annotation } = this;
    if (!annotation) return '';
    if (this.isDrawing) this.tools.finishStroke();
    this.cursor.end();
    this.session.keep(annotation);
    return annotation.hasWork ? `Your drawing on ${this.item.name} is kept, and not saved yet.` : '';
  }

  // True if the label is on the server. Of a picture that cannot be seen, somebody has to mean it.
  async save({ isMeant = false } = {}) {
    const { annotation, item } = this;
    if (!annotation || this.isSaving || this.isDrawing) return false;
    if (annotation.polygon.length) {
      this.fail('Not saved: the polygon is not closed. Enter closes it, Escape cancels it.');
      return false;
    }
    if (this.isBlanked && !isMeant && !await this.ask(`${BLANKED} Save the mask all the same?`, 'Save')) return false;
    const sent = annotation.mask.copy();
    this.isSaving = true;
    this.fail('');
    this.update('Saving\u2026');
    let failure = '';
    try {
      await saveLabel(annotation.id, annotation.frame, sent);
      annotation.markSaved(sent);
      item.labeled = true;
      item.labeled_frames = [...new Set([...(item.labeled_frames ?? []), annotation.frame])];
      this.session.savedNow.add(item.id);
    } catch (error) {
      const where = error.status === ARCHIVE_FAILED ? 'is on the server, but not in the archive' : 'is not saved';
      failure = `${item.name} ${where}: ${error.message}. Your drawing is kept here.`;
    }
    this.isSaving = false;
    if (annotation !== this.annotation) this.session.keep(annotation);
    this.stage.update();
    this.update(failure ? '' : `Saved: ${item.name}, ${describeArea(sent)}.`);
    if (failure) this.fail(failure, () => this.save({ isMeant: true }));
    else this.model.update();
    return !failure;
  }

  async saveAndNext() {
    const { annotation, visit } = this;
    if (!annotation) return;
    const isSaved = annotation.saved && !annotation.hasWork ? true : await this.save();
    if (isSaved && visit === this.visit) await this.openNext();
  }

  async openNext() {
    const strategy = find('strategy').value;
    if (strategy === 'list') {
      const next = this.list.findOpen();
      if (next) await this.open(next.item, next.frame);
      else this.update('Every image of the list has a label.');
      return;
    }
    const { visit } = this;
    this.setBusy('Looking for the next image\u2026');
    try {
      const { id, frame } = await findNext(strategy);
      if (visit !== this.visit) return;
      if (id === undefined) this.update('Every image has a label.');
      else if (this.list.find(id)) await this.open(this.list.find(id), frame ?? 0);
      else this.fail('The next image is not in the list: reload the page.');
    } catch (error) {
      this.fail(`There is no next image: ${error.message}`, () => this.openNext());
    } finally {
      if (visit === this.visit) this.setBusy('');
    }
  }

  // What the network drew goes without a question, what a person drew does not.
  async saveNothing() {
    const { annotation } = this;
    if (!annotation || this.isSaving || this.isDrawing) return;
    const isDrawn = annotation.polygon.length > 0 || (!annotation.mask.isEmpty && !annotation.isPrediction);
    const reasons = [this.isBlanked && BLANKED, isDrawn && 'The mask that is drawn goes.'].filter(Boolean);
    const question = ['Save this image as one without lesion?', ...reasons].join(' ');
    if (reasons.length && !await this.ask(question, 'No lesion')) return;
    annotation.polygon = [];
    annotation.edit(({ pixels }) => pixels.fill(0));
    await this.save({ isMeant: true });
  }

  async ask(question, answer) {
    this.isAsking = true;
    const isMeant = await confirmWith(question, answer);
    this.isAsking = false;
    focusStage();
    return isMeant;
  }

  resetToPrediction() {
    const { annotation } = this;
    if (!annotation || this.isDrawing) return;
    if (!annotation.prediction) {
      this.addPrediction(this.visit);
      return;
    }
    annotation.polygon = [];
    annotation.replace(annotation.prediction.mask);
    this.redraw('This is the prediction again.');
  }

  // What the network outlined, and did not think likely enough to be a lesion.
  async toggleSuppressed() {
    const { annotation } = this;
    if (!(annotation?.prediction?.suppressed >= 0)) return;
    try {
      annotation.suppressed = annotation.suppressed ? null : await this.session.findSuppressed(annotation);
    } catch (error) {
      if (annotation === this.annotation) this.fail(`It cannot be shown: ${error.message}`, () => this.toggleSuppressed());
    }
    if (annotation === this.annotation) this.redraw();
  }

  addSuppressed() {
    this.change((annotation) => {
      if (!annotation.suppressed) return;
      const { pixels } = annotation.suppressed;
      annotation.edit((mask) => pixels.forEach((isOutlined, at) => { if (isOutlined) mask.pixels[at] = 1; }));
      annotation.suppressed = null;
    }, 'Added to your mask.');
  }

  change(action, message = '') {
    if (!this.annotation || this.isDrawing) return;
    action(this.annotation);
    this.redraw(message);
  }

  redraw(message) {
    this.stage.update();
    this.update(message);
  }

  stepFrame(by) {
    const frame = this.frame + by;
    if (this.item && frame >= 0 && frame < this.item.frames) this.open(this.item, frame);
  }

  escape() {
    if (!this.tools.escape()) this.fail('');
    else this.update('The polygon is gone.');
  }

  setBusy(text) {
    find('busy').textContent = text;
    find('busy').hidden = !text;
    this.tools.isLocked = Boolean(text);
    this.update();
  }

  // Say what went wrong, and offer a way to try it again; no message takes it away.
  fail(message, again) {
    find('error').hidden = !message;
    find('error-text').textContent = message;
    find('error-again').hidden = !again;
    this.again = again;
  }

  update(message) {
    if (!this.list) return;
    const { annotation, item, frame } = this;
    if (message !== undefined) find('hint').textContent = message;
    const isReady = Boolean(annotation) && !this.tools.isLocked;
    const isOpen = isReady && !this.isSaving;
    for (const id of ['nothing', 'save', 'save-next']) find(id).disabled = !isOpen;
    find('undo').disabled = !isReady || !annotation.steps.length;
    find('redo').disabled = !isReady || !annotation.undone.length;
    find('clear').disabled = !isReady || annotation.mask.isEmpty;
    find('reset').disabled = !isReady;
    find('previous').disabled = !this.list.step(-1);
    find('following').disabled = !this.list.step(1);
    find('name').textContent = item?.name ?? 'No image';
    find('state').textContent = annotation ? describeState(annotation) : '';
    find('state').dataset.tone = annotation?.hasWork ? 'warn' : '';
    fillList(find('facts'), annotation ? listFacts(annotation) : []);
    find('suppressed').hidden = !(annotation?.prediction?.suppressed >= 0);
    find('suppressed-show').setAttribute('aria-pressed', String(Boolean(annotation?.suppressed)));
    find('suppressed-legend').hidden = !annotation?.suppressed;
    find('suppressed-add').disabled = !isReady || !annotation.suppressed;
    find('blanked').hidden = !this.isBlanked;
    const hasFrames = item?.frames > 1;
    find('frames').hidden = !hasFrames;
    if (hasFrames) {
      Object.assign(find('frame'), { max: item.frames - 1, value: frame });
      const isLabeled = item.labeled_frames?.includes(frame);
      const counted = item.labeled ? `; ${countFrames(item)} labeled` : '';
      find('frame-shown').textContent = `Frame ${frame + 1} of ${item.frames}${isLabeled ? ', labeled' : ''}${counted}`;
    }
    this.list.update();
    this.showProgress();
  }

  showProgress() {
    const { items } = this.list;
    const count = (label, stateOf) => items.filter((each) => stateOf(each) === label).length;
    const [partly, unsaved] = [count('partly', describeLabels), count('unsaved', (each) => this.stateOf(each))];
    find('progress').textContent = [
      `${count('labeled', describeLabels)} of ${items.length} labeled`,
      ...(partly ? [`${partly} in part`] : []),
      ...(unsaved ? [`${unsaved} unsaved`] : []),
    ].join(', ');
  }

  get hasWork() {
    return this.isSaving || this.annotation?.hasWork || [...this.session.drafts.values()].some((each) => each.hasWork);
  }
}

new App().start();
