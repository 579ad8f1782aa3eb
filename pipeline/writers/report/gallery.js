// The cards that can be seen, and a few above and below; so many thousands stay quick.
class Gallery {
  constructor(actions) {
    this.actions = actions;
    this.element = document.getElementById('gallery');
    this.items = [];
    this.cards = new Map();
    const draw = () => this.schedule();
    window.addEventListener('scroll', draw, { passive: true });
    new ResizeObserver(() => { this.measure(); draw(); }).observe(this.element);
    this.element.addEventListener('keydown', (event) => this.move(event));
  }

  show(items) {
    this.items = items;
    for (const card of this.cards.values()) card.element.remove();
    this.cards.clear();
    this.measure();
    this.draw();
  }

  measure() {
    const gap = 20;
    const width = this.element.clientWidth || 320;
    this.columns = Math.max(1, Math.floor((width + gap) / (width < 600 ? 170 + gap : 264 + gap)));
    this.cardWidth = (width - gap * (this.columns - 1)) / this.columns;
    this.cardHeight = Math.round(this.cardWidth * 0.76) + 86;
    this.stepX = this.cardWidth + gap;
    this.stepY = this.cardHeight + gap;
    const rows = Math.ceil(this.items.length / this.columns);
    this.element.style.height = `${Math.max(0, rows * this.stepY - gap)}px`;
  }

  schedule() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.draw();
    });
  }

  draw() {
    const top = -this.element.getBoundingClientRect().top;
    if (this.isPrinting) return;
    const first = Math.max(0, Math.floor((top - 300) / this.stepY)) * this.columns;
    const end = Math.min(this.items.length, Math.ceil((top + window.innerHeight + 300) / this.stepY) * this.columns);
    for (const [index, card] of this.cards) {
      if ((index < first || index >= end) && !card.element.contains(document.activeElement)) {
        card.element.remove();
        this.cards.delete(index);
      }
    }
    for (let index = first; index < end; index += 1) this.place(index);
  }

  // A printer has no scroll bar: every card is there, with its picture.
  print(isPrinting) {
    this.isPrinting = isPrinting;
    if (!isPrinting) this.show(this.items);
    else this.items.forEach((_, index) => { this.place(index).picture.image.loading = 'eager'; });
  }

  place(index) {
    let card = this.cards.get(index);
    if (!card) {
      card = new Card(this.items[index], this.actions);
      card.element.setAttribute('aria-posinset', index + 1);
      card.element.setAttribute('aria-setsize', this.items.length);
      this.cards.set(index, card);
      // In the order of the list, for whoever goes through it with the tab key.
      const after = [...this.cards.keys()].filter((other) => other > index);
      this.element.insertBefore(card.element, after.length ? this.cards.get(Math.min(...after)).element : null);
    }
    const { style } = card.element;
    style.width = `${this.cardWidth}px`;
    style.height = `${this.cardHeight}px`;
    style.transform = `translate(${(index % this.columns) * this.stepX}px, ${Math.floor(index / this.columns) * this.stepY}px)`;
    return card;
  }

  move(event) {
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -this.columns, ArrowDown: this.columns };
    if (!event.target.classList.contains('open') || !(event.key in steps)) return;
    event.preventDefault();
    const from = [...this.cards].find(([, card]) => card.button === event.target)[0];
    const to = from + steps[event.key];
    if (to >= 0 && to < this.items.length) this.focus(this.items[to]);
  }

  focus(item) {
    const index = this.items.indexOf(item);
    if (index < 0) return;
    const bar = document.getElementById('bar').offsetHeight;
    const top = this.element.getBoundingClientRect().top + Math.floor(index / this.columns) * this.stepY;
    if (top < bar + 8) window.scrollBy(0, top - bar - 8);
    else if (top + this.cardHeight > window.innerHeight) window.scrollBy(0, top + this.cardHeight - window.innerHeight + 8);
    this.draw();
    this.cards.get(index)?.button.focus({ preventScroll: true });
  }

  // The item whose card has the focus.
  focused() {
    return [...this.cards.values()].find((card) => card.element.contains(document.activeElement))?.item;
  }

  showModes() {
    for (const card of this.cards.values()) card.showMode();
  }

  refresh(item) {
    for (const card of this.cards.values()) if (card.item === item) card.update();
  }
}
