// Start of the page.
const kind = page.kind === 'evaluation' ? evaluationKind : runKind;
const items = page.items.map(kind.read);

const listReasons = () => {
  const counts = new Map();
  for (const item of items) {
    for (const image of item.images) {
      if (image.src || !image.statusName) continue;
      const key = `${image.statusName}\n${image.reason}`;
      counts.set(key, (counts.get(key) || 0) + 1);
    }
  }
  if (!counts.size) return;
  const rows = [...counts].sort((a, b) => b[1] - a[1] || compareText(a[0], b[0])).map(([key, count]) => {
    const [status, reason] = key.split('\n');
    const button = make('button', { type: 'button', class: 'link' }, reason || 'no reason given');
    button.addEventListener('click', () => filters.searchFor(reason));
    return make('tr', {}, make('td', {}, count.toLocaleString('en')), make('td', {}, status), make('td', {}, button));
  });
  const details = document.getElementById('about-reasons');
  details.hidden = false;
  details.querySelector('summary').textContent = `Why files were skipped or failed (${plural(counts.size, 'reason')})`;
  document.getElementById('reasons').append(
    make('thead', {}, make('tr', {}, ...['Files', 'Status', 'Reason'].map((head) => make('th', { scope: 'col' }, head)))),
    make('tbody', {}, ...rows));
};

const setMode = (mode, item) => {
  if (item) item.mode = mode;
  else {
    document.body.dataset.mode = mode;
    for (const each of items) each.mode = null;
    showMode(mode);
  }
  gallery.showModes();
  viewer.showMode();
  address.update();
};

const reviews = page.kind === 'evaluation' ? null : new Reviews(() => gallery.refresh(viewer.item));

const viewer = new Viewer({
  setMode,
  closed: (item) => {
    gallery.refresh(item);
    gallery.focus(item);
    address.update();
  },
  shown: () => address.update(),
});
const open = (item) => viewer.open(item, gallery.items);
const gallery = new Gallery({ open, setMode });
const showMode = makeModes(document.getElementById('modes'), 'mode', (mode) => setMode(mode));
const filters = new Filters(items, (shown) => {
  const images = shown.reduce((sum, item) => sum + item.images.length, 0);
  const frames = images > shown.length ? `, ${plural(images, 'frame')}` : '';
  document.getElementById('shown').textContent = `${shown.length.toLocaleString('en')} of ${plural(items.length, kind.unit)}${frames}`;
  document.getElementById('nothing').hidden = shown.length > 0;
  gallery.show(shown);
  address.update();
});

const address = new Address({
  read: () => ({
    ...filters.read(),
    show: document.body.dataset.mode !== MODES[0] && document.body.dataset.mode,
    ...(viewer.isOpen && { open: viewer.item.file, frame: viewer.item.images.length > 1 && String(viewer.item.at + 1) }),
  }),
  restore: (state) => {
    if (MODES.includes(state.get('show'))) setMode(state.get('show'));
    filters.restore(state);
    const item = items.find(({ file }) => file === state.get('open'));
    if (!item) return;
    const at = Number(state.get('frame')) - 1;
    if (item.images[at]) item.at = at;
    open(item);
  },
});

window.addEventListener('beforeprint', () => gallery.print(true));
window.addEventListener('afterprint', () => gallery.print(false));

const keys = document.getElementById('keys');
const showKeys = () => { if (!keys.open) keys.showModal(); };
document.getElementById('show-keys').addEventListener('click', showKeys);
document.getElementById('keys-close').addEventListener('click', () => keys.close());
document.addEventListener('keydown', (event) => {
  if (event.key === '?' && !event.target.matches?.('input[type=search], textarea')) showKeys();
});

document.addEventListener('keydown', (event) => {
  if (viewer.isOpen || keys.open || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.matches?.('input:not([type=range]):not([type=radio]), select')) return;
  const mode = MODES.find((each) => each[0] === event.key);
  if (mode) setMode(mode, gallery.focused());
  else if (event.key === '/') {
    event.preventDefault();
    document.getElementById('search').focus();
  }
});

const openFromFigure = (event) => {
  const target = event.target.closest?.('[data-item]');
  if (!target) return;
  const item = items[Number(target.dataset.item)];
  if (event.type === 'click') open(item);
  else if (!target.querySelector('title')) {
    const title = makeSvg('title');
    title.textContent = item.file;
    target.append(title);
  }
};
for (const figure of document.querySelectorAll('.figures')) {
  figure.addEventListener('click', openFromFigure);
  figure.addEventListener('pointerover', openFromFigure);
}

document.body.dataset.kind = page.kind;
document.getElementById('brief').textContent = page.brief;
document.getElementById('model').append(...[...page.model, ...page.settings].flatMap(
  ([name, value]) => [make('dt', {}, name.replaceAll('_', ' ')), make('dd', {}, value)]));
listPages(document.getElementById('pages'));
listReasons();
showMode('contour');
address.open();
document.documentElement.dataset.ready = 'yes';
