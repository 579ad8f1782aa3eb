/** The header of a DICOM file, parsed by dicom-parser up to the pixel data. */

import dicomParser, { type ByteArrayParser, type DataSet, type Element } from 'dicom-parser';

import { ReadError } from '../errors';
import { inflate } from '../inflate';
import { DEEPEST_SEQUENCE, LARGEST_INFLATED_BYTES, MOST_READS } from '../limits';
import { readText } from './readValues';

const PIXEL_DATA = 'x7fe00010';
const TRANSFER_SYNTAX = 'x00020010';
const PREAMBLE_BYTES = 128;
const DEFLATED = '1.2.840.10008.1.2.1.99';
const [IMPLICIT, EXPLICIT] = ['1.2.840.10008.1.2', '1.2.840.10008.1.2.1'];
const BIG_ENDIAN = '1.2.840.10008.1.2.2';

/** What dicom-parser has and its types lack. */
const parsers = dicomParser as unknown as {
  littleEndianByteArrayParser: ByteArrayParser;
  bigEndianByteArrayParser: ByteArrayParser;
  DataSet: new (parser: ByteArrayParser, bytes: Uint8Array, elements: object) => DataSet;
};

export class DicomHeader {
  private constructor(
    /** The file, inflated if it was deflated. */
    readonly bytes: Uint8Array,
    readonly dataSet: DataSet,
    /** *Transfer Syntax UID* (0002,0010). */
    readonly syntax: string,
  ) {}

  /** Parse a header. */
  static async parse(content: Uint8Array): Promise<DicomHeader> {
    try {
      const { bytes, start, syntax } = await findDataSet(content);
      const dataSet = parseDataSet(bytes, start, syntax);
      checkDepth(dataSet, 0);
      return new DicomHeader(bytes, dataSet, syntax);
    } catch (error) {
      if (error instanceof ReadError) throw error;
      if (error instanceof RangeError) throw refuseDepth();
      throw new ReadError('expected a whole DICOM header, got a damaged one or less of it', {
        cause: error,
      });
    }
  }

  get isBigEndian(): boolean {
    return this.syntax === BIG_ENDIAN;
  }

  /** *Pixel Data* (7FE0,0010): where it begins, and its length as stated. */
  get pixelData(): Element {
    const element = this.dataSet.elements[PIXEL_DATA];
    if (!element) {
      throw new ReadError('expected PixelData (7FE0,0010), got none: the file may be cut off');
    }
    return element;
  }
}

/** Where the data set begins, inflated if it was deflated, and its transfer syntax. */
interface Place {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly syntax: string;
}

async function findDataSet(content: Uint8Array): Promise<Place> {
  const prefix = String.fromCharCode(...content.subarray(PREAMBLE_BYTES, PREAMBLE_BYTES + 4));
  if (prefix !== 'DICM' && content[0] === 0x08) {
    return { bytes: content, start: 0, syntax: isExplicit(content, 0) ? EXPLICIT : IMPLICIT };
  }
  let bytes = content;
  if (prefix !== 'DICM') {
    bytes = new Uint8Array(content.length + PREAMBLE_BYTES + 4);
    bytes.set([0x44, 0x49, 0x43, 0x4d], PREAMBLE_BYTES);
    bytes.set(content, PREAMBLE_BYTES + 4);
  }
  const meta = dicomParser.readPart10Header(bytes) as DataSet & { position: number };
  const { position: start } = meta;
  const syntax = readText(meta, TRANSFER_SYNTAX);
  if (syntax !== DEFLATED) return { bytes, start, syntax };
  const most = LARGEST_INFLATED_BYTES + 1;
  const inflated = await inflate([bytes.subarray(start)], 'deflate-raw', most);
  if (inflated.length === most) {
    const limit = LARGEST_INFLATED_BYTES;
    throw new ReadError(`expected a deflated data set of at most ${limit} bytes, got more`);
  }
  return { bytes: inflated, start: 0, syntax: EXPLICIT };
}

/** Check whether the first element has a representation; some files are not what they say. */
function isExplicit(bytes: Uint8Array, start: number): boolean {
  return /^[A-Z]{2}$/.test(String.fromCharCode(bytes[start + 4] ?? 0, bytes[start + 5] ?? 0));
}

/** Parse up to the pixel data; dicom-parser itself knows no limit. */
function parseDataSet(bytes: Uint8Array, start: number, syntax: string): DataSet {
  const isBig = syntax === BIG_ENDIAN;
  const { littleEndianByteArrayParser: little, bigEndianByteArrayParser: big } = parsers;
  const stream = new dicomParser.ByteStream(isBig ? big : little, bytes, start);
  const read = stream.readUint16.bind(stream);
  let left = MOST_READS;
  stream.readUint16 = () => {
    left -= 1;
    if (left < 0) throw new ReadError('expected a header of fewer elements, got too many');
    return read();
  };
  const dataSet = new parsers.DataSet(stream.byteArrayParser, bytes, {});
  const parse = isBig || isExplicit(bytes, start) ? 'parseDicomDataSetExplicit' : 'parseDicomDataSetImplicit';
  dicomParser[parse](dataSet, stream, bytes.length, { untilTag: PIXEL_DATA });
  return dataSet;
}

function checkDepth(dataSet: DataSet, depth: number): void {
  if (depth > DEEPEST_SEQUENCE) throw refuseDepth();
  for (const element of Object.values(dataSet.elements)) {
    for (const item of element.items ?? []) if (item.dataSet) checkDepth(item.dataSet, depth + 1);
  }
}

function refuseDepth(): ReadError {
  return new ReadError(`expected at most ${DEEPEST_SEQUENCE} sequences in each other, got more`);
}
