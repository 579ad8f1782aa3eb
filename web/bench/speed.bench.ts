/** Times of the page on two cores, by `npm run bench`; the machine should do nothing else. */

import { resolve } from 'node:path';

import type { CDPSession, Page } from 'playwright-core';
import { afterAll, beforeAll, it } from 'vitest';

import { Site } from '../tests/site';

const CORES = 2;
const PATIENCE_MS = 300_000;
const REPEATS = Number(process.env.REPEATS ?? 7);
const EXAMPLE = resolve(import.meta.dirname, '../public/example.dcm');
const STAGES = resolve(import.meta.dirname, '../tests/fixtures/stages');
const FURTHER = ['still-0.png', 'still-3.png', 'still-5.png', 'still-0.dcm', 'still-3.dcm'].map((name) => resolve(STAGES, name));

/** Seconds by the clock, and those that all threads of the page have computed. */
interface Times {
  readonly clock: number;
  readonly computed: number;
}

let site: Site;

beforeAll(async () => {
  site = await Site.start();
});

afterAll(() => site?.stop());

it('is measured', { timeout: 3_600_000 }, async () => {
  const browser = await site.browser.newBrowserCDPSession();
  const [opening, further]: [Times[], Times[]] = [[], []];
  for (let repeat = 0; repeat < REPEATS; repeat += 1) {
    const context = await site.browser.newContext();
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    const session = await context.newCDPSession(page);
    await session.send('Emulation.setHardwareConcurrencyOverride', { hardwareConcurrency: CORES });
    opening.push(
      await measure(browser, async () => {
        await page.goto(site.url, { waitUntil: 'commit' });
        await page.waitForSelector('.welcome');
        await segment(page, EXAMPLE, 1);
      }),
    );
    await page.evaluate(() => navigator.serviceWorker.ready);
    for (const [number, file] of FURTHER.entries()) {
      further.push(await measure(browser, () => segment(page, file, number + 2)));
    }
    await context.close();
  }
  console.log(`${REPEATS} times, ${CORES} threads; median (least to most)`);
  console.log(`from opening to the first outline: ${describe(opening)}`);
  console.log(`each further image: ${describe(further)}`);
});

async function segment(page: Page, file: string, count: number): Promise<void> {
  await page.setInputFiles('#picker', file);
  await page.waitForFunction(
    (wanted) =>
      (globalThis as unknown as { breastUs: { results: unknown[] } }).breastUs.results.filter(Boolean).length === wanted,
    count,
    { polling: 'raf' },
  );
}

async function measure(browser: CDPSession, action: () => Promise<void>): Promise<Times> {
  const [start, computed] = [performance.now(), await readComputed(browser)];
  await action();
  return { clock: (performance.now() - start) / 1000, computed: (await readComputed(browser)) - computed };
}

async function readComputed(browser: CDPSession): Promise<number> {
  const { processInfo } = await browser.send('SystemInfo.getProcessInfo');
  const pages = processInfo.filter(({ type }) => type === 'renderer');
  return pages.reduce((sum, { cpuTime }) => sum + cpuTime, 0);
}

function describe(times: readonly Times[]): string {
  const describe = (values: number[]): string => {
    const sorted = values.sort((first, second) => first - second);
    const [least, median, most] = [sorted[0]!, sorted[Math.floor(sorted.length / 2)]!, sorted.at(-1)!];
    return `${median.toFixed(2)} s (${least.toFixed(2)} to ${most.toFixed(2)})`;
  };
  return `${describe(times.map(({ clock }) => clock))} by the clock, ${describe(times.map(({ computed }) => computed))} of all threads`;
}
