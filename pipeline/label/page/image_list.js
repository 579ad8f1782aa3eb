// The images of the server, with what became of each.
import { find, make } from './dom.js';

const STATES = {
  open: ['', 'no label'],
  partly: ['\u25d0', 'in part'],
  labeled: ['\u2713', 'labeled'],
  saved: ['\u2713', 'saved now'],
  unsaved: ['\u25cf', 'unsaved'],
};

export class ImageList {
  constructor({ open, stateOf }) {
    Object.assign(this, { open, stateOf, items: [], current: null });
    this.element = find('images');
    for (const id of ['search', 'filter']) find(id).addEventListener('input', () => this.update());
    this.element.addEventListener('click', (event) => {
      const row = event.target.closest('li');
      if (!row) return;
      this.open(this.items[row.dataset.at]);
      // On a narrow window the list is below the image.
      window.scrollTo(0, 0);
    });
    this.element.addEventListener('keydown', (event) => this.press(event));
  }

  fill(images) {
    this.items = images.map((image) => ({ ...image }));
    this.rows = new Map(this.items.map((item, at) => [item, makeRow(item, at)]));
    this.element.replaceChildren(...this.rows.values());
    this.update();
  }

  find(id) {
    return this.items.find((item) => item.id === id);
  }

  get shown() {
    return this.items.filter((item) => !this.rows.get(item).hidden);
  }

  update() {
    const words = find('search').value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = find('filter').value;
    for (const item of this.items) {
      const state = this.stateOf(item);
      const row = this.rows.get(item);
      const text = `${item.name} ${item.id}`.toLowerCase();
      const isWanted = wanted === 'all' || wanted === state || isAlike(wanted, item, state);
      row.hidden = !words.every((word) => text.includes(word)) || !(isWanted || item === this.current);
      showState(row, item, state);
      row.setAttribute('aria-selected', item === this.current);
      row.tabIndex = item === this.current ? 0 : -1;
    }
    const { shown } = this;
    if (shown.length && !shown.includes(this.current)) this.rows.get(shown[0]).tabIndex = 0;
    find('shown').textContent = shown.length === this.items.length
      ? `${shown.length} images` : `${shown.length} of ${this.items.length} images`;
  }

  choose(item) {
    this.current = item;
    this.update();
    if (item) this.scrollTo(this.rows.get(item));
  }

  // Only within the list: the notice and the tools above it stay where they are.
  scrollTo(row) {
    const [of, within] = [row, this.element].map((each) => each.getBoundingClientRect());
    if (of.top < within.top) this.element.scrollTop -= within.top - of.top;
    else if (of.bottom > within.bottom) this.element.scrollTop += of.bottom - within.bottom;
  }

  // The image so many places after the current one in the list as it is shown, if there is one.
  step(by) {
    const { shown } = this;
    const at = shown.indexOf(this.current);
    return at < 0 ? shown[0] : shown[at + by];
  }

  // The next image and frame without label: first in the same cine, then in the images after it,
  // then from the top.
  findOpen() {
    const { shown } = this;
    const at = shown.indexOf(this.current);
    for (const item of [...shown.slice(Math.max(0, at)), ...shown.slice(0, Math.max(0, at))]) {
      const frame = findOpenFrame(item);
      if (frame !== undefined) return { item, frame };
    }
    return null;
  }

  press(event) {
    const rows = [...this.element.children].filter((row) => !row.hidden);
    const at = rows.indexOf(event.target);
    const targets = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 };
    if (event.key in targets) rows[targets[event.key]]?.focus();
    else if (event.key === 'Enter' || event.key === ' ') this.open(this.items[event.target.dataset.at]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

// Frames of a cine that are worth a label; of a still, the only one.
const listKeyFrames = (item) => item.key_frames ?? [0];

const findOpenFrame = (item) => listKeyFrames(item).find((frame) => !(item.labeled_frames?.includes(frame) ?? item.labeled));

// A cine with some labelled frames is both: without label as long as one that counts has none.
function isAlike(wanted, item, state) {
  if (wanted === 'labeled') return state === 'saved' || state === 'partly';
  return wanted === 'open' && state === 'partly' && findOpenFrame(item) !== undefined;
}

const countLabeled = (item) => item.labeled_frames?.length ?? Number(item.labeled);

// What is saved of an image: of a cine all frames count, whichever are asked for.
export function describeLabels(item) {
  const labeled = countLabeled(item);
  if (!labeled) return 'open';
  return labeled < item.frames ? 'partly' : 'labeled';
}

export const chooseFrame = (item) => findOpenFrame(item) ?? listKeyFrames(item)[0];

function makeRow(item, at) {
  const cut = item.name.lastIndexOf('/') + 1;
  const folder = item.name.slice(0, cut);
  return make('li', { role: 'option', 'data-at': at, title: item.name },
    make('span', { class: 'mark', 'aria-hidden': 'true' }),
    make('span', { class: 'file' }, item.name.slice(cut), ...(folder ? [make('small', {}, folder)] : [])),
    make('span', { class: 'count' }),
    make('span', { class: 'word' }));
}

export function countFrames(item) {
  const labeled = countLabeled(item);
  return labeled ? `${labeled} of ${item.frames} frames` : `${item.frames} frames`;
}

function showState(row, item, state) {
  const [mark, word] = STATES[state];
  row.dataset.state = state;
  row.querySelector('.mark').textContent = mark;
  row.querySelector('.word').textContent = word;
  row.querySelector('.count').textContent = item.frames > 1 ? countFrames(item) : '';
}
