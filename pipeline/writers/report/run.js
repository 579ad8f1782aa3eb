// What is particular to the page of a run.
const STATUS = {
  ok: ['With lesion', 'lesion'],
  no_lesion: ['No lesion', 'none'],
  skipped: ['Skipped', 'skipped'],
  failed: ['Failed', 'failed'],
};

class RunImage {
  constructor(file, [frame, status, reason, probability, quality, region, calibrated, doubt, height, width, lesions, suppressed, blanked]) {
    this.file = file;
    this.frame = frame;
    this.status = page.statuses[status];
    [this.statusName, this.tone] = STATUS[this.status];
    this.reason = page.reasons[reason];
    this.probability = probability;
    this.quality = page.qualities[quality] || '';
    this.region = page.regions[region] || '';
    this.calibrated = Boolean(calibrated);
    this.mm = Array.isArray(calibrated) ? calibrated : null;
    this.blanked = Boolean(blanked);
    this.doubt = doubt;
    this.height = height;
    this.width = width;
    this.raw = lesions || [];
    this.suppressed = (suppressed || []).map(([outlines, share]) => ({ kind: 'suppressed', outlines, probability: share }));
    this.src = width ? PREVIEWS + encodePath(previewPath(file, frame)) : null;
  }

  get lesions() {
    return this.raw.map(([, ...cells], index) => Object.fromEntries([
      ['number', index + 1], ...page.measures.map((name, at) => [name, cells[at]])]));
  }

  get shapes() {
    const { lesions } = this;
    return this.raw.map(([outlines], index) => ({ kind: 'prediction', outlines, lesion: lesions[index] }));
  }

  sum(name) {
    const at = page.measures.indexOf(name) + 1;
    return this.raw.reduce((total, lesion) => total + lesion[at], 0);
  }

  most(name) {
    const at = page.measures.indexOf(name) + 1;
    return this.raw.reduce((most, lesion) => (lesion[at] == null ? most : Math.max(most ?? 0, lesion[at])), null);
  }
}

const readRunItem = ([folder, name, images, shown], index) => {
  const item = { index, name, folder: page.folders[folder], at: 0, mode: null };
  item.file = item.folder ? `${item.folder === '/' ? '' : item.folder}/${name}` : name;
  item.images = images.map((image) => new RunImage(item.file, image));
  if (shown) {
    const at = shown.lastIndexOf('/');
    Object.assign(item, { file: shown, folder: shown.slice(0, Math.max(at, 0)), name: shown.slice(at + 1) });
  }
  item.frames = Math.max(...item.images.map((image) => image.frame));
  item.images.forEach((image) => { image.area = image.sum('area_px'); });
  item.images.forEach((image, at) => { if (image.area > item.images[item.at].area) item.at = at; });
  const reach = (values) => values.reduce((most, value) => (value == null ? most : Math.max(most ?? 0, value)), null);
  item.probability = reach(item.images.map((image) => image.probability));
  item.doubt = reach(item.images.map((image) => image.doubt));
  item.longMm = reach(item.images.map((image) => image.most('long_axis_mm')));
  item.longPx = reach(item.images.map((image) => image.most('long_axis_px')));
  item.malignancy = reach(item.images.map((image) => image.most('malignancy')));
  item.status = Math.min(...item.images.map((image) => page.statuses.indexOf(image.status)));
  item.calibrated = item.images.some((image) => image.calibrated);
  item.processed = item.images.some((image) => image.src);
  item.remarks = [...new Set(item.images.flatMap((image) => [image.quality, image.reason]))].filter(Boolean);
  item.suppressed = item.images.some((image) => image.suppressed.length);
  item.text = [item.file, ...item.remarks].join('\n').toLowerCase();
  return item;
};

const describeLesions = (image) => {
  const { lesions } = image;
  if (!lesions.length) return image.statusName;
  const sizes = lesions.slice(0, 2).map(formatSize);
  const isOneUnit = new Set(sizes.map((size) => size.slice(-2))).size === 1;
  const texts = sizes.map((size, at) => (isOneUnit && at < sizes.length - 1 ? size.slice(0, -3) : size));
  return texts.join(', ') + (lesions.length > 2 ? `, ${lesions.length - 2} more` : '');
};

const describeSuppressed = ({ suppressed }) => {
  const chances = suppressed.map(({ probability }) => percent(probability)).join(', ');
  return `${plural(suppressed.length, 'outline')} below the operating point (${chances}): key s shows ${suppressed.length === 1 ? 'it' : 'them'}.`;
};

const byDoubt = { name: 'Uncertainty of the boundary', compare: falling((item) => item.doubt) };

