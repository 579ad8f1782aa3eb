/** The compressed frames of a DICOM file, found once; see `encapsulated_frames.py`. */

import { startsRle, startsStream } from './codestream';
import type { DicomHeader } from './dicomHeader';
import { ReadError } from '../errors';

/** Position and length of a fragment's content in the file. */
type Fragment = readonly [number, number];

const [ITEM, SEQUENCE_END] = [0xfffee000, 0xfffee0dd];
const RLE = '1.2.840.10008.1.2.5';

export class EncapsulatedFrames {
  private readonly fragments: Fragment[];
  private readonly firsts: number[];
  private readonly bytes: Uint8Array;

  constructor(header: DicomHeader, frames: number) {
    this.bytes = header.bytes;
    const starts = header.syntax === RLE ? startsRle : startsStream;
    const items = listItems(this.bytes, header.pixelData.dataOffset);
    const isFrame = (part: Fragment): boolean => starts(this.take(part));
    const hasTable = !isFrame(items[0]!);
    this.fragments = hasTable ? items.slice(1) : items;
    const offsets = hasTable ? this.readTable(items[0]!) : [];
    this.firsts = this.findFirsts(frames, offsets, isFrame);
  }

  /** The stream of one frame, its fragments joined. */
  read(index: number): Uint8Array {
    const parts = this.fragments.slice(this.firsts[index], this.firsts[index + 1]);
    if (parts.length === 1) return this.take(parts[0]!);
    const stream = new Uint8Array(parts.reduce((sum, [, length]) => sum + length, 0));
    let at = 0;
    for (const part of parts) {
      stream.set(this.take(part), at);
      at += part[1];
    }
    return stream;
  }

  private take([start, length]: Fragment): Uint8Array {
    return this.bytes.subarray(start, start + length);
  }

  /** Where the Basic Offset Table points in the file. */
  private readTable([start, length]: Fragment): number[] {
    const view = new DataView(this.bytes.buffer, this.bytes.byteOffset + start, length);
    const count = Math.floor(length / 4);
    return Array.from({ length: count }, (_, at) => start + length + 8 + view.getUint32(4 * at, true));
  }

  /** Find the first fragment of each frame, and that after the last one. */
  private findFirsts(count: number, offsets: number[], isFrame: (part: Fragment) => boolean): number[] {
    const { fragments } = this;
    if (fragments.length < count) {
      throw new ReadError(`expected ${count} compressed frames, got ${fragments.length} fragments`);
    }
    if (fragments.length === count) return Array.from({ length: count + 1 }, (_, at) => at);
    const starts = fragments.flatMap((part, at) => (isFrame(part) ? [at] : []));
    const places = new Map(fragments.map(([start], at) => [start, at]));
    const stated = offsets.slice(0, count).map((offset) => places.get(offset) ?? -1);
    const isSound =
      stated.length === count &&
      stated[0] === 0 &&
      stated.every((at, number) => number === 0 || at > stated[number - 1]!) &&
      starts.every((at) => at > stated[count - 1]! || stated.includes(at)) &&
      (starts.length < count || stated.every((at) => starts.includes(at)));
    let firsts = stated;
    if (!isSound) {
      if (count === 1) firsts = [0];
      else if (starts.length >= count && starts[0] === 0) firsts = starts.slice(0, count);
      else {
        throw new ReadError(`expected to find ${count} compressed frames, got another number of them`);
      }
    }
    const last = firsts[count - 1]!;
    return [...firsts, starts.find((at) => at > last) ?? fragments.length];
  }
}

/** Walk from item to item. */
function listItems(bytes: Uint8Array, start: number): Fragment[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const readTag = (at: number): number => {
    if (at + 8 > bytes.length) return 0;
    return view.getUint16(at, true) * 0x10000 + view.getUint16(at + 2, true);
  };
  const items: Fragment[] = [];
  let at = start;
  while (readTag(at) === ITEM) {
    const length = view.getUint32(at + 4, true);
    items.push([at + 8, length]);
    at += 8 + length;
    if (at > bytes.length) {
      throw new ReadError('expected whole fragments of compressed frames, got less: the file is cut off');
    }
    // A padding byte that the length does not count.
    if (length % 2 && [ITEM, SEQUENCE_END].includes(readTag(at + 1))) at += 1;
  }
  if (!items.length) {
    throw new ReadError(
      'expected compressed frames to begin with a Basic Offset Table, got something else',
    );
  }
  return items;
}
