import { describe, expect, it } from 'vitest';

import type { CalibratedRegion } from '../src/readers/region/calibratedRegion';
import { findFieldOfView } from '../src/readers/region/fieldOfView';
import { openImage } from '../src/readers/openImage';
import { decodeInNode, readCases, readFile, readMask, type Stored } from './fixtures';

describe('the field of view', () => {
  readCases<{ grey: Stored; box: number[] | null }>('fields').forEach(({ grey, box }, number) => {
    it(`is where Python finds it, ${number}`, () => {
      expect(findFieldOfView(readMask('fields', grey))).toEqual(box);
    });
  });
});

describe('regions and calibration', () => {
  interface Case {
    file: string;
    regions: CalibratedRegion[];
    remarks: string[];
  }
  for (const { file, regions, remarks } of readCases<Case>('calibrations')) {
    it(`are what Python believes, ${file}`, async () => {
      const source = await openImage(readFile('calibrations', file), decodeInNode);
      const found = await source.findRegions(await source.read(0));
      expect(found).toEqual(regions);
      expect(source.remarks).toEqual(remarks);
    });
  }
});
