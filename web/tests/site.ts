/** The built page, served by `breast-us-seg web`, in a headless Chromium. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

import { type Browser, chromium, type Page } from 'playwright-core';

import type { SegmentedFrame } from '../src/worker/protocol';

const ROOT = resolve(import.meta.dirname, '../..');
const PYTHON = process.env.PYTHON ?? resolve(ROOT, '.venv/bin/python');
const PROGRAMS = ['chromium', 'chromium-browser', 'google-chrome'].map((name) => `/usr/bin/${name}`);
/** No network of the browser's own, which would be mistaken for that of the page. */
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'];

/** The result of an image, as the test needs it. */
export type Found = Omit<SegmentedFrame, 'probability'>;

export class Site {
  private constructor(
    readonly url: string,
    private readonly server: ChildProcess,
    readonly browser: Browser,
  ) {}

  static async start(): Promise<Site> {
    const program = PROGRAMS.find(existsSync);
    if (!program) throw new Error(`expected a Chromium at ${PROGRAMS.join(' or ')}, found none`);
    const command = ['-m', 'pipeline.cli.main', 'web', '--port', '0', '--bundle-root', ROOT];
    const server = spawn(PYTHON, command, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(server.stdout, 'data')) as [Buffer];
    const url = /http:\S+/.exec(line.toString())![0];
    return new Site(url, server, await chromium.launch({ executablePath: program, args: FLAGS }));
  }

  async stop(): Promise<void> {
    await this.browser.close();
    this.stopServer();
  }

  stopServer(): void {
    this.server.kill('SIGINT');
  }
}

/** Add files, and wait until all are done. */
export async function segment(page: Page, files: readonly string[]): Promise<void> {
  await page.setInputFiles('#picker', [...files]);
  await waitUntilDone(page);
}

export async function waitUntilDone(page: Page): Promise<void> {
  await page.waitForFunction(() => document.querySelector<HTMLElement>('#app')!.dataset.state === 'done', null, {
    timeout: 240_000,
  });
}

/** What was found in each image; null where there is no result. */
export async function readResults(page: Page): Promise<(Found | null)[]> {
  const results = await page.evaluate(() => {
    const { results } = (globalThis as unknown as { breastUs: { results: (SegmentedFrame | null)[] } }).breastUs;
    const decoder = new TextDecoder('latin1');
    return results.map((result) => {
      if (!result) return null;
      // Texts are handed over in a small part of the time that arrays take.
      const { probability: _, mask, levels, ...rest } = result;
      return { ...rest, mask: decoder.decode(mask), levels: btoa(levels.reduce((text, level) => text + String.fromCharCode(level), '')) };
    });
  });
  return results.map((result) => {
    if (!result) return null;
    const mask = Uint8Array.from(Buffer.from(result.mask, 'latin1'));
    return { ...result, mask, levels: Uint8Array.from(Buffer.from(result.levels, 'base64')) };
  });
}

export function readStates(page: Page): Promise<{ status: string; reason: string }[]> {
  return page.evaluate(
    () => (globalThis as unknown as { breastUs: { states: { status: string; reason: string }[] } }).breastUs.states,
  );
}
