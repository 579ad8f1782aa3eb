/** Ultrasound DICOM: its frames, and the B-mode images in them; see `dicom_source.py`. */

import type { DataSet } from 'dicom-parser';

import type { Plane } from '../../plane';
import type { CalibratedRegion } from '../region/calibratedRegion';
import { findCalibratedRegions, type Geometry, remarkScales } from '../region/calibration';
import { decodeRle } from './decodeRle';
import type { PictureDecoder } from '../raster/decodePicture';
import { checkClass } from './dicomClasses';
import { DicomGrey } from './dicomGrey';
import { DicomHeader } from './dicomHeader';
import { EncapsulatedFrames } from './encapsulatedFrames';
import { ReadError } from '../errors';
import type { RegionItem } from '../region/headerRegions';
import type { GreyImage, ImageSource } from '../imageSource';
import { decodeJpegFrame } from './jpegFrame';
import { MOST_REGIONS } from '../limits';
import { NativeFrames } from './nativeFrames';
import { type PixelDescription, readPixelDescription } from './pixelDescription';
import { readNumber, readNumbers } from './readValues';

const ROOT = '1.2.840.10008.1.2';
const NATIVE = ['', '.1', '.1.99', '.2'].map((end) => ROOT + end);
const RLE = `${ROOT}.5`;
const JPEG = [`${ROOT}.4.50`, `${ROOT}.4.51`];
/** What the program for the command line reads and a browser does not, by the end of the UID. */
const OTHER_SYNTAXES: readonly [RegExp, string][] = [
  [/^\.4\.(?:57|70)$/, 'JPEG Lossless'],
  [/^\.4\.8[01]$/, 'JPEG-LS'],
  [/^\.4\.9[0-3]$/, 'JPEG 2000'],
  [/^\.4\.20[1-3]$/, 'High-Throughput JPEG 2000'],
  [/^\.4\.11[0-2]$/, 'JPEG XL'],
  [/^\.4\.10[0-8](?:\.1)?$/, 'video'],
];

export class DicomSource implements ImageSource {
  readonly format = 'DICOM';
  readonly mayNamePatient = true;
  private readonly geometry: Geometry;
  private readonly grey: DicomGrey;
  private regions: CalibratedRegion[] | null = null;

  private constructor(
    private readonly header: DicomHeader,
    private readonly pixels: PixelDescription,
    private readonly stored: NativeFrames | EncapsulatedFrames,
    private readonly decode: PictureDecoder,
  ) {
    this.geometry = readGeometry(header.dataSet);
    this.grey = new DicomGrey(header.dataSet, pixels);
  }

  /** Open a file. */
  static async open(content: Uint8Array, decode: PictureDecoder): Promise<DicomSource> {
    const header = await DicomHeader.parse(content);
    const { dataSet, syntax } = header;
    checkClass(dataSet);
    const isEncapsulated = header.pixelData.length === 0xffffffff;
    checkSyntax(syntax, isEncapsulated);
    const pixels = readPixelDescription(dataSet);
    const stored = isEncapsulated
      ? new EncapsulatedFrames(header, pixels.frames)
      : new NativeFrames(header, pixels);
    return new DicomSource(header, pixels, stored, decode);
  }

  get frames(): number {
    return this.pixels.frames;
  }

  get remarks(): string[] {
    return remarkScales(this.geometry, this.pixels.rows, this.pixels.columns);
  }

  async read(index: number): Promise<GreyImage> {
    const { stored, pixels } = this;
    if (stored instanceof NativeFrames) return this.grey.read(stored.read(index));
    const stream = stored.read(index);
    if (this.header.syntax === RLE) return this.grey.read(decodeRle(stream, pixels));
    return this.grey.read(await decodeJpegFrame(stream, pixels, this.decode));
  }

  /** All frames of a cine have the regions of their middle one, or they would jump. */
  async findRegions(grey: Plane): Promise<CalibratedRegion[]> {
    if (!this.regions) {
      const reference = this.frames === 1 ? grey : await this.readMidst();
      this.regions = findCalibratedRegions(this.geometry, reference);
    }
    return this.regions;
  }

  private async readMidst(): Promise<Plane> {
    const numbers = spread(this.frames);
    for (const index of numbers.slice(0, -1)) {
      try {
        return await this.read(index);
      } catch (error) {
        if (!(error instanceof ReadError)) throw error;
      }
    }
    return this.read(numbers.at(-1)!);
  }
}

/** List all numbers below `count`, the middle first, then those of each half, and so on. */
function spread(count: number): number[] {
  const numbers: number[] = [];
  const parts: [number, number][] = [[0, count]];
  for (const [first, end] of parts) {
    if (first >= end) continue;
    const middle = Math.floor((first + end) / 2);
    numbers.push(middle);
    parts.push([first, middle], [middle + 1, end]);
  }
  return numbers;
}

function checkSyntax(syntax: string, isEncapsulated: boolean): void {
  const isNative = NATIVE.includes(syntax);
  if (!isNative && syntax !== RLE && !JPEG.includes(syntax)) {
    const end = syntax.startsWith(ROOT) ? syntax.slice(ROOT.length) : syntax;
    const name = OTHER_SYNTAXES.find(([pattern]) => pattern.test(end))?.[1];
    if (name) {
      throw new ReadError(`${name} is not read in a browser: the command line reads it, or save it as PNG`);
    }
    throw new ReadError('unsupported transfer syntax: of no standard that is read here');
  }
  if (isNative === isEncapsulated) {
    const [wanted, got] = isNative ? ['plain', 'encapsulated'] : ['encapsulated', 'plain'];
    throw new ReadError(`expected ${wanted} pixel data as of its transfer syntax, got ${got} ones`);
  }
}

function readGeometry(dataSet: DataSet): Geometry {
  const items = dataSet.elements['x00186011']?.items ?? [];
  const regions = items.slice(0, MOST_REGIONS + 1).map(({ dataSet: item }) => (item ? readItem(item) : {}));
  const pixelSpacing = readNumbers(dataSet, 'x00280030', 'DS');
  return { items: regions, ...(pixelSpacing && { pixelSpacing }) };
}

function readItem(item: DataSet): RegionItem {
  const corners = ['x0018601a', 'x00186018', 'x0018601e', 'x0018601c'].map((tag) => readNumber(item, tag, 'UL'));
  const isWhole = corners.every((corner) => corner !== undefined && Number.isFinite(corner));
  const numbers = {
    spatialFormat: readNumber(item, 'x00186012', 'US'),
    dataType: readNumber(item, 'x00186014', 'US'),
    unitsX: readNumber(item, 'x00186024', 'US'),
    unitsY: readNumber(item, 'x00186026', 'US'),
    deltaX: readNumber(item, 'x0018602c', 'FD'),
    deltaY: readNumber(item, 'x0018602e', 'FD'),
  };
  const stated = Object.entries(numbers).filter(([, value]) => value !== undefined);
  return {
    ...Object.fromEntries(stated),
    ...(isWhole && { corners: corners as unknown as [number, number, number, number] }),
  };
}
