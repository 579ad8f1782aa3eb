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
};

const viewer = new Viewer({
  setMode,
  closed: (item) => {
    gallery.refresh(item);
    gallery.focus(item);
  },
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
});

document.addEventListener('keydown', (event) => {
  if (viewer.isOpen || event.ctrlKey || event.metaKey || event.altKey) return;
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
listReasons();
showMode('contour');
filters.apply();
document.documentElement.dataset.ready = 'yes';