const runKind = {
  unit: 'file',
  hint: 'Name, remark or reason',
  read: readRunItem,
  caption: (item, image) => ({
    headline: describeLesions(image),
    tags: [
      ...(image.lesions.some((lesion) => lesion.long_axis_mm == null) ? [['not calibrated', 'warn']] : []),
      ...(!image.lesions.length && image.suppressed.length ? [['below the operating point', 'warn']] : []),
      ...(reviews.find(image).verdict ? [[reviews.find(image).verdict, 'review']] : []),
    ],
    detail: [
      image.probability != null && `probability ${percent(image.probability)}`,
      image.most('malignancy') != null && `malignant ${percent(image.most('malignancy'))}`,
    ].filter(Boolean).join(', '),
  }),
  tallies: (all) => {
    const total = page.counts.reduce((sum, count) => sum + count, 0);
    return [{ name: total === 1 ? 'image' : 'images', count: total, test: () => true }].concat(
      page.statuses.map((status, at) => ({
        name: STATUS[status][0].toLowerCase(),
        tone: STATUS[status][1],
        count: page.counts[at],
        test: (item) => item.images.some((image) => image.status === status),
      })));
  },
  filters: (all) => {
    const folders = [...new Set(all.map((item) => item.folder))].sort(compareText);
    return [
      { name: 'Folder', options: [['*', 'All folders'], ...folders.map((folder) => [`=${folder}`, folder || 'Top folder'])], test: (item, value) => `=${item.folder}` === value },
      { name: 'Probability', range: true, test: (item, value) => (item.probability ?? -1) >= Number(value) },
      { name: 'Malignant', range: true, test: (item, value) => (item.malignancy ?? -1) >= Number(value) },
      { name: 'Long axis', options: [['*', 'Any'], ['0-10', 'below 10 mm'], ['10-20', '10 to 20 mm'], ['20-50', '20 to 50 mm'], ['50-1000', 'from 50 mm']], test: (item, value) => {
        const [least, most] = value.split('-').map(Number);
        return item.longMm != null && item.longMm >= least && item.longMm < most;
      } },
      { name: 'Calibration', options: [['*', 'Any'], ['yes', 'Calibrated'], ['no', 'Not calibrated']], test: (item, value) => item.processed && item.calibrated === (value === 'yes') },
      { name: 'Quality', options: [['*', 'Any'], ['no', 'No remark'], ['yes', 'With remark']], test: (item, value) => item.processed && item.images.some((image) => image.quality) === (value === 'yes') },
      { name: 'Suppressed', options: [['*', 'Any'], ['yes', 'Below the operating point']], test: (item) => item.suppressed },
      { name: 'Review', options: [['*', 'Any'], ['accepted', 'Accepted'], ['rejected', 'Rejected'], ['comment', 'With comment'], ['none', 'None']], test: (item, value) => item.images.some((image) => {
        const { verdict, comment } = reviews.find(image);
        return value === 'none' ? !verdict && !comment : verdict === value || (value === 'comment' && comment);
      }) },
    ];
  },
  sorts: [
    ...(page.pages ? [byDoubt] : []),
    { name: 'Name', compare: (a, b) => compareText(a.file, b.file) },
    { name: 'Probability', compare: falling((item) => item.probability) },
    { name: 'Size (long axis; mm before px)', compare: (a, b) => falling((item) => item.longMm)(a, b) || falling((item) => item.longPx)(a, b) },
    { name: 'Malignancy', compare: falling((item) => item.malignancy) },
    ...(page.pages ? [] : [byDoubt]),
    { name: 'Status', compare: (a, b) => a.status - b.status },
  ],
  facts: (item, image) => {
    const { lesions } = image;
    const parts = [];
    parts.push(make('p', { class: `verdict ${image.tone}` }, describeLesions(image)));
    if (image.src && !image.calibrated) parts.push(make('p', { class: 'warning' }, 'Not calibrated: the file does not give the size of a pixel, so lengths are in pixels.'));
    if (image.blanked) parts.push(make('p', { class: 'warning' }, 'The picture is black here on purpose: nothing in the file separates tissue from a name that may be burned in. The mask was made of the whole picture; run with blank_unknown=false to see it.'));
    if (image.quality) parts.push(make('p', { class: 'warning' }, image.quality));
    if (image.suppressed.length) parts.push(make('p', { class: 'warning' }, describeSuppressed(image)));
    parts.push(makeList([
      ['File', item.file],
      ['Status', image.statusName],
      [image.src ? 'Remark' : 'Reason', image.reason],
      ['Lesion probability', percent(image.probability)],
      ['Boundary uncertainty', percent(image.doubt)],
      ['Size of the image', image.width ? `${image.width} \u00d7 ${image.height} px` : ''],
      ['Ultrasound region', image.region],
    ]));
    if (lesions.length) parts.push(makeTable('Measurements', lesions.map((lesion) => (lesions.length > 1 ? `Lesion ${lesion.number}` : 'Lesion')), listMeasures(lesions)));
    return parts;
  },
};

const listMeasures = (lesions) => {
  const both = (name, unit = '') => (lesion) => {
    const [mm, px] = [lesion[`${name}_mm${unit && '2'}`], lesion[`${name}_px`]];
    const pixels = `${px.toFixed(0)} px`;
    return mm == null ? pixels : make('span', {}, `${mm.toFixed(1)} mm${unit}`, make('small', {}, ` ${pixels}`));
  };
  const ratio = (name) => (lesion) => lesion[name].toFixed(2);
  const rows = [
    ['Long axis', both('long_axis')],
    ['Short axis', both('short_axis')],
    ['Area', both('area', '\u00b2')],
    ['Depth (anterior to posterior)', both('depth')],
    ['Width', both('width')],
    ['Depth / width', ratio('depth_width_ratio')],
    ['Orientation', (lesion) => String(lesion.orientation).replaceAll('_', ' ')],
    ['Below the top of the image', both('top_distance')],
    ['Mean probability', (lesion) => percent(lesion.probability)],
    ['Peak probability', (lesion) => percent(lesion.peak_probability)],
    ['Malignant (research only)', (lesion) => (lesion.malignancy == null ? 'not given' : percent(lesion.malignancy))],
    ['Solidity', ratio('solidity')],
    ['Circularity', ratio('circularity')],
    ['Irregularity', ratio('irregularity')],
    ['mm per pixel (rows, columns)', (lesion) => (lesion.mm_per_pixel_y == null ? 'unknown' : `${lesion.mm_per_pixel_y.toPrecision(3)}, ${lesion.mm_per_pixel_x.toPrecision(3)}`)],
  ];
  return rows.map(([name, cell]) => [name, ...lesions.map(cell)]);
};
