// Masks as 8-bit grey PNG files, lesion 255 and the rest 0. A canvas is no way there: it writes
// colours, and some browsers disturb what is read from it to keep people from being recognised.
import { Mask } from './mask.js';

const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];
const GREY_8_BIT = [8, 0, 0, 0, 0];
const DAMAGED = 'the mask is a damaged PNG';

export async function encodeMask({ width, height, pixels }) {
  const rows = new Uint8Array(height * (width + 1));
  for (let y = 0; y < height; y += 1) {
    const row = pixels.subarray(y * width, (y + 1) * width);
    rows.set(row.map((value) => value * 255), y * (width + 1) + 1);
  }
  const header = new Uint8Array(13);
  new DataView(header.buffer).setUint32(0, width);
  new DataView(header.buffer).setUint32(4, height);
  header.set(GREY_8_BIT, 8);
  const parts = [
    new Uint8Array(SIGNATURE),
    makeChunk('IHDR', header),
    makeChunk('IDAT', await convert(rows, new CompressionStream('deflate'))),
    makeChunk('IEND', new Uint8Array()),
  ];
  return new Blob(parts, { type: 'image/png' });
}

export async function decodeMask(buffer) {
  const bytes = new Uint8Array(buffer);
  if (!SIGNATURE.every((value, at) => bytes[at] === value)) throw new Error('expected a mask as PNG, got something else');
  const chunks = readChunks(bytes);
  const header = chunks.find(({ type }) => type === 'IHDR')?.data;
  if (header?.length !== 13) throw new Error(DAMAGED);
  const [width, height] = [0, 4].map((at) => new DataView(header.buffer, header.byteOffset).getUint32(at));
  if (!GREY_8_BIT.every((value, at) => header[8 + at] === value)) throw new Error('expected a mask with 8 bits of grey, got another kind of PNG');
  const packed = new Blob(chunks.filter(({ type }) => type === 'IDAT').map(({ data }) => data));
  const rows = await convert(await packed.arrayBuffer(), new DecompressionStream('deflate'))
    .catch((error) => { throw new Error(DAMAGED, { cause: error }); });
  if (rows.length !== height * (width + 1)) throw new Error(DAMAGED);
  return new Mask(width, height, readPixels(unfilter(rows, width, height)));
}

function readPixels(values) {
  const other = values.find((value) => value !== 0 && value !== 255);
  if (other !== undefined) throw new Error(`expected a mask of 0 and 255, got ${other}`);
  return values.map((value) => value & 1);
}

// Undo the five filters of PNG (RFC 2083, section 6) for one byte a pixel.
function unfilter(rows, width, height) {
  const values = new Uint8Array(width * height);
  for (let y = 0; y < height; y += 1) {
    const kind = rows[y * (width + 1)];
    for (let x = 0; x < width; x += 1) {
      const at = y * width + x;
      const left = x ? values[at - 1] : 0;
      const above = y ? values[at - width] : 0;
      const corner = x && y ? values[at - width - 1] : 0;
      const guess = [0, left, above, (left + above) >> 1, pickNearest(left, above, corner)][kind];
      values[at] = rows[y * (width + 1) + 1 + x] + guess;
    }
  }
  return values;
}

function pickNearest(left, above, corner) {
  const distances = [left, above, corner].map((value) => Math.abs(left + above - corner - value));
  return [left, above, corner][distances.indexOf(Math.min(...distances))];
}

async function convert(bytes, stream) {
  const converted = new Blob([bytes]).stream().pipeThrough(stream);
  return new Uint8Array(await new Response(converted).arrayBuffer());
}

function readChunks(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const chunks = [];
  for (let at = 8; at + 12 <= bytes.length;) {
    const length = view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    chunks.push({ type, data: bytes.subarray(at + 8, at + 8 + length) });
    at += 12 + length;
  }
  return chunks;
}

function makeChunk(type, data) {
  const chunk = new Uint8Array(12 + data.length);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, data.length);
  chunk.set([...type].map((letter) => letter.charCodeAt(0)), 4);
  chunk.set(data, 8);
  view.setUint32(8 + data.length, sumUp(chunk.subarray(4, 8 + data.length)));
  return chunk;
}

// CRC-32 as PNG has it.
function sumUp(bytes) {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit += 1) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
  }
  return ~sum >>> 0;
}
