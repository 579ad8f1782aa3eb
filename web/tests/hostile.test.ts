import { describe, expect, it } from 'vitest';

import { ReadError, SkippedError } from '../src/readers/errors';
import { openImage } from '../src/readers/openImage';
import type { PictureDecoder } from '../src/readers/raster/decodePicture';
import { decodeWholeJpeg } from '../src/readers/raster/decodeWholeJpeg';
import { sumUp } from '../src/readers/raster/pngChunks';
import { decodeInNode, readCases, readFile } from './fixtures';

const MOST_CPU_S = 5;
/** Files of each way of reading, without those that only a browser decodes. */
const KINDS = /^(?:png-(?:L|16|palette)|jpeg-RGB|dicom-(?:MONOCHROME2|RLE|PALETTE_16|YBR_FULL_422_JPEG|deflated|big-endian))$/;
const FILES = readCases<{ name: string; file: string }>('formats').filter(({ name }) => KINDS.test(name));

/** What a file becomes: an image whose values fit its size, or a message, and either soon. */
async function expectSound(content: Uint8Array, what: string): Promise<'image' | 'message'> {
  const before = process.cpuUsage();
  let became: 'image' | 'message' = 'image';
  try {
    const source = await openImage(content, decodeInNode);
    const grey = await source.read(source.frames - 1);
    expect(grey.values.length, what).toBe(grey.rows * grey.columns);
    expect(grey.values.every((value) => value >= 0 && value <= 255), what).toBe(true);
    await source.findRegions(grey);
  } catch (error) {
    const { message, cause } = error as Error;
    expect(error, `${what}: ${message} ${String(cause)}`).toSatisfy(
      (each) => each instanceof ReadError || each instanceof SkippedError,
    );
    expect(message.length, what).toBeGreaterThan(20);
    became = 'message';
  }
  const { user, system } = process.cpuUsage(before);
  expect((user + system) / 1e6, what).toBeLessThan(MOST_CPU_S);
  return became;
}

describe('a file that is cut', () => {
  for (const { name, file } of FILES) {
    it(`gives an image or a message, ${name}`, async () => {
      const whole = readFile('formats', file);
      for (let part = 0; part < 24; part += 1) {
        await expectSound(whole.slice(0, Math.floor((whole.length * part) / 24)), `${name} ${part}/24`);
      }
    });
  }
});

describe('a file with other bytes', () => {
  for (const { name, file } of FILES) {
    it(`gives an image or a message, ${name}`, async () => {
      const whole = readFile('formats', file);
      let state = 1;
      const draw = (most: number): number => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return Math.floor((state / 2 ** 32) * most);
      };
      for (let number = 0; number < 60; number += 1) {
        const changed = whole.slice();
        // Lengths and sizes are near the start.
        const reach = number % 2 ? whole.length : Math.min(whole.length, 2000);
        for (let count = draw(3) + 1; count > 0; count -= 1) {
          changed[draw(reach)] = [0, 0xff, 0x7f, draw(256)][draw(4)]!;
        }
        await expectSound(changed, `${name} ${number}`);
      }
    });
  }
});

describe('a PNG that claims another size', () => {
  const whole = readFile('formats', FILES.find(({ name }) => name === 'png-L')!.file);
  for (const size of [0, 1, 2 ** 12, 2 ** 15, 2 ** 31 - 1, 2 ** 32 - 1]) {
    it(`is refused or read, ${size}`, async () => {
      for (const place of [[16], [20], [16, 20]]) {
        const changed = whole.slice();
        const view = new DataView(changed.buffer);
        for (const at of place) view.setUint32(at, size);
        view.setUint32(29, sumUp(changed.subarray(12, 29)));
        // Rows that are fewer than those in it may be read, as by Python.
        const became = await expectSound(changed, `${size} at ${place}`);
        if (size !== 1) expect(became).toBe('message');
      }
    });
  }
});

describe('a PNG without its palette', () => {
  it('is refused, as its pixels would be taken for grey', async () => {
    const whole = readFile('formats', FILES.find(({ name }) => name === 'png-palette')!.file);
    const at = Buffer.from(whole).indexOf('PLTE') - 4;
    const length = new DataView(whole.buffer).getUint32(at) + 12;
    const changed = new Uint8Array([...whole.subarray(0, at), ...whole.subarray(at + length)]);
    expect(await expectSound(changed, 'no palette')).toBe('message');
  });
});

describe('a DICOM file that claims other numbers', () => {
  const whole = readFile('formats', FILES.find(({ name }) => name === 'dicom-MONOCHROME2')!.file);
  /** Element of two bytes, by its group, number and VR. */
  const find = (...bytes: number[]): number => {
    const at = whole.findIndex((_, start) => bytes.every((byte, offset) => whole[start + offset] === byte));
    expect(at).toBeGreaterThan(0);
    return at;
  };
  const shorts = { Rows: 0x10, Columns: 0x11, BitsAllocated: 0x100, BitsStored: 0x101, SamplesPerPixel: 0x02 };
  for (const [keyword, element] of Object.entries(shorts)) {
    it(`is refused or read, ${keyword}`, async () => {
      const at = find(0x28, 0, element & 0xff, element >> 8, 0x55, 0x53, 2, 0) + 8;
      for (const value of [0, 1, 3, 7, 0x7fff, 0xffff]) {
        const changed = whole.slice();
        new DataView(changed.buffer).setUint16(at, value, true);
        await expectSound(changed, `${keyword} ${value}`);
      }
    });
  }
  it('is refused or read, length of Pixel Data', async () => {
    const at = find(0xe0, 0x7f, 0x10, 0) + 8;
    const right = new DataView(whole.buffer).getUint32(at, true);
    for (const value of [0, 1, right - 2, right + 2, 2 * right, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 2, 2 ** 32 - 1]) {
      const changed = whole.slice();
      new DataView(changed.buffer).setUint32(at, value, true);
      await expectSound(changed, `length ${value}`);
    }
  });
});

describe('a JPEG whose end of image comes before its last pixels', () => {
  const stream = Uint8Array.of(0xff, 0xd8, 0xff, 0xda, 1, 2, 3, 0xff, 0xd9);
  /** 16 x 24 px of missing grey, which more data would change. */
  const fillUp = (isOpen: boolean): PictureDecoder => async (parts) => {
    const rgba = new Uint8Array(4 * 16 * 24).fill(128);
    if (isOpen && Buffer.concat(parts).length > stream.length) rgba[4] = 90;
    return { rows: 16, columns: 24, rgba };
  };

  it('is refused', async () => {
    await expect(decodeWholeJpeg([stream], fillUp(true))).rejects.toThrow(/end too early/);
  });

  it('is taken where these pixels are grey', async () => {
    expect((await decodeWholeJpeg([stream], fillUp(false))).rows).toBe(16);
  });
});
