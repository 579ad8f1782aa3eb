// What is particular to the page of an evaluation.
const OUTCOMES = {
  found: ['with lesion', 'lesion'],
  missed: ['missed', 'failed'],
  misplaced: ['misplaced', 'failed'],
  quiet: ['normal, no lesion predicted', 'none'],
  false: ['normal, lesion predicted', 'failed'],
};

const readEvaluationItem = ([source, pathology, name, ...values], index) => {
  const [src, height, width, mm, probability, dice, hd95, truePx, predPx, overlapPx, falseLesions, trueLong, predLong, truth, prediction] = values;
  let outcome = 'found';
  if (!truePx) outcome = predPx ? 'false' : 'quiet';
  else if (!predPx) outcome = 'missed';
  else if (!overlapPx) outcome = 'misplaced';
  const image = {
    src: PREVIEWS + encodePath(src), height, width, probability, quality: '', tone: OUTCOMES[outcome][1],
    shapes: [{ kind: 'truth', outlines: truth }, { kind: 'prediction', outlines: prediction }]
      .map((shape) => ({ ...shape, lesion: shape.outlines.length ? { number: '', mm_per_pixel_y: mm, mm_per_pixel_x: mm } : null })),
  };
  const item = {
    index, name, file: name, folder: [page.sources[source], page.pathologies[pathology]].join(', '),
    source: page.sources[source], pathology: page.pathologies[pathology], images: [image], at: 0, mode: null,
    outcome, probability, dice, hd95, truePx, predPx, overlapPx, falseLesions, trueLong, predLong, mm,
  };
  item.text = `${item.file}\n${item.folder}\n${OUTCOMES[outcome][0]}`.toLowerCase();
  return item;
};

const formatDice = (item) => (item.dice == null ? OUTCOMES[item.outcome][0] : `Dice ${item.dice.toFixed(3)}`);
const worstFirst = (a, b) => (a.dice ?? 2) - (b.dice ?? 2) || b.truePx - a.truePx || (a.truePx ? 0 : b.predPx - a.predPx);

const chooseOf = (name, all, key) => {
  const values = [...new Set(all.map((item) => item[key]))].sort(compareText);
  return { name, options: [['*', 'All'], ...values.map((value) => [`=${value}`, value])], test: (item, value) => `=${item[key]}` === value };
};

const evaluationKind = {
  unit: 'image',
  hint: 'Name, set or pathology',
  read: readEvaluationItem,
  caption: (item) => ({
    headline: formatDice(item)[0].toUpperCase() + formatDice(item).slice(1),
    tags: ['missed', 'misplaced'].includes(item.outcome) ? [[item.outcome, 'bad']] : [],
    detail: `probability ${percent(item.probability)}`,
  }),
  tallies: (all) => [
    { name: 'images', test: () => true },
    { name: 'with lesion', test: (item) => item.truePx > 0 },
    { name: 'missed', tone: 'failed', test: (item) => item.outcome === 'missed' },
    { name: 'misplaced', tone: 'failed', test: (item) => item.outcome === 'misplaced' },
    { name: 'normal', test: (item) => !item.truePx },
    { name: 'normal with prediction', tone: 'failed', test: (item) => item.outcome === 'false' },
  ].map((tally) => ({ ...tally, count: all.filter(tally.test).length })),
  filters: (all) => [
    chooseOf('Set', all, 'source'),
    chooseOf('Pathology', all, 'pathology'),
    { name: 'Probability', range: true, test: (item, value) => item.probability >= Number(value) },
  ],
  sorts: [
    { name: 'Dice, worst first', compare: worstFirst },
    { name: 'Name', compare: (a, b) => compareText(a.file, b.file) },
    { name: 'Probability', compare: falling((item) => item.probability) },
    { name: 'Size of the lesion', compare: falling((item) => item.truePx) },
    { name: 'Area of the prediction', compare: falling((item) => item.predPx) },
  ],
  facts: (item, image) => {
    const length = (px) => (px == null ? '\u2013' : formatLength(item.mm ? px * item.mm : null, px));
    const table = makeTable('Largest lesion and whole mask', ['Truth', 'Prediction'], [
      ['Long axis', length(item.trueLong), length(item.predLong)],
      ['Area', `${item.truePx} px`, `${item.predPx} px`],
    ]);
    return [
      make('p', { class: `verdict ${image.tone}` }, [evaluationKind.caption(item).headline, ...evaluationKind.caption(item).tags.map(([text]) => text)].join(', ')),
      item.mm ? '' : make('p', { class: 'warning' }, 'Not calibrated: lengths in pixels.'),
      make('p', { class: 'keys' }, make('span', { class: 'swatch truth' }), 'truth, dashed', make('span', { class: 'swatch prediction' }), 'prediction'),
      makeList([
        ['Image', item.file],
        ['Set', item.source],
        ['Pathology', item.pathology],
        ['Outcome', OUTCOMES[item.outcome][0]],
        ['Hausdorff distance (95 %)', item.hd95 == null ? '' : `${item.hd95.toFixed(1)} px`],
        ['False lesions', String(item.falseLesions)],
        ['Lesion probability', percent(item.probability)],
        ['Size of the image', `${image.width} \u00d7 ${image.height} px`],
      ]),
      table,
    ].filter(Boolean);
  },
};
