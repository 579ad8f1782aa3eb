/** Small images with a value for each block of pixels, and what is done to them. */

export class BlockImage {
  readonly values: Float32Array;

  constructor(
    readonly rows: number,
    readonly columns: number,
    values?: Float32Array,
  ) {
    this.values = values ?? new Float32Array(rows * columns);
  }

  map(change: (value: number, at: number) => number): BlockImage {
    return new BlockImage(this.rows, this.columns, this.values.map(change));
  }

  /** Copy what lies between rows and columns, the last ones not included. */
  slice(top: number, left: number, bottom: number, right: number): BlockImage {
    const part = new BlockImage(bottom - top, right - left);
    for (let row = top; row < bottom; row += 1) {
      const line = this.values.subarray(row * this.columns + left, row * this.columns + right);
      part.values.set(line, (row - top) * part.columns);
    }
    return part;
  }

  /** Turn to the left by a quarter, as `numpy.rot90`. */
  turnLeft(): BlockImage {
    const turned = new BlockImage(this.columns, this.rows);
    for (let row = 0; row < this.rows; row += 1) {
      for (let column = 0; column < this.columns; column += 1) {
        const to = (this.columns - 1 - column) * this.rows + row;
        turned.values[to] = this.values[row * this.columns + column]!;
      }
    }
    return turned;
  }
}

/** Close gaps of a mask that are narrower than `width`. */
export function close(mask: BlockImage, width: number): BlockImage {
  return filterTwice(mask, width, true);
}

/** Clear what is narrower than `width`. */
export function open(mask: BlockImage, width: number): BlockImage {
  return filterTwice(mask, width, false);
}

/** Filter by a square of odd width, first by its most or least; beyond the picture it goes on as at its border. */
function filterTwice(mask: BlockImage, width: number, byMost: boolean): BlockImage {
  const padded = new BlockImage(mask.rows + 2 * width, mask.columns + 2 * width);
  for (let row = 0; row < padded.rows; row += 1) {
    const from = Math.min(Math.max(row - width, 0), mask.rows - 1) * mask.columns;
    for (let column = 0; column < padded.columns; column += 1) {
      const at = Math.min(Math.max(column - width, 0), mask.columns - 1);
      padded.values[row * padded.columns + column] = mask.values[from + at]!;
    }
  }
  const filtered = filterSquare(filterSquare(padded, width, byMost), width, !byMost);
  return filtered.slice(width, width, width + mask.rows, width + mask.columns);
}

function filterSquare(image: BlockImage, width: number, byMost: boolean): BlockImage {
  return filterLines(filterLines(image, width, byMost).turnLeft(), width, byMost)
    .turnLeft()
    .turnLeft()
    .turnLeft();
}

function filterLines(image: BlockImage, width: number, byMost: boolean): BlockImage {
  const reach = (width - 1) / 2;
  const { rows, columns, values } = image;
  const filtered = new BlockImage(rows, columns);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const end = Math.min(column + reach, columns - 1);
      let at = Math.max(column - reach, 0);
      let best = values[row * columns + at]!;
      for (at += 1; at <= end; at += 1) {
        const value = values[row * columns + at]!;
        if (value > best === byMost && value !== best) best = value;
      }
      filtered.values[row * columns + column] = best;
    }
  }
  return filtered;
}
