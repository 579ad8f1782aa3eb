/** Say what a file is by its first bytes; suffixes lie. */

import { ReadError, SkippedError } from './errors';

export type FileType = 'DICOM' | 'PNG' | 'JPEG' | 'WebP' | 'BMP';

const READ = 'DICOM, PNG, JPEG, WebP or BMP file';
/** What is known and not read, by its first bytes in Latin-1. */
const OTHERS: readonly [string, RegExp][] = [
  ['TIFF', /^(?:II\*\0|MM\0\*|II\+\0|MM\0\+)/],
  ['GIF', /^GIF8/],
  ['PDF', /^%PDF/],
  ['JPEG XL', /^(?:\xff\x0a|\0\0\0\x0cJXL )/],
  ['JPEG 2000', /^(?:\xff\x4f\xff\x51|\0\0\0\x0cjP {2})/],
  ['AVIF or HEIF', /^....ftyp(?:avi|hei|mif|hev)/s],
  ['video', /^(?:....ftyp|\x1aE\xdf\xa3|RIFF....AVI )/s],
  ['NRRD', /^NRRD/],
  ['ZIP', /^PK\x03\x04/],
  ['gzip', /^\x1f\x8b/],
];
/** The first element of a file without preamble: its group, a low element, and a VR or a length. */
const BARE_DICOM =
  /^(?:\x02\0[\0-\x03]\0(?:UL|OB|UI)|\x08\0[\0-\x20]\0(?:UL|OB|UI|CS|DA|TM|[\x02-\x80]\0\0\0))/;

/** Find the type of a file. */
export function findFileType(bytes: Uint8Array): FileType {
  if (!bytes.length) throw new ReadError('expected an image, got an empty file');
  const head = String.fromCharCode(...bytes.subarray(0, 352));
  if (head.slice(128, 132) === 'DICM') return 'DICOM';
  if (head.startsWith('\x89PNG\r\n\x1a\n')) return 'PNG';
  if (head.startsWith('\xff\xd8\xff')) return head[3] === '\xf7' ? refuse('JPEG-LS') : 'JPEG';
  if (/^RIFF[\s\S]{4}WEBP/.test(head)) return 'WebP';
  if (/^BM[\s\S]{12}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0/.test(head)) return 'BMP';
  for (const [name, pattern] of OTHERS) if (pattern.test(head)) return refuse(name);
  if (['n+1\0', 'ni1\0'].includes(head.slice(344, 348)) || /^.{4}n[+i]2\0/s.test(head)) {
    return refuse('NIfTI');
  }
  if (BARE_DICOM.test(head)) return 'DICOM';
  throw new SkippedError(`not an image: expected the content of a ${READ}`);
}

function refuse(name: string): never {
  throw new SkippedError(
    `not an image that is read here: expected the content of a ${READ}, got ${name}`,
  );
}
