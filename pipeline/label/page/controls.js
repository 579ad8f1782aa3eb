// Which button and which key does what.
import { find, onClick, returnFocus } from './dom.js';
import { bindKeys } from './keys.js';
import { bindView } from './view_panel.js';

export function bindControls(app) {
  const actions = {
    save: () => app.save(),
    'save-next': () => app.saveAndNext(),
    nothing: () => app.saveNothing(),
    previous: () => app.open(app.list.step(-1)),
    following: () => app.open(app.list.step(1)),
    undo: () => app.change((annotation) => annotation.undo()),
    redo: () => app.change((annotation) => annotation.redo()),
    clear: () => app.change((annotation) => annotation.edit(({ pixels }) => pixels.fill(0))),
    reset: () => app.resetToPrediction(),
    'suppressed-show': () => app.toggleSuppressed(),
    'suppressed-add': () => app.addSuppressed(),
    'help-open': () => find('help').showModal(),
    'error-close': () => app.fail(''),
    'error-again': () => app.again?.(),
  };
  returnFocus();
  for (const [id, action] of Object.entries(actions)) onClick(id, action);
  for (const button of document.querySelectorAll('[data-tool]')) {
    button.addEventListener('click', () => app.tools.choose(button.dataset.tool));
  }
  find('frame').addEventListener('input', () => app.open(app.item, Number(find('frame').value)));
  const view = bindView(app.stage);
  bindKeys({
    tools: app.tools,
    cursor: app.cursor,
    setBare: view.setBare,
    actions: {
      ...view.keys,
      s: actions.save, n: actions['save-next'], x: actions.nothing, c: actions.clear, r: actions.reset,
      o: actions['suppressed-show'],
      b: () => app.tools.choose('brush'), e: () => app.tools.choose('eraser'), p: () => app.tools.choose('polygon'),
      k: () => app.cursor.toggle(), '?': actions['help-open'],
      '[': () => app.tools.resizeBy(-1), ']': () => app.tools.resizeBy(1),
      ArrowLeft: actions.previous, ArrowRight: actions.following,
      ArrowUp: () => app.stepFrame(-1), ArrowDown: () => app.stepFrame(1),
      Enter: (event) => app.tools.closePolygon(event.shiftKey ? 0 : 1),
      Backspace: () => app.tools.dropPoint(), Escape: () => app.escape(),
      '/': () => find('search').focus(),
    },
    commands: { z: actions.undo, 'Shift+z': actions.redo, y: actions.redo, s: actions.save },
  });
  window.addEventListener('beforeunload', (event) => {
    if (app.hasWork) event.preventDefault();
  });
}
