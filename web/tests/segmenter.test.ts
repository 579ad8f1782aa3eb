import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { settings } from 'virtual:settings';
import { beforeAll, describe, expect, it } from 'vitest';

import { judgeFrame } from '../src/frameResult';
import { loadNetwork, type Network } from '../src/inferers/network';
import type { Plane } from '../src/plane';
import { openImage } from '../src/readers/openImage';
import type { CalibratedRegion } from '../src/readers/region/calibratedRegion';
import { Segmenter } from '../src/segmenter';
import { blankOutsideSector, findOutside } from '../src/transforms/blankOutsideSector';
import { fillHoles } from '../src/transforms/fillHoles';
import { gaussianSmooth } from '../src/transforms/gaussianSmooth';
import { lesionProbability } from '../src/transforms/lesionProbability';
import { boundaryUncertainty } from '../src/transforms/boundaryUncertainty';
import { relativeThreshold } from '../src/transforms/relativeThreshold';
import { removeSmallObjects } from '../src/transforms/removeSmallObjects';
import { enlarge } from '../src/transforms/resizeSmoothly';
import { expectSame } from './expectSame';
import { decodeInNode, differ, differShare, readCases, readFile, readMask, readPlane, readPlanes, type Stored } from './fixtures';

interface Step extends Record<string, unknown> {
  input: Stored;
  logits: Stored;
  lesionProbability: number;
  boundaryUncertainty: number;
}

interface Case {
  file: string;
  frame: number;
  /** Where the steps are. */
  grey: Stored | null;
  regions: CalibratedRegion[];
  steps: Step[];
  results: { threshold: number; mask: Stored; lesions: object[]; suppressed: object[]; lesionProbability: number; quality: string[] }[];
}

const CASES = readCases<Case>('stages');
const read = (stored: unknown): Plane[] => readPlanes('stages', stored as Stored);
const noNetwork: Network = () => Promise.reject(new Error('expected no call of the network'));

describe('each step', () => {
  const segmenter = new Segmenter(noNetwork, settings);
  for (const { file, grey, regions, steps } of CASES) {
    steps.forEach((step, number) => {
      const region = regions[number]!;
      it(`gives what Python gives, ${file} ${number}`, () => {
        const frame = readPlane('stages', grey!);
        const input = read(step.input)[0]!;
        expect(differ(segmenter.prepare(frame, region).values, input.values)).toBeLessThan(1e-4);

        const maps = read(step.Activationsd);
        blankOutsideSector(maps, findOutside(input));
        read(step.BlankOutsideSectord).forEach(({ values }, at) => expect(differ(maps[at]!.values, values)).toBe(0));
        expect(lesionProbability(maps[0]!)).toBeCloseTo(
          readCasesProbability(step), 6);
        const smooth = maps.map((map) => gaussianSmooth(map, settings.sigma));
        read(step.GaussianSmoothd).forEach(({ values }, at) =>
          expect(differ(smooth[at]!.values, values)).toBeLessThan(1e-6),
        );
        const [top, left, bottom, right] = region.box;
        const large = enlarge(read(step.GaussianSmoothd)[0]!, bottom - top, right - left);
        const whole = read(step.SplitJudgementsd)[0]!;
        const inside = whole.values.filter((_, at) => {
          const column = at % whole.columns;
          const row = Math.floor(at / whole.columns);
          return row >= top && row < bottom && column >= left && column < right;
        });
        expect(differ(large.values, inside)).toBeLessThan(1e-5);
        expect(boundaryUncertainty(whole)).toBeCloseTo(step.boundaryUncertainty, 5);

        const cut = relativeThreshold(whole, settings.threshold, readCasesProbability(step));
        expect(differ(cut.values, readMask('stages', step.RelativeThresholdd as Stored).values)).toBe(0);
        expect(fillHoles(cut).values.length).toBe(removeSmallObjects(cut, settings.minLesionPx).values.length);
      });

      it(`joins them as Python does, ${file} ${number}`, () => {
        const frame = readPlane('stages', grey!);
        const part = segmenter.finish(read(step.logits), read(step.input)[0]!, frame, region);
        expect(differShare(part.mask, readMask('stages', step.WithinMaskd as Stored))).toBeLessThanOrEqual(1e-5);
        expect(part.candidates.probability).toBeCloseTo(step.lesionProbability, 5);
      });
    });
  }
});

/** The image's probability before its candidates were judged. */
function readCasesProbability(step: Step): number {
  return lesionProbability(read(step.BlankOutsideSectord)[0]!);
}

describe('a whole image', () => {
  let segmenter: Segmenter;
  beforeAll(async () => {
    const model = readFileSync(resolve(import.meta.dirname, '../../models', settings.model.file));
    const network = await loadNetwork(new Uint8Array(model), { flip: settings.flip, threads: 1 });
    segmenter = new Segmenter(network, settings);
  });

  for (const { file, frame, regions, results } of CASES) {
    it(`becomes what it becomes in Python, ${file} ${frame}`, async () => {
      const source = await openImage(readFile('stages', file), decodeInNode);
      const grey = await source.read(frame);
      const found = await source.findRegions(grey);
      expect(found).toEqual(regions);
      const parts = await segmenter.segment(grey, found);
      for (const { threshold, mask, lesions, suppressed, lesionProbability: probability, quality } of results) {
        const result = judgeFrame(parts, threshold, settings);
        expect(differShare(result.mask, readMask('stages', mask))).toBeLessThanOrEqual(0.001);
        expect(Math.abs(result.lesionProbability - probability)).toBeLessThanOrEqual(0.001);
        expect(result.quality).toEqual(quality);
        // Node decodes JPEG otherwise than browsers, which have a test of their own.
        const tolerance = file === 'still-3.dcm' ? 0.05 : 0.001;
        for (const [found, expected] of [[result.lesions, lesions], [result.suppressed, suppressed]] as const) {
          expect(found.length).toBe(expected.length);
          found.forEach((lesion, at) => expectSame(lesion, expected[at], tolerance));
        }
      }
    });
  }
});
