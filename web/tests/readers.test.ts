import { describe, expect, it } from 'vitest';

import { ReadError, SkippedError } from '../src/readers/errors';
import { openImage } from '../src/readers/openImage';
import { decodeInNode, differ, readCases, readFile, readPlane, type Stored } from './fixtures';

/** What only a browser decodes, or only the program for the command line. */
const NOT_IN_NODE = /^(?:bmp|jpeg-exif)/;
const NOT_READ = /^(?:tiff|dicom-JPEG-LS|dicom-JPEG-2000)/;

interface Format {
  name: string;
  file: string;
  grey: Stored;
}

describe('every format', () => {
  for (const { name, file, grey } of readCases<Format>('formats')) {
    if (NOT_IN_NODE.test(name)) continue;
    it(`${NOT_READ.test(name) ? 'refuses' : 'reads'} ${name}`, async () => {
      const content = readFile('formats', file);
      const read = async () => (await openImage(content, decodeInNode)).read(0);
      if (NOT_READ.test(name)) {
        await expect(read()).rejects.toThrow(/read here|read in a browser/);
        return;
      }
      const expected = readPlane('formats', grey);
      const found = await read();
      expect([found.rows, found.columns]).toEqual([expected.rows, expected.columns]);
      expect(differ(found.values, expected.values)).toBeLessThanOrEqual(/jpe?g/i.test(name) ? 4 : 0.01);
    });
  }
});

interface Member {
  name: string;
  file: string;
  frames: (Stored | null)[];
  refused: string;
  tolerance: number;
}

describe('DICOM files that depart from the standard', () => {
  const counts = { right: 0, refused: 0 };
  for (const { name, file, frames, refused, tolerance } of readCases<Member>('members')) {
    it(`is right or refuses: ${name}`, async () => {
      const content = readFile('members', file);
      let source;
      try {
        source = await openImage(content, decodeInNode);
        expect(refused === '' || source.frames > 0).toBe(true);
        for (const [number, stored] of frames.entries()) {
          let grey;
          try {
            grey = await source.read(number);
          } catch (error) {
            expect(error).toBeInstanceOf(ReadError);
            continue;
          }
          expect(stored, `frame ${number} is lost`).not.toBeNull();
          const expected = readPlane('members', stored!);
          expect([grey.rows, grey.columns]).toEqual([expected.rows, expected.columns]);
          expect(differ(grey.values, expected.values)).toBeLessThanOrEqual(tolerance + 1);
        }
        counts.right += 1;
      } catch (error) {
        if (!(error instanceof ReadError) && !(error instanceof SkippedError)) throw error;
        counts.refused += 1;
      }
    });
  }
  it('reads most of them', () => {
    console.log(counts);
    expect(counts.right).toBeGreaterThan(250);
  });
});

/** Text and colour profiles are never unfolded here. */
const HARMLESS = ['text-bomb.png', 'profile-bomb.png'];

interface BadFile {
  name: string;
  file: string;
  what: string;
  expected: string;
}

describe('damaged and malicious files', () => {
  for (const { name, file, what, expected } of readCases<BadFile>('bad_files')) {
    it(`${name}: ${what}`, async () => {
      const content = readFile('bad_files', file);
      let became = 'taken';
      try {
        const source = await openImage(content, decodeInNode);
        const grey = await source.read(0);
        expect(grey.values.length).toBe(grey.rows * grey.columns);
      } catch (error) {
        expect(error, String((error as Error).cause ?? error)).toSatisfy(
          (each) => each instanceof ReadError || each instanceof SkippedError,
        );
        const { message } = error as Error;
        expect(message).not.toMatch(/SECRET/);
        expect(message.length).toBeGreaterThan(20);
        became = 'refused';
      }
      if (expected !== 'taken' && !HARMLESS.includes(name)) expect(became).toBe('refused');
    });
  }
});
