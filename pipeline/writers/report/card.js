// One file in the gallery.
class Card {
  constructor(item, { open, setMode }) {
    this.item = item;
    this.picture = new Picture();
    this.button = make('button', { type: 'button', class: 'open' }, this.picture.element);
    this.button.addEventListener('click', () => open(item));
    this.remark = make('span', { class: 'remark' });
    this.frame = make('span', { class: 'frame' });
    this.caption = make('div', { class: 'caption' });
    this.modes = make('span', { class: 'card-modes' }, ...MODES.map((mode) => {
      const label = `${mode[0].toUpperCase()}${mode.slice(1)} of this image`;
      const button = make('button', { type: 'button', tabindex: -1, 'aria-label': label, title: `${label} (key ${mode[0]})` }, mode[0].toUpperCase());
      button.addEventListener('click', () => setMode(mode, item));
      return button;
    }));
    this.element = make('div', { class: 'card', role: 'listitem' },
      make('div', { class: 'frame-box' }, this.button, this.modes, this.remark, this.frame), this.caption);
    if (item.images.length > 1) {
      this.strip = new Strip(item, () => this.update());
      this.caption.before(this.strip.element);
    }
    this.update();
  }

  update() {
    const { item } = this;
    const image = item.images[item.at];
    this.picture.show(image);
    this.picture.image.loading = 'lazy';
    this.strip?.update();
    this.remark.textContent = image.quality || '';
    this.remark.title = image.quality || '';
    this.frame.textContent = item.images.length > 1 ? nameFrame(item, image) : '';
    const { headline, tags, detail } = kind.caption(item, image);
    this.button.setAttribute('aria-label', [item.file, headline, ...tags.map(([text]) => text), detail, image.quality].filter(Boolean).join(', '));
    this.caption.replaceChildren(
      make('div', { class: 'row' }, make('span', { class: 'name', title: item.file }, item.name)),
      make('div', { class: 'row' },
        make('span', { class: `headline ${image.tone}` }, headline),
        ...tags.map(([text, tone]) => make('span', { class: `tag ${tone}` }, text))),
      make('div', { class: 'row foot' },
        make('span', { class: 'folder', title: item.folder }, item.folder || '\u00a0'),
        make('span', {}, detail)),
    );
    this.showMode();
  }

  showMode() {
    const mode = this.item.mode || document.body.dataset.mode;
    this.picture.element.dataset.mode = mode;
    [...this.modes.children].forEach((button, index) => {
      button.setAttribute('aria-pressed', MODES[index] === mode);
    });
  }
}
