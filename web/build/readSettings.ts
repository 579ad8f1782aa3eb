/** What the page takes over from the bundle, so that both segment alike. */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import type { Settings } from '../src/settings';

type Json = Record<string, unknown>;

/** The transforms that `src/segmenter.ts` does too, in this order. */
const TRANSFORMS = [
  ['LoadImaged', 'BlankOutsideRegiond', 'FillColouredd', 'ShrinkLarged', 'CropToRegiond', 'ResizeSmoothlyd'],
  ['NormalizeIntensityd'],
  ['Activationsd', 'BlankOutsideSectord', 'LesionProbabilityd', 'GaussianSmoothd', 'Invertd', 'BlankOutsideRegiond'],
  ['EnsureTyped', 'SplitJudgementsd', 'BoundaryUncertaintyd', 'RelativeThresholdd', 'WithinMaskd', 'FillHolesd'],
  ['RemoveSmallObjectsd', 'KeepMajorLesionsd', 'JudgeCandidatesd', 'KeepTargetd'],
].flat();
/** What the page does not do otherwise. */
const FIXED: Json = { find_field: true, target: 'lesion' };

/** Read `configs/inference.json`, the version and the model's checksum; refuse what the page does not do. */
export function readSettings(root: string): Settings {
  const read = (path: string): string => readFileSync(resolve(root, path), 'utf8');
  const config = JSON.parse(read('configs/inference.json')) as Json;
  const transforms = [config.preprocessing, config.postprocessing].flatMap(listTransforms);
  expectSame('transforms', transforms.map(nameOf), TRANSFORMS);
  for (const [key, value] of Object.entries(FIXED)) expectSame(key, config[key], value);
  const find = (name: string): Json => transforms.find((each) => nameOf(each) === name)!;
  expectSame('margin of BlankOutsideSectord', find('BlankOutsideSectord').margin, undefined);
  const number = (holder: unknown, key: string): number => {
    const value = (holder as Json)[key];
    if (typeof value !== 'number') throw new Error(`expected a number as ${key} in configs/inference.json`);
    return value;
  };
  const scale = (key: string): { slope: number; offset: number } => ({
    slope: number(config[key], 'slope'),
    offset: number(config[key], 'offset'),
  });
  const points = config.operating_points as Record<string, number>;
  const point = String(config.operating_point);
  if (!(point in points)) throw new Error(`expected ${point} among operating_points`);
  const [height, width] = config.image_size as [number, number];
  return {
    version: /__version__ = "([^"]+)"/.exec(read('pipeline/__init__.py'))?.[1] ?? '',
    model: {
      file: 'model.onnx',
      sha256: createHash('sha256').update(readFileSync(resolve(root, 'models/model.onnx'))).digest('hex'),
    },
    imageSize: [height, width],
    flip: config.flip === true,
    sigma: number(find('GaussianSmoothd'), 'sigma'),
    threshold: number(config, 'threshold'),
    minLesionPx: number(config, 'min_lesion_px'),
    minLesionShare: number(config, 'min_lesion_share'),
    operatingPoints: points,
    operatingPoint: point,
    malignancyScale: scale('malignancy_scale'),
    presenceScale: scale('presence_scale'),
  };
}

/** List the transforms of a composition, and after each those within it. */
function listTransforms(composition: unknown): Json[] {
  const { transforms } = composition as { transforms: Json[] };
  return transforms.flatMap((each) => [each, ...('transforms' in each ? listTransforms(each) : [])]);
}

function nameOf({ _target_: target }: Json): string {
  return String(target).split('.').at(-1)!;
}

function expectSame(what: string, found: unknown, expected: unknown): void {
  const [got, wanted] = [found, expected].map((each) => JSON.stringify(each));
  if (got === wanted) return;
  throw new Error(`expected ${wanted} as ${what} in configs/inference.json, got ${got}: change web/src to match`);
}
