// Which items are shown, and in which order.
class Filters {
  constructor(items, change) {
    this.items = items;
    this.change = change;
    this.tally = 0;
    this.controls = kind.filters(items).map((filter) => this.makeControl(filter));
    this.search = document.getElementById('search');
    this.search.placeholder = kind.hint;
    this.sort = document.getElementById('sort');
    this.reverse = document.getElementById('reverse');
    this.reset = document.getElementById('reset');
    this.sort.append(...kind.sorts.map(({ name }, index) => make('option', { value: index }, name)));
    this.sort.addEventListener('change', () => this.apply());
    this.search.addEventListener('input', () => this.apply());
    this.reverse.addEventListener('click', () => {
      this.reverse.setAttribute('aria-pressed', this.reverse.getAttribute('aria-pressed') !== 'true');
      this.apply();
    });
    this.reset.addEventListener('click', () => this.clear());
    document.getElementById('bar').addEventListener('submit', (event) => event.preventDefault());
    this.fold = document.getElementById('fold');
    this.fold.addEventListener('click', () => {
      this.fold.setAttribute('aria-expanded', this.fold.getAttribute('aria-expanded') !== 'true');
    });
    this.makeTallies();
  }

  makeControl({ name, options, range, test }) {
    const label = make('label', { class: 'field' }, make('span', {}, name));
    let input;
    if (range) {
      const output = make('output', {}, 'any');
      input = make('input', { type: 'range', min: 0, max: 1, step: 0.01, value: 0 });
      const show = () => { output.textContent = Number(input.value) ? `\u2265 ${Math.round(input.value * 100)} %` : 'any'; };
      input.addEventListener('input', show);
      input.restore = show;
      label.append(make('span', { class: 'pair' }, input, output));
    } else {
      input = make('select', {}, ...options.map(([value, text]) => make('option', { value }, text)));
      label.append(input);
    }
    input.dataset.filter = name;
    input.addEventListener('input', () => this.apply());
    const off = input.value;
    document.getElementById('fields').append(label);
    return { name, input, off, test };
  }

  makeTallies() {
    this.tallies = kind.tallies(this.items);
    this.buttons = this.tallies.map(({ count, name, tone }, index) => {
      const button = make('button', { type: 'button', class: `tally ${tone || ''}` },
        make('b', {}, count.toLocaleString('en')), ' ', make('span', {}, name));
      button.disabled = !count && index > 0;
      button.addEventListener('click', () => {
        this.tally = this.tally === index ? 0 : index;
        this.apply();
      });
      return button;
    });
    document.getElementById('tallies').append(...this.buttons);
  }

  clear() {
    this.restore(new URLSearchParams(Object.entries(this.read()).filter(([name]) => ['sort', 'reverse'].includes(name))));
  }

  // What differs from the page as it opens, by short names.
  read() {
    const changed = this.controls.filter(({ input, off }) => input.value !== off);
    return {
      tally: this.tally && String(this.tally),
      search: this.search.value,
      sort: this.sort.value !== '0' && this.sort.value,
      reverse: this.reverse.getAttribute('aria-pressed') === 'true' && 'yes',
      ...Object.fromEntries(changed.map(({ name, input }) => [name, input.value])),
    };
  }

  restore(state) {
    this.tally = this.tallies[state.get('tally')] ? Number(state.get('tally')) : 0;
    this.search.value = state.get('search') ?? '';
    this.sort.value = kind.sorts[state.get('sort')] ? state.get('sort') : '0';
    this.reverse.setAttribute('aria-pressed', state.get('reverse') === 'yes');
    for (const { name, input, off } of this.controls) {
      input.value = state.get(name) ?? off;
      if (!input.value) input.value = off; // of a page with other folders
      input.restore?.();
    }
    this.apply();
  }

  searchFor(text) {
    this.clear();
    this.search.value = text;
    this.apply();
  }

  apply() {
    const words = this.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const active = this.controls.filter(({ input, off }) => input.value !== off);
    const wanted = this.tallies[this.tally].test;
    const shown = this.items.filter((item) => wanted(item)
      && active.every(({ input, test }) => test(item, input.value))
      && words.every((word) => item.text.includes(word)));
    const { compare } = kind.sorts[Number(this.sort.value)];
    const sign = this.reverse.getAttribute('aria-pressed') === 'true' ? -1 : 1;
    shown.sort((a, b) => sign * compare(a, b) || a.index - b.index);
    this.buttons.forEach((button, index) => button.setAttribute('aria-pressed', index === this.tally));
    this.reset.hidden = !(this.tally || words.length || active.length);
    this.change(shown);
  }
}

// Those without a value stay at the end in both directions of a list that falls.
const falling = (value) => (a, b) => (value(b) ?? -1) - (value(a) ?? -1);
