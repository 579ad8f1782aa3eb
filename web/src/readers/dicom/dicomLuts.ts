/** Modality LUT, VOI LUT and window of a DICOM file (PS3.3 sections C.11.1 and C.11.2). */

import type { DataSet } from 'dicom-parser';

import { readBytes, readNumber, readNumbers, readText } from './readValues';

const [MODALITY_SEQUENCE, VOI_SEQUENCE] = ['x00283000', 'x00283010'];
const [SLOPE, INTERCEPT, CENTER, WIDTH] = ['x00281053', 'x00281052', 'x00281050', 'x00281051'];
const MOST_ENTRIES = 65536;

interface Lut {
  readonly first: number;
  readonly bits: number;
  readonly entries: number[];
}

/** Displayed value of each stored one, and which of them are black and white. */
export interface DisplayedValues {
  readonly table: Float64Array;
  readonly black: number;
  readonly white: number;
}

/** Whether the file has any of them. */
export function hasLuts(dataSet: DataSet): boolean {
  const { elements } = dataSet;
  return [MODALITY_SEQUENCE, VOI_SEQUENCE, SLOPE, WIDTH].some((tag) => {
    const element = elements[tag];
    return element !== undefined && (element.items ? element.items.length > 0 : element.length > 0);
  });
}

/**
 * Map each stored value; the first of several windows counts.
 *
 * @param smallest of the 2^bits stored values.
 * @throws Error where what the file gives makes no sense.
 */
export function applyLuts(dataSet: DataSet, smallest: number, bits: number): DisplayedValues {
  const stored = Float64Array.from({ length: 2 ** bits }, (_, at) => smallest + at);
  const isSigned = smallest < 0;
  const modalityLut = readLut(dataSet, MODALITY_SEQUENCE, isSigned);
  const slope = readNumber(dataSet, SLOPE, 'DS');
  const intercept = readNumber(dataSet, INTERCEPT, 'DS');
  const rescale = (value: number): number => {
    if (modalityLut) return lookUp(modalityLut, value);
    return slope !== undefined && intercept !== undefined ? value * slope + intercept : value;
  };
  const modality = checkFinite(stored.map(rescale));
  if (modality[0] === modality.at(-1)) throw new Error('expected a Modality LUT with different values');
  const voiLut = readLut(dataSet, VOI_SEQUENCE, modality[0]! < 0);
  if (voiLut) {
    const table = checkFinite(modality.map((value) => lookUp(voiLut, value)));
    return { table, black: 0, white: 2 ** voiLut.bits - 1 };
  }
  if (!dataSet.elements[WIDTH]?.length) {
    const [first, last] = [modality.reduce((a, b) => Math.min(a, b)), modality.reduce((a, b) => Math.max(a, b))];
    return { table: modality, black: first, white: last };
  }
  const [black, white] = modalityLut
    ? [0, 2 ** modalityLut.bits - 1]
    : [modality[0]!, modality.at(-1)!];
  const window = readWindow(dataSet);
  const table = checkFinite(modality.map((value) => applyWindow(value, window, black, white)));
  return { table, black, white };
}

interface Window {
  readonly center: number;
  readonly width: number;
  readonly kind: string;
}

function readWindow(dataSet: DataSet): Window {
  const center = readNumbers(dataSet, CENTER, 'DS')?.[0] ?? NaN;
  const width = readNumbers(dataSet, WIDTH, 'DS')?.[0] ?? NaN;
  const kind = readText(dataSet, 'x00281056').toUpperCase() || 'LINEAR';
  const least = kind === 'LINEAR' ? 1 : 0;
  const isWide = kind === 'LINEAR' ? width >= least : width > least;
  if (!isWide || !['LINEAR', 'LINEAR_EXACT', 'SIGMOID'].includes(kind)) {
    throw new Error('expected a window of some width');
  }
  return { center, width, kind };
}

/** The window functions of PS3.3 section C.11.2.1.2 and C.11.2.1.3. */
function applyWindow(value: number, { center, width, kind }: Window, black: number, white: number): number {
  const range = white - black;
  if (kind === 'SIGMOID') return range / (1 + Math.exp((-4 * (value - center)) / width)) + black;
  const [middle, span] = kind === 'LINEAR' ? [center - 0.5, width - 1] : [center, width];
  if (value <= middle - span / 2) return black;
  if (value > middle + span / 2) return white;
  return ((value - middle) / span + 0.5) * range + black;
}

function readLut(dataSet: DataSet, tag: string, isSigned: boolean): Lut | null {
  const item = dataSet.elements[tag]?.items?.[0]?.dataSet;
  if (!item) return null;
  const descriptor = readNumbers(item, 'x00283002', 'US') ?? [];
  const [count, stated, bits] = descriptor;
  if (descriptor.length !== 3) throw new Error('expected a descriptor of a lookup table');
  const first = isSigned && stated! > 32767 ? stated! - 65536 : stated!;
  const entries = readEntries(item, 'x00283006', count || MOST_ENTRIES);
  return { first, bits: bits!, entries };
}

/** Read entries of 16 bits, or of 8 where there are bytes for no more. */
export function readEntries(dataSet: DataSet, tag: string, count: number): number[] {
  const bytes = readBytes(dataSet, tag);
  if (bytes.length < count) throw new Error('expected a whole lookup table');
  if (bytes.length < 2 * count) return Array.from(bytes.subarray(0, count));
  const parser = dataSet.byteArrayParser;
  const start = dataSet.elements[tag]!.dataOffset;
  return Array.from({ length: count }, (_, at) => parser.readUint16(dataSet.byteArray, start + 2 * at));
}

function lookUp({ first, entries }: Lut, value: number): number {
  const at = Math.min(Math.max(Math.trunc(value) - first, 0), entries.length - 1);
  return entries[at]!;
}

function checkFinite(values: Float64Array): Float64Array {
  if (!values.every(Number.isFinite)) throw new Error('expected finite values of a window or LUT');
  return values;
}
