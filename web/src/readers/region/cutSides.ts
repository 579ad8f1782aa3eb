/** Text, ticks and grey scales that hang on a side of the field of view are cut off. */

import type { Box } from '../../plane';
import { BlockImage } from './blockImage';
import type { Levels } from './fieldEdges';

export interface Layers {
  /** Share of the pixels of a block with any texture. */
  readonly faint: BlockImage;
  /** The same of strong texture. */
  readonly strong: BlockImage;
  /** 1 in the middle of tissue. */
  readonly isSeed: BlockImage;
}

/** Pixels of the part that is looked at, beyond the picture as at its border. */
interface Pixels {
  readonly columns: number;
  at(row: number, column: number): number;
}

const [NEAR_BLOCKS, FAR_BLOCKS] = [2, 5];
/** As float32, like the means. */
const [INSIDE, NEAR, FAR] = [Math.fround(0.4), Math.fround(0.15), 0.25];
const [EDGE_SHARE, CLEAR_SHARE] = [0.5, 0.6];
const CROSSING_BLOCKS = 4;
const FLAT_SHARE = 0.02;
const DENSE_SHARE = Math.fround(0.6);
/** The right side comes up after a quarter turn to the left, then the lower one, then the left. */
const SIDES = [0, 3, 2, 1, 0, 3, 2, 1];

/** Box of the body in blocks, less what hangs on its sides. */
export function cutSides(
  layers: Layers,
  grey: Levels,
  isBody: BlockImage,
  looseArea: number,
  block: number,
): Box {
  const box = findBox(isBody);
  const [top, left, bottom, right] = box as unknown as Box;
  let view = mapLayers(layers, (layer) => layer.slice(top, left, bottom, right));
  let pixels: Pixels = {
    columns: (right - left) * block,
    at: (row, column) => {
      const [y, x] = [row + top * block, column + left * block];
      return grey.values[Math.min(y, grey.rows - 1) * grey.columns + Math.min(x, grey.columns - 1)]!;
    },
  };
  let kept = 0;
  for (const side of SIDES) {
    const count = countLooseLines(view, pixels, looseArea, block);
    kept = count ? 0 : kept + 1;
    if (kept === box.length) break; // no side would be cut in the second round either
    box[side]! += side < 2 ? count : -count;
    const { rows, columns } = view.faint;
    const [before, width] = [pixels, columns * block];
    view = mapLayers(view, (layer) => layer.slice(count, 0, rows, columns).turnLeft());
    pixels = {
      columns: (rows - count) * block,
      at: (row, column) => before.at(column + count * block, width - 1 - row),
    };
  }
  return box as unknown as Box;
}

function findBox(isBody: BlockImage): number[] {
  const box = [isBody.rows, isBody.columns, 0, 0];
  isBody.values.forEach((value, at) => {
    if (!value) return;
    const [row, column] = [Math.floor(at / isBody.columns), at % isBody.columns];
    box[0] = Math.min(box[0]!, row);
    box[1] = Math.min(box[1]!, column);
    box[2] = Math.max(box[2]!, row + 1);
    box[3] = Math.max(box[3]!, column + 1);
  });
  return box;
}

function mapLayers(layers: Layers, change: (layer: BlockImage) => BlockImage): Layers {
  return {
    faint: change(layers.faint),
    strong: change(layers.strong),
    isSeed: change(layers.isSeed),
  };
}

/** Count the lines of blocks above the clearest straight edge that no echo crosses. */
function countLooseLines(layers: Layers, pixels: Pixels, looseArea: number, block: number): number {
  const { rows, columns } = layers.faint;
  const half = Math.floor((rows - 1) / 2);
  const lines = Math.min(half + 1 + FAR_BLOCKS, rows);
  const take = (layer: BlockImage): BlockImage => layer.slice(0, 0, lines, columns);
  const { faint, strong, isSeed } = mapLayers(layers, take);
  const inside = meanNext(faint, FAR_BLOCKS);
  const near = flip(meanNext(flip(strong), NEAR_BLOCKS));
  const far = flip(meanNext(flip(faint), FAR_BLOCKS));
  const [faintSums, seedSums] = [faint, isSeed].map((layer) =>
    Array.from({ length: lines }, (_, line) => sumLine(layer, line)),
  ) as [number[], number[]];
  let [best, bestEdge] = [0, 0];
  let [most, seeds] = [0, 0];
  for (let line = 0; line < lines - 1; line += 1) {
    most = Math.max(most, Math.fround(faintSums[line]! / columns));
    seeds += seedSums[line]!;
    if (line >= half) break;
    let [edges, insides] = [0, 0];
    let isCrossed = false;
    const crossing: boolean[] = [];
    for (let column = 0; column < columns; column += 1) {
      const isInside = inside.values[(line + 1) * columns + column]! > INSIDE;
      const isNear = near.values[line * columns + column]! < NEAR;
      const isFar = line < NEAR_BLOCKS || far.values[(line - NEAR_BLOCKS) * columns + column]! < FAR;
      insides += Number(isInside);
      edges += Number(isInside && isNear && isFar);
      crossing.push(isInside && !isNear);
    }
    // As a filter of the least of four would, which reflects the line at its ends.
    for (let column = 0; column < columns && !isCrossed; column += 1) {
      let run = 0;
      for (let step = -CROSSING_BLOCKS / 2; step < CROSSING_BLOCKS / 2; step += 1) {
        let at = column + step;
        if (at < 0) at = -1 - at;
        if (at >= columns) at = 2 * columns - 1 - at;
        run += Number(crossing[at] ?? false);
      }
      isCrossed = run === CROSSING_BLOCKS;
    }
    const edge = edges / columns;
    let isEdge = edge >= EDGE_SHARE && edge >= (CLEAR_SHARE * insides) / columns;
    isEdge &&= most < DENSE_SHARE && seeds < looseArea;
    if (isEdge && isCrossed) isEdge = hasFlatLine(pixels, line * block, 2 * block);
    // The last of equals, as some blocks before an edge see enough of what is inside it.
    if (isEdge && edge >= bestEdge) [best, bestEdge] = [line + 1, edge];
  }
  return best;
}

/** What is next to the field but for one flat line of pixels is text, and no echo. */
function hasFlatLine(pixels: Pixels, first: number, count: number): boolean {
  for (let row = first; row < first + count; row += 1) {
    let changes = 0;
    for (let column = 1; column < pixels.columns; column += 1) {
      changes += Number(pixels.at(row, column) !== pixels.at(row, column - 1));
    }
    if (changes <= FLAT_SHARE * pixels.columns) return true;
  }
  return false;
}

function sumLine(image: BlockImage, line: number): number {
  let sum = 0;
  for (let at = line * image.columns; at < (line + 1) * image.columns; at += 1) {
    sum += image.values[at]!;
  }
  return sum;
}

function flip(image: BlockImage): BlockImage {
  const { rows, columns } = image;
  const flipped = new BlockImage(rows, columns);
  for (let row = 0; row < rows; row += 1) {
    const line = image.values.subarray(row * columns, (row + 1) * columns);
    flipped.values.set(line, (rows - 1 - row) * columns);
  }
  return flipped;
}

/** Mean of each line and the next ones, `count` in all or as many as there are. */
function meanNext(image: BlockImage, count: number): BlockImage {
  const { rows, columns } = image;
  return image.map((_, at) => {
    const row = Math.floor(at / columns);
    const last = Math.min(row + count, rows);
    let sum = 0;
    for (let line = row; line < last; line += 1) {
      sum += image.values[line * columns + (at % columns)]!;
    }
    return sum / (last - row);
  });
}
