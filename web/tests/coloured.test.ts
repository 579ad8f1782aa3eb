import { describe, expect, it } from 'vitest';

import type { Box } from '../src/plane';
import { openImage } from '../src/readers/openImage';
import { fillColoured } from '../src/transforms/fillColoured';
import { decodeInNode, differ, readCases, readFile, readMask, readPlane, type Stored } from './fixtures';

interface Case {
  name: string;
  file: string;
  grey: Stored;
  coloured: Stored;
  region: Box;
  filled: Stored;
}

describe('what is drawn in colour', () => {
  for (const { name, file, grey, coloured, region, filled } of readCases<Case>('coloured')) {
    it(`is found and filled as Python does, ${name}`, async () => {
      const found = await (await openImage(readFile('coloured', file), decodeInNode)).read(0);
      expect(differ(found.values, readPlane('coloured', grey).values)).toBeLessThanOrEqual(1);
      expect(found.coloured).toEqual(readMask('coloured', coloured));
      const expected = readPlane('coloured', filled);
      const { plane, share } = fillColoured(found, region);
      expect(differ(plane.values, expected.values)).toBeLessThanOrEqual(1);
      expect(share).toBeGreaterThan(0.05);
      const whole = { ...found, coloured: { ...found.coloured!, values: found.coloured!.values.map(() => 1) } };
      expect(fillColoured(whole, region)).toEqual({ plane: whole, share: 1 });
    });
  }

  it('is nowhere in a grey picture', async () => {
    const { file } = readCases<{ name: string; file: string }>('formats').find(({ name }) => name === 'png-RGB')!;
    const found = await (await openImage(readFile('formats', file), decodeInNode)).read(0);
    expect(found.coloured).toBeNull();
    expect(fillColoured(found, [0, 0, found.rows, found.columns]).plane).toBe(found);
  });
});
