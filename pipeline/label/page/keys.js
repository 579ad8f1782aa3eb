// Which key does what; what is typed into a field stays there.
import { find } from './dom.js';

const OF_SLIDERS = ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'Home', 'End', 'PageUp', 'PageDown'];
const REPEATED = new Set(['[', ']', '+', '=', '-', 'ArrowUp', 'ArrowDown', 'Backspace', 'z', 'y']);

export function bindKeys({ actions, commands, cursor, tools, setBare }) {
  document.addEventListener('keydown', (event) => {
    const isAltGraph = event.getModifierState('AltGraph');
    if (document.querySelector('dialog[open]') || isTyped(event) || (event.altKey && !isAltGraph)) return;
    const isCommand = (event.ctrlKey || event.metaKey) && !isAltGraph;
    if (isCommand) {
      runAction(event, commands[`${event.shiftKey ? 'Shift+' : ''}${event.key.toLowerCase()}`]);
    } else if (cursor.press(event)) {
      event.preventDefault();
    } else if (event.key === ' ' && !event.target.closest('button, select, summary, [role="option"], [type="checkbox"]')) {
      tools.isSpaceHeld = true;
      find('stage').dataset.cursor = 'movable';
      event.preventDefault();
    } else if (event.key.toLowerCase() === 'h') {
      setBare(true);
    } else if (event.key !== 'Enter' || !event.target.closest('button, [role="option"]')) {
      runAction(event, actions[event.key] ?? actions[event.key.toLowerCase()]);
    }
  });
  document.addEventListener('keyup', (event) => {
    if (event.key === ' ') releaseSpace();
    if (event.key.toLowerCase() === 'h') setBare(false);
  });
  window.addEventListener('blur', () => {
    releaseSpace();
    setBare(false);
  });

  function releaseSpace() {
    tools.isSpaceHeld = false;
    delete find('stage').dataset.cursor;
  }
}

function runAction(event, action) {
  if (!action) return;
  event.preventDefault();
  if (!event.repeat || REPEATED.has(event.key.toLowerCase()) || REPEATED.has(event.key)) action(event);
}

function isTyped(event) {
  const { target, key } = event;
  if (target.matches('input[type="search"], input[type="number"], select')) {
    if (key === 'Escape') target.blur();
    return true;
  }
  return target.matches('input[type="range"]') && OF_SLIDERS.includes(key);
}
