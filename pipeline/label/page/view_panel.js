// How the image is shown: zoom, grey values, outline and fill.
import { find, onClick } from './dom.js';

const SLIDERS = ['brightness', 'contrast', 'outline', 'fill'];
const ZOOM_STEP = 1.25;

export function bindView(stage) {
  const { view, options } = stage;
  const act = (action) => () => {
    action();
    stage.update();
  };
  const apply = act(() => {
    const [brightness, contrast, outline, fill] = SLIDERS.map((id) => Number(find(id).value));
    stage.setFilter(brightness, contrast);
    Object.assign(options, { outline: outline / 100, fill: fill / 100 });
    options.showsPrediction = find('show-prediction').checked;
  });
  const zoomIn = act(() => view.zoom(ZOOM_STEP));
  const zoomOut = act(() => view.zoom(1 / ZOOM_STEP));
  const fit = act(() => view.fit());
  const showTrueSize = act(() => view.set(1));
  for (const id of [...SLIDERS, 'show-prediction']) find(id).addEventListener('input', apply);
  onClick('zoom-in', zoomIn);
  onClick('zoom-out', zoomOut);
  onClick('zoom-fit', fit);
  onClick('zoom-one', showTrueSize);
  onClick('view-reset', () => {
    for (const id of SLIDERS) find(id).value = find(id).defaultValue;
    find('show-prediction').checked = true;
    apply();
    fit();
  });
  apply();
  return {
    keys: { '+': zoomIn, '=': zoomIn, '-': zoomOut, 0: fit, 1: showTrueSize },
    setBare: (isBare) => {
      stage.isBare = isBare;
      stage.update();
    },
  };
}
