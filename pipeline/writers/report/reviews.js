// What a person thinks of each image: kept in this browser, and saved as a table on request.
const VERDICTS = { accepted: 'Accept', rejected: 'Reject' };

// A result of other settings, or of other pixels, is not the one that was judged.
const digest = (text) => {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  return (value >>> 0).toString(36);
};

// No spreadsheet takes a cell for a formula.
const writeCell = (value) => {
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

class Reviews {
  constructor(changed) {
    this.changed = changed;
    // All pages of a run share what is kept.
    const place = page.up ? new URL(page.up, location.href).pathname : location.pathname;
    this.key = `breast-us-seg ${place} ${digest(JSON.stringify([page.brief, page.settings]))}`;
    this.isKept = true;
    this.all = this.load();
    this.box = document.getElementById('review');
    this.comment = document.getElementById('comment');
    this.comment.addEventListener('input', () => this.set({ comment: this.comment.value }));
    this.buttons = Object.entries(VERDICTS).map(([verdict, name]) => {
      const button = make('button', { type: 'button', title: `Key ${name[0].toLowerCase()}` }, name);
      button.addEventListener('click', () => this.judge(verdict));
      return [verdict, button];
    });
    document.getElementById('verdicts').append(...this.buttons.map(([, button]) => button));
    this.save = document.getElementById('save-reviews');
    this.save.addEventListener('click', () => this.download());
    this.announce();
  }

  load() {
    try {
      return JSON.parse(localStorage.getItem(this.key)) ?? {};
    } catch {
      this.isKept = false;
      return {};
    }
  }

  name(image) {
    return `${image.file}\n${image.frame}`;
  }

  find(image) {
    const found = this.all[this.name(image)];
    return found && found.of === this.digest(image) ? found : {};
  }

  digest(image) {
    return digest(JSON.stringify([image.raw, image.width, image.height]));
  }

  show(image) {
    this.image = image;
    const { verdict, comment = '' } = this.find(image);
    for (const [name, button] of this.buttons) button.setAttribute('aria-pressed', name === verdict);
    if (this.comment.value !== comment) this.comment.value = comment;
  }

  judge(verdict) {
    this.set({ verdict: this.find(this.image).verdict === verdict ? undefined : verdict });
  }

  set(change) {
    const review = { ...this.find(this.image), of: this.digest(this.image), ...change };
    if (review.verdict || review.comment) this.all[this.name(this.image)] = review;
    else delete this.all[this.name(this.image)];
    try {
      localStorage.setItem(this.key, JSON.stringify(this.all));
    } catch {
      this.isKept = false;
    }
    this.show(this.image);
    this.announce();
    this.changed();
  }

  announce() {
    const count = this.list().length;
    this.save.hidden = !count;
    this.save.textContent = `Save ${plural(count, 'review')} as CSV`;
    document.getElementById('review-note').textContent = this.isKept
      ? 'Kept in this browser only.'
      : 'This browser keeps nothing for this page: save the reviews before you close it.';
  }

  // Those of this page.
  list() {
    return items.flatMap((item) => item.images.map((image) => [item.file, image, this.find(image)]))
      .filter(([, , review]) => review.verdict || review.comment);
  }

  writeTable() {
    const rows = this.list()
      .map(([file, image, { verdict = '', comment = '' }]) => [file, image.frame || '', image.status, verdict, comment]);
    return [['file', 'frame', 'status', 'review', 'comment'], ...rows]
      .map((row) => `${row.map((cell) => writeCell(String(cell))).join(',')}\n`).join('');
  }

  download() {
    const address = URL.createObjectURL(new Blob([this.writeTable()], { type: 'text/csv' }));
    make('a', { href: address, download: 'reviews.csv' }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60000);
  }
}
