import { describe, expect, it } from 'vitest';

import { judgeQuality } from '../src/lesions/judgeQuality';
import { findLesions } from '../src/lesions/lesion';
import { PlattScale } from '../src/lesions/plattScale';
import type { CalibratedRegion } from '../src/readers/region/calibratedRegion';
import { expectSame } from './expectSame';
import { readCases, readMask, readPlane, type Stored } from './fixtures';

interface Case {
  mask: Stored;
  maps: [Stored, Stored, Stored];
  image: Stored;
  doubt: number;
  scale: { slope: number; offset: number };
  regions: CalibratedRegion[];
  lesions: object[];
  quality: string[];
}

describe('lesions', () => {
  readCases<Case>('shapes').forEach((each, number) => {
    const { regions } = each;
    const mask = readMask('shapes', each.mask);
    it(`are measured as by Python, ${number}`, () => {
      const [probability, presence, malignancy] = each.maps.map((map) => readPlane('shapes', map));
      const lesions = findLesions(
        mask,
        {
          probability: probability!,
          presence: presence!,
          malignancy: malignancy!,
          malignancyScale: new PlattScale(each.scale.slope, each.scale.offset),
        },
        regions,
      );
      expect(lesions.length).toBe(each.lesions.length);
      lesions.forEach((lesion, at) => expectSame(lesion, each.lesions[at]!, 1e-6));
    });
    it(`are judged as by Python, ${number}`, () => {
      const image = readPlane('shapes', each.image);
      expect(judgeQuality(image, mask, regions, each.doubt)).toEqual(each.quality);
    });
  });
});
