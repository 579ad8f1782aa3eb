/** Where in a picture the B-mode field is, as its pixels show it; see `field_of_view.py`. */

import type { Box } from '../../plane';
import { labelComponents } from '../../transforms/labelComponents';
import { cutSides } from './cutSides';
import type { Levels } from './fieldEdges';
import { BlockImage, close, open } from './blockImage';

const LEAST_SIDE_PX = 64;
const BLOCKS = 192;
const [FAINT, STRONG] = [1, 8];
const NO_GROUND = 12;
/** As float32, like the shares. */
const [SEED_SHARE, BODY_SHARE] = [0.5, Math.fround(0.2)];
const [GAP_WIDTH, SEED_WIDTH, BODY_WIDTH] = [5, 9, 3];
const [IMAGE_PART, LOOSE_PART] = [0.25, 0.1];
const BEGIN_SHARE = 0.1;
const [STRAIGHT_PX, STRAIGHT_SHARE] = [4, 0.5];
const SNAP_PX = 3;
const LEAST_AREA = 0.15;

/** Whether a pixel of a line differs from that of the next line, seen from one side. */
interface Begins {
  readonly lines: number;
  readonly length: number;
  at(line: number, place: number): boolean;
}

/**
 * Find the field of view of a B-mode image among the text and marks of a console.
 *
 * @returns null for the whole picture, if no field was found, or nothing around it.
 */
export function findFieldOfView(grey: Levels): Box | null {
  const { rows, columns, values } = grey;
  if (Math.min(rows, columns) < LEAST_SIDE_PX) return null;
  const block = Math.ceil(Math.max(rows, columns) / BLOCKS);
  const faint = countTexture(grey, FAINT, block);
  const strong = countTexture(grey, STRONG, block);
  const isSeed = open(close(faint.map((share) => Number(share >= SEED_SHARE)), GAP_WIDTH), SEED_WIDTH);
  if (!isSeed.values.some(Boolean)) return null;
  const seeds = labelComponents(isSeed, 1);
  const largest = Math.max(...seeds.areas);
  const isField = isSeed.map((_, at) => {
    const number = seeds.labels[at]!;
    return Number(number > 0 && seeds.areas[number]! >= IMAGE_PART * largest);
  });
  const isBody = growBody(faint, grey, isField, block);
  const blocks = cutSides({ faint, strong, isSeed }, grey, isBody, LOOSE_PART * largest, block);
  const [top, left, bottom, right] = [
    Math.min(blocks[0] * block, rows),
    Math.min(blocks[1] * block, columns),
    Math.min(blocks[2] * block, rows),
    Math.min(blocks[3] * block, columns),
  ];
  const down: Begins = {
    lines: rows - 1,
    length: right - left,
    at: (line, place) =>
      values[line * columns + left + place] !== values[(line + 1) * columns + left + place],
  };
  const across: Begins = {
    lines: columns - 1,
    length: bottom - top,
    at: (line, place) =>
      values[(top + place) * columns + line] !== values[(top + place) * columns + line + 1],
  };
  const box: Box = [
    findEdge(down, top, block),
    findEdge(across, left, block),
    rows - findEdge(turn(down), rows - bottom, block, true),
    columns - findEdge(turn(across), columns - right, block),
  ];
  const share = ((box[2] - box[0]) * (box[3] - box[1])) / values.length;
  return share >= LEAST_AREA && share < 1 ? box : null;
}

/** Share of the pixels of each block that differ from their lower or right neighbour. */
function countTexture({ rows, columns, values }: Levels, least: number, block: number): BlockImage {
  const [height, width] = [Math.ceil(rows / block), Math.ceil(columns / block)];
  const sums = new BlockImage(height, width);
  const isTextured = (row: number, column: number): boolean => {
    const at = row * columns + column;
    const isDown = row < rows - 1 && Math.abs(values[at]! - values[at + columns]!) >= least;
    return isDown || (column < columns - 1 && Math.abs(values[at]! - values[at + 1]!) >= least);
  };
  // Beyond the picture it goes on as at its border.
  for (let row = 0; row < height * block; row += 1) {
    for (let column = 0; column < width * block; column += 1) {
      if (isTextured(Math.min(row, rows - 1), Math.min(column, columns - 1))) {
        sums.values[Math.floor(row / block) * width + Math.floor(column / block)]! += 1;
      }
    }
  }
  return sums.map((sum) => sum / block ** 2);
}

/** Find the blocks of faint texture, or brighter or darker than the ground, at the seeds. */
function growBody(faint: BlockImage, grey: Levels, isField: BlockImage, block: number): BlockImage {
  const levels = faint.map((_, at) => {
    const row = Math.floor(at / faint.columns) * block;
    return grey.values[row * grey.columns + (at % faint.columns) * block]!;
  });
  const counts = new Array<number>(256).fill(0);
  let ground = 0;
  levels.values.forEach((level, at) => {
    if (faint.values[at] === 0 && !isField.values[at]) {
      counts[level]! += 1;
      ground += 1;
    }
  });
  const most = counts.indexOf(Math.max(...counts));
  const isFound = faint.map((share, at) =>
    Number(share >= BODY_SHARE || (ground > 0 && Math.abs(levels.values[at]! - most) > NO_GROUND)),
  );
  const closed = open(close(isFound, GAP_WIDTH), BODY_WIDTH);
  const isBody = closed.map((value, at) => Number(value > 0 || isField.values[at]! > 0));
  const parts = labelComponents(isBody, 1);
  const kept = new Set<number>();
  isField.values.forEach((value, at) => value && kept.add(parts.labels[at]!));
  return isBody.map((_, at) => Number(kept.has(parts.labels[at]!)));
}

function turn(begins: Begins): Begins {
  const last = begins.lines - 1;
  return { ...begins, at: (line, place) => begins.at(last - line, place) };
}

/** Find the first line of pixels of the field, from outside; 0 is the border of the picture. */
function findEdge(begins: Begins, near: number, block: number, mayFade = false): number {
  const start = Math.max(0, near - 2 * block);
  const end = Math.min(near + 2 * block, begins.lines);
  const shares: number[] = [];
  for (let line = 0; line < end; line += 1) {
    let count = 0;
    for (let place = 0; place < begins.length; place += 1) count += Number(begins.at(line, place));
    shares.push(count / begins.length);
  }
  const found: number[] = [];
  for (let line = start; line < end; line += 1) if (shares[line]! >= BEGIN_SHARE) found.push(line);
  let first = found[0] ?? near;
  while (first > 0 && shares[first - 1]! >= BEGIN_SHARE) first -= 1;
  // What is before a flat line and a straight edge is text.
  const afterFlat = found.filter((line) => line > first && shares[line - 1] === 0);
  const straight = [first, ...afterFlat].filter((line) => isStraight(begins, line));
  const slanted = mayFade ? 0 : Math.min(first + 1, near) - 2 * block;
  const edge = straight.length ? straight[0]! + 1 : slanted;
  return edge > SNAP_PX ? edge : 0;
}

function isStraight(begins: Begins, line: number): boolean {
  let count = 0;
  const end = Math.min(line + STRAIGHT_PX, begins.lines);
  for (let place = 0; place < begins.length; place += 1) {
    for (let each = line; each < end; each += 1) {
      if (begins.at(each, place)) {
        count += 1;
        break;
      }
    }
  }
  return count / begins.length >= STRAIGHT_SHARE;
}
