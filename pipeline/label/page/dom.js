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

// A click by the pointer leaves no focus behind, so that the next key is not for the button.
export function onClick(id, action) {
  find(id).addEventListener('click', (event) => {
    if (event.detail > 0) find('stage').focus({ preventScroll: true });
    action(event);
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
