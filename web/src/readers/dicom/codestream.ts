/** What a compressed frame says of itself, before any decoder believes it. */

import { ReadError } from '../errors';

export interface JpegHeader {
  /** Marker of its kind, SOF0 to SOF15. */
  readonly frame: number;
  readonly bits: number;
  readonly rows: number;
  readonly columns: number;
  readonly components: number;
  /** What three components are, null if it does not say. */
  readonly isYbr: boolean | null;
  /** The stream without application data, up to its first scan, and all from there on. */
  readonly segments: readonly Uint8Array[];
}

const START_OF_SCAN = 0xda;
const [JFIF, ADOBE, COMMENT] = [0xe0, 0xee, 0xfe];
const NOT_FRAMES = [0xc4, 0xc8, 0xcc];
const RLE_BYTES = 64;

/**
 * Read the segments of a JPEG before its first scan (ISO 10918-1, annex B; Adobe's note 5116).
 *
 * @returns null if it is no JPEG of cosines, or ends before.
 */
export function readJpegHeader(stream: Uint8Array): JpegHeader | null {
  if (stream[0] !== 0xff || stream[1] !== 0xd8) return null;
  const segments: Uint8Array[] = [];
  let frame: Uint8Array | null = null;
  let [isYbr, hasJfif]: [boolean | null, boolean] = [null, false];
  let at = 2;
  while (at + 4 <= stream.length && stream[at] === 0xff && stream[at + 1] !== START_OF_SCAN) {
    const marker = stream[at + 1]!;
    if (marker === 0xff) {
      at += 1; // a fill byte
      continue;
    }
    const end = at + 2 + readNumber(stream, at + 2);
    const segment = stream.subarray(at, end);
    const name = String.fromCharCode(...segment.subarray(4, 9));
    if (!(marker >= 0xe0 && marker <= 0xef) && marker !== COMMENT) segments.push(segment);
    if (marker >= 0xc0 && marker <= 0xcf && !NOT_FRAMES.includes(marker)) frame = segment;
    else if (marker === JFIF && name.startsWith('JFIF')) hasJfif = true;
    else if (marker === ADOBE && name === 'Adobe') isYbr = segment[15] !== 0;
    at = end;
  }
  if (!frame || frame.length < 10) return null;
  segments.push(stream.subarray(at));
  const count = frame[9]!;
  const components = Array.from({ length: count }, (_, part) => frame.subarray(10 + 3 * part, 13 + 3 * part));
  const names = String.fromCharCode(...components.map((component) => component[0] ?? 0));
  if (/^rgb$/i.test(names)) isYbr = false;
  else if (hasJfif) isYbr = true;
  else if (isYbr === null && new Set(components.map((component) => component[1])).size > 1) {
    isYbr = true; // nobody thins out the samples of R, G or B
  }
  return {
    frame: frame[1]!,
    bits: frame[4]!,
    rows: readNumber(frame, 5),
    columns: readNumber(frame, 7),
    components: count,
    isYbr,
    segments,
  };
}

/** Check whether a JPEG stream, or one of its kin, begins; none has this inside. */
export function startsStream(head: Uint8Array): boolean {
  const isJpeg = head[0] === 0xff && head[1] === 0xd8 && head[2] === 0xff;
  return isJpeg || (head[0] === 0xff && head[1] === 0x4f && head[2] === 0xff && head[3] === 0x51);
}

/** Check whether these are the number and the offsets of the segments of a frame in RLE. */
export function startsRle(head: Uint8Array): boolean {
  if (head.length < RLE_BYTES) return false;
  const [count, ...offsets] = readRleHeader(head);
  if (!(count! >= 1 && count! <= offsets.length && offsets[0] === RLE_BYTES)) return false;
  const used = offsets.slice(0, count);
  const isRising = used.every((offset, at) => at === 0 || offset > used[at - 1]!);
  return isRising && offsets.slice(count).every((offset) => offset === 0);
}

/**
 * Find the segments of a frame in RLE (PS3.5 section G.5).
 *
 * @param count bytes of a pixel; each has its own segment.
 */
export function splitRle(stream: Uint8Array, count: number): Uint8Array[] {
  if (stream.length < RLE_BYTES) throw new ReadError('expected a frame of RLE, got less than its header');
  const header = readRleHeader(stream);
  if (header[0] !== count) {
    throw new ReadError(`expected ${count} segments in a frame of RLE, got another number`);
  }
  const bounds = [...header.slice(1, 1 + count), stream.length];
  if (bounds[0] !== RLE_BYTES || bounds.some((end, at) => at > 0 && end <= bounds[at - 1]!)) {
    throw new ReadError('expected consecutive segments in a frame of RLE, got other offsets');
  }
  return bounds.slice(0, -1).map((start, at) => stream.subarray(start, bounds[at + 1]));
}

function readRleHeader(stream: Uint8Array): number[] {
  const view = new DataView(stream.buffer, stream.byteOffset, RLE_BYTES);
  return Array.from({ length: RLE_BYTES / 4 }, (_, at) => view.getUint32(4 * at, true));
}

function readNumber(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}
