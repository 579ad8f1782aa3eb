/** Whether the echo in a picture ends where a box says that it does. */

import type { Box } from '../../plane';

/** Grey levels (H, W), 0 to 255. */
export interface Levels {
  readonly rows: number;
  readonly columns: number;
  readonly values: Uint8Array;
}

/** Lines of pixels seen from one side: `at(line, place)`. */
interface View {
  readonly lines: number;
  readonly length: number;
  at(line: number, place: number): number;
}

const TOLERANCE_PX = 3;
const STRIP_PX = 12;
const BLUR_PX = 8;
const [BEGIN_SHARE, FLAT_SHARE] = [0.5, 0.25];
const [ECHO_SHARE, LEAST_ECHO, CROSSING_SHARE] = [0.3, 0.2, 0.5];
const LEAST_CONTRAST = 0.5;

/** Check whether the echo begins at the first row of a box, and ends at its last. */
export function fillsRows(grey: Levels, box: Box): boolean {
  const view = lookDown(grey, box[1], box[3]);
  return beginsAt(view, box[0]) && beginsAt(turn(view), grey.rows - box[2]);
}

/** Check whether the echo begins at the first column of a box, and ends at its last. */
export function fillsColumns(grey: Levels, box: Box): boolean {
  const view = lookAcross(grey, box[0], box[2]);
  return beginsAt(view, box[1]) && beginsAt(turn(view), grey.columns - box[3]);
}

/** Check whether the echo goes on where the box ends, so that it is of another scale. */
export function reachesBeyond(grey: Levels, box: Box): boolean {
  const [top, left, bottom, right] = box;
  const down = lookDown(grey, left, right);
  const across = lookAcross(grey, top, bottom);
  const isLarger = crosses(down, bottom) && crosses(across, right);
  return (
    isLarger ||
    (crosses(turn(down), grey.rows - top) && crosses(turn(across), grey.columns - left))
  );
}

function lookDown({ rows, columns, values }: Levels, left: number, right: number): View {
  const [first, last] = [Math.max(left, 0), Math.min(right, columns)];
  return {
    lines: rows,
    length: Math.max(last - first, 0),
    at: (line, place) => values[line * columns + first + place]!,
  };
}

function lookAcross({ rows, columns, values }: Levels, top: number, bottom: number): View {
  const [first, last] = [Math.max(top, 0), Math.min(bottom, rows)];
  return {
    lines: columns,
    length: Math.max(last - first, 0),
    at: (line, place) => values[(first + place) * columns + line]!,
  };
}

function turn(view: View): View {
  const last = view.lines - 1;
  return { ...view, at: (line, place) => view.at(last - line, place) };
}

/** Check whether a pixel of a line differs from that of the next one. */
function differs(view: View, line: number, place: number): number {
  return Math.abs(view.at(line + 1, place) - view.at(line, place));
}

function beginsAt(view: View, first: number): boolean {
  const before = Math.max(0, first - 1 - TOLERANCE_PX);
  const last = Math.min(first + TOLERANCE_PX, view.lines - 1);
  let beginning = 0;
  for (let place = 0; place < view.length; place += 1) {
    for (let line = before; line < last; line += 1) {
      if (differs(view, line, place) >= 1) {
        beginning += 1;
        break;
      }
    }
  }
  // Written so that no pixel at all is no edge.
  if (!(beginning / view.length >= BEGIN_SHARE)) return false;
  const start = Math.max(0, before - STRIP_PX);
  if (start >= before) return true;
  let textured = 0;
  for (let line = start; line < before; line += 1) {
    for (let place = 0; place < view.length; place += 1) {
      textured += Number(differs(view, line, place) >= 1);
    }
  }
  return textured / ((before - start) * view.length) < FLAT_SHARE;
}

/** Check whether texture goes on after the line `end - 1` as before it. */
function crosses(view: View, end: number): boolean {
  if (end < STRIP_PX || end + BLUR_PX + STRIP_PX > view.lines) return false;
  const strips = [end - STRIP_PX, end + BLUR_PX].map((start) => {
    const isEcho = new Uint8Array(view.length);
    let sum = 0;
    for (let place = 0; place < view.length; place += 1) {
      let textured = 0;
      for (let line = start; line < start + STRIP_PX - 1; line += 1) {
        const difference = differs(view, line, place);
        sum += difference;
        textured += Number(difference >= 1);
      }
      isEcho[place] = Number(textured / (STRIP_PX - 1) >= ECHO_SHARE);
    }
    return { isEcho, sum };
  });
  const [inside, outside] = [strips[0]!, strips[1]!];
  let crossing = 0;
  let echo = 0;
  for (let place = 0; place < view.length; place += 1) {
    crossing += inside.isEcho[place]! & outside.isEcho[place]!;
    echo += inside.isEcho[place]!;
  }
  const isAlike = outside.sum >= LEAST_CONTRAST * inside.sum;
  const least = Math.max(LEAST_ECHO, (CROSSING_SHARE * echo) / view.length);
  return isAlike && crossing / view.length >= least;
}
