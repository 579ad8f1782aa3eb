// A large run has several pages: what leads from one to the others.
const linkTo = (href, text) => make('a', { href: encodePath(href) }, text);

const sayTotals = () => {
  const counts = page.totals.map((count, at) => `${count.toLocaleString('en')} ${STATUS[page.statuses[at]][0].toLowerCase()}`);
  return `${plural(page.totals.reduce((sum, count) => sum + count, 0), 'image')} in this run: ${counts.join(', ')}.`;
};

const listPages = (place) => {
  if (page.pages) {
    const rows = page.pages.map(([href, first, last, images], at) => make('tr', {},
      make('td', {}, linkTo(href, `Page ${at + 1}`)), make('td', {}, first), make('td', {}, last), make('td', {}, images.toLocaleString('en'))));
    place.append(
      make('p', {}, sayTotals(), ` Below are the ${plural(items.length, 'file')} with the most uncertain boundaries; all images are on these pages:`),
      make('table', {},
        make('thead', {}, make('tr', {}, ...['', 'From', 'To', 'Images'].map((head) => make('th', { scope: 'col' }, head)))),
        make('tbody', {}, ...rows)));
  } else if (page.up) {
    place.append(make('p', {}, linkTo(page.up, 'What to look at first, and all pages'), ` \u00b7 page ${page.number}`));
  }
  place.hidden = !place.childElementCount;
};
