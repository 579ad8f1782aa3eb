/** Connected components. */

import type { Mask } from '../plane';

export interface Components {
  /** (H, W), 0 where the mask is 0, else the number of the component from 1, row by row. */
  readonly labels: Int32Array;
  /** Pixels of each component; that of 0 is 0. */
  readonly areas: number[];
}

/**
 * Label the components of a mask, as `skimage.measure.label` does.
 *
 * @param mask where it is not 0, neighbours of the same value are connected.
 * @param connectivity 1 for the 4 neighbours of a pixel, 2 for all 8.
 */
export function labelComponents(
  mask: { rows: number; columns: number; values: ArrayLike<number> },
  connectivity: 1 | 2,
): Components {
  const { rows, columns, values } = mask;
  const labels = new Int32Array(rows * columns);
  const areas = [0];
  const stack: number[] = [];
  for (let start = 0; start < labels.length; start += 1) {
    if (!values[start] || labels[start]) continue;
    const value = values[start];
    const number = areas.length;
    let area = 0;
    labels[start] = number;
    stack.push(start);
    while (stack.length) {
      const at = stack.pop()!;
      area += 1;
      const row = Math.floor(at / columns);
      const column = at - row * columns;
      for (let down = -1; down <= 1; down += 1) {
        for (let across = -1; across <= 1; across += 1) {
          if (connectivity === 1 && down && across) continue;
          const [nextRow, nextColumn] = [row + down, column + across];
          if (nextRow < 0 || nextRow >= rows || nextColumn < 0 || nextColumn >= columns) continue;
          const next = nextRow * columns + nextColumn;
          if (labels[next] || values[next] !== value) continue;
          labels[next] = number;
          stack.push(next);
        }
      }
    }
    areas.push(area);
  }
  return { labels, areas };
}

/** Take one component as a mask of its own. */
export function takeComponent(components: Components, mask: Mask, number: number): Mask {
  const values = new Uint8Array(components.labels.length);
  for (let at = 0; at < values.length; at += 1) {
    values[at] = Number(components.labels[at] === number);
  }
  return { rows: mask.rows, columns: mask.columns, values };
}
