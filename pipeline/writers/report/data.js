// The data of the page, and what is common to both kinds of it.
const page = JSON.parse(document.getElementById('data').textContent);
const PREVIEWS = `${page.base || ''}report/`;
const MODES = ['contour', 'mask', 'original'];

const pad = (number) => String(number).padStart(4, '0');
const plural = (count, one, many = `${one}s`) => `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
const percent = (share) => (share == null ? '' : `${(share * 100).toFixed(share > 0.995 || share < 0.1 ? 1 : 0)} %`);

// A byte of a file name that is no UTF-8 comes as the lone surrogate U+DC00 + byte.
const encodeSegment = (segment) => Array.from(segment, (letter) => {
  const code = letter.codePointAt(0);
  if (code >= 0xdc80 && code <= 0xdcff) return `%${(code - 0xdc00).toString(16).toUpperCase()}`;
  return code >= 0xd800 && code <= 0xdfff ? '%EF%BF%BD' : encodeURIComponent(letter);
}).join('');
const encodePath = (path) => path.split('/').map(encodeSegment).join('/');

// The same rule as for every other output of a run.
const previewPath = (file, frame) => {
  if (frame) return `${file}/${pad(frame)}.jpg`;
  return /[^/]\.jpg$/i.test(file) ? file : `${file}.jpg`;
};

const make = (tag, attributes = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value != null && value !== false) element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.filter((child) => child != null && child !== ''));
  return element;
};

const makeSvg = (tag, attributes = {}, ...children) => {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
};

const nameFrame = (item, image) => (image.frame ? `frame ${image.frame} of ${item.frames}` : 'whole file');
const formatLength = (mm, px) => (mm == null ? `${px.toFixed(0)} px` : `${mm.toFixed(1)} mm`);
const formatSize = (lesion) => {
  const [long, short] = lesion.long_axis_mm == null
    ? [lesion.long_axis_px.toFixed(0), lesion.short_axis_px.toFixed(0)]
    : [lesion.long_axis_mm.toFixed(1), lesion.short_axis_mm.toFixed(1)];
  return `${long} \u00d7 ${short} ${lesion.long_axis_mm == null ? 'px' : 'mm'}`;
};
const compareText = new Intl.Collator('en', { numeric: true }).compare;
