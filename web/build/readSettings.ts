/** What the page takes over from the bundle, so that both segment alike. */

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import type { Settings } from '../src/settings';

type Json = Record<string, unknown>;

/** Read `configs/inference.json`, the version and the model's checksum; refuse what is not known. */
export function readSettings(root: string): Settings {
  const read = (path: string): string => readFileSync(resolve(root, path), 'utf8');
  const config = JSON.parse(read('configs/inference.json')) as Json;
  const transforms = [
    ...((config.preprocessing as Json).transforms as Json[]),
    ...((config.postprocessing as Json).transforms as Json[]),
  ];
  const find = (name: string): Json => {
    const found = transforms.find(({ _target_: target }) => String(target).split('.').at(-1) === name);
    if (!found) throw new Error(`expected a transform ${name} in configs/inference.json, got none`);
    return found;
  };
  const number = (holder: unknown, key: string): number => {
    const value = (holder as Json)[key];
    if (typeof value !== 'number') throw new Error(`expected a number as ${key} in configs/inference.json`);
    return value;
  };
  const scale = (key: string): { slope: number; offset: number } => ({
    slope: number(config[key], 'slope'),
    offset: number(config[key], 'offset'),
  });
  ['BlankOutsideRegiond', 'CropToRegiond', 'ResizeSmoothlyd', 'NormalizeIntensityd'].forEach(find);
  ['BlankOutsideSectord', 'LesionProbabilityd', 'BoundaryUncertaintyd', 'JudgeCandidatesd'].forEach(find);
  const points = config.operating_points as Record<string, number>;
  const point = String(config.operating_point);
  if (!(point in points)) throw new Error(`expected ${point} among operating_points`);
  const [height, width] = config.image_size as [number, number];
  return {
    version: /__version__ = "([^"]+)"/.exec(read('pipeline/__init__.py'))?.[1] ?? '',
    model: {
      file: 'model.onnx',
      sha256: read('models/model.onnx.sha256').split(' ')[0]!,
    },
    imageSize: [height, width],
    flip: config.flip === true,
    sigma: number(find('GaussianSmoothd'), 'sigma'),
    sectorMargin: 3,
    threshold: number(config, 'threshold'),
    minLesionPx: number(config, 'min_lesion_px'),
    minLesionShare: number(config, 'min_lesion_share'),
    operatingPoints: points,
    operatingPoint: point,
    malignancyScale: scale('malignancy_scale'),
    presenceScale: scale('presence_scale'),
  };
}
