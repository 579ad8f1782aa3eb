// What is shown stands in the address: it survives a reload, and can be sent as a link.
class Address {
  constructor({ read, restore }) {
    this.read = read;
    this.restore = restore;
    window.addEventListener('hashchange', () => {
      if (location.hash.slice(1) !== this.last) this.open();
    });
  }

  open() {
    this.last = location.hash.slice(1);
    this.restore(new URLSearchParams(this.last));
  }

  update() {
    const state = Object.entries(this.read()).filter(([, value]) => value);
    const next = new URLSearchParams(state).toString();
    if (next === this.last) return;
    this.last = next;
    history.replaceState(null, '', next ? `#${next}` : location.href.split('#')[0]);
  }
}
