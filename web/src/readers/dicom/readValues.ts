/** Values of DICOM elements, by the representation that the file gives, or by that of the standard. */

import type { DataSet } from 'dicom-parser';

type NumericVr = 'US' | 'SS' | 'UL' | 'SL' | 'FL' | 'FD';

const BYTES: Record<NumericVr, number> = { US: 2, SS: 2, UL: 4, SL: 4, FL: 4, FD: 8 };

/** Read all numbers of an element; undefined if it is absent, empty or text that is no number. */
export function readNumbers(
  dataSet: DataSet,
  tag: string,
  standard: NumericVr | 'DS' | 'IS',
): number[] | undefined {
  const element = dataSet.elements[tag];
  if (!element?.length) return undefined;
  const vr = (element.vr ?? standard) as NumericVr;
  const size = BYTES[vr];
  if (!size) {
    const text = dataSet.string(tag) ?? '';
    return text.split('\\').map((part) => (part.trim() ? Number(part) : NaN));
  }
  const count = Math.floor(element.length / size);
  const parser = dataSet.byteArrayParser;
  return Array.from({ length: count }, (_, at) => {
    const place = element.dataOffset + at * size;
    switch (vr) {
      case 'US':
        return parser.readUint16(dataSet.byteArray, place);
      case 'SS':
        return parser.readInt16(dataSet.byteArray, place);
      case 'UL':
        return parser.readUint32(dataSet.byteArray, place);
      case 'SL':
        return parser.readInt32(dataSet.byteArray, place);
      case 'FL':
        return parser.readFloat(dataSet.byteArray, place);
      default:
        return parser.readDouble(dataSet.byteArray, place);
    }
  });
}

/** Read the first number; some writers repeat it for every sample. */
export function readNumber(
  dataSet: DataSet,
  tag: string,
  standard: NumericVr | 'DS' | 'IS',
): number | undefined {
  return readNumbers(dataSet, tag, standard)?.[0];
}

/** Read text without what pads it; empty if absent. */
export function readText(dataSet: DataSet, tag: string): string {
  return (dataSet.string(tag) ?? '').replace(/\0+$/, '').trim();
}

/** The bytes of a value; empty if absent or beyond the file. */
export function readBytes(dataSet: DataSet, tag: string): Uint8Array {
  const element = dataSet.elements[tag];
  if (!element) return new Uint8Array();
  const { dataOffset, length } = element;
  return (dataSet.byteArray as Uint8Array).subarray(dataOffset, dataOffset + length);
}
