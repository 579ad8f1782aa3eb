// Short ways to the elements of the page.
export const find = (id) => document.getElementById(id);

export function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

export function fillList(list, pairs) {
  list.replaceChildren(...pairs.filter(([, value]) => value).flatMap(
    ([name, value]) => [make('dt', {}, name), make('dd', {}, value)]));
}

export const onClick = (id, action) => find(id).addEventListener('click', action);

export const focusStage = () => find('stage').focus({ preventScroll: true });

// What the pointer has worked keeps no focus, so that the next key is not for it. Fields that are
// typed into do.
export function returnFocus() {
  let isPointer = false;
  const note = (type, value) => document.addEventListener(type, () => { isPointer = value; }, true);
  note('pointerdown', true);
  note('keydown', false);
  // Before the action itself, as a dialog that it opens gives the focus back to where it was.
  document.addEventListener('click', ({ detail, target }) => {
    const isWorked = target.closest('button, [role="option"], input[type="range"]') && !target.closest('dialog');
    if (detail > 0 && isWorked) focusStage();
  }, true);
  document.addEventListener('change', ({ target }) => {
    if (isPointer && target.matches('select, [type="range"], [type="checkbox"]')) focusStage();
  });
}

// Ask before something is overwritten; resolves to true or false.
export function confirmWith(question, answer) {
  const dialog = find('confirm');
  find('confirm-text').textContent = question;
  find('confirm-yes').textContent = answer;
  dialog.returnValue = 'no';
  dialog.showModal();
  find('confirm-no').focus();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'), { once: true });
  });
}
