/** The page: which images there are, which is shown, and what was found in it. */

import { settings } from 'virtual:settings';

import type { SegmentedFrame } from '../worker/protocol';
import { CineBar } from './cineBar';
import { find, make } from './dom';
import { Engine, type EngineState, Refusal } from './engine';
import { ImageEntry } from './imageEntry';
import { ImageRail } from './imageRail';
import { OperatingPoint } from './operatingPoint';
import { paintThumbnail } from './paint';
import { ResultPanel } from './resultPanel';
import { makeJsonFile, makeMaskFile, makePicture, save } from './save';
import { Stage } from './stage';

export class App {
  private readonly entries: ImageEntry[] = [];
  private selected: ImageEntry | null = null;
  private isNamed = false;
  private readonly engineNote = make('p', { class: 'engine-note' }, 'Loading the network …');
  private readonly engine = new Engine((state, reason) => this.tellEngine(state, reason));
  private readonly point = new OperatingPoint(settings, () => this.judgeAgain());
  private readonly cine = new CineBar({
    goTo: (frame) => this.goTo(frame),
    segmentAll: () => this.segmentAll(),
  });
  private readonly stage = new Stage(find('#stage'), this.cine.element, this.engineNote, {
    choose: () => find<HTMLInputElement>('#picker').click(),
    tryExample: () => void this.tryExample(),
    showAll: () => this.toggleAll(),
  });
  private readonly panel = new ResultPanel(find('#results'), this.point.element, {
    saveMask: () => void this.saveResult('mask'),
    saveJson: () => void this.saveResult('json'),
    savePicture: () => void this.saveResult('picture'),
  });
  private readonly rail = new ImageRail(find('#rail'), {
    select: (entry) => this.select(entry),
    showNames: (isShown) => {
      this.isNamed = isShown;
      this.draw();
    },
  });

  /** Add files, and segment them one after the other. */
  add(files: readonly File[]): void {
    if (!files.length) return;
    const added = files.map((file, at) => new ImageEntry(this.entries.length + 1 + at, file, file.name));
    this.entries.push(...added);
    find('#app').dataset.state = 'working';
    this.select(added[0]!);
    for (const entry of added.slice(1)) void this.compute(entry, null, false);
  }

  /** Handle a key; true if it meant something. */
  press(key: string): boolean {
    const actions: Record<string, () => void> = {
      ArrowDown: () => this.selectBy(1),
      ArrowUp: () => this.selectBy(-1),
      ArrowRight: () => this.cine.step(1),
      ArrowLeft: () => this.cine.step(-1),
      ' ': () => this.cine.togglePlay(),
      o: () => this.stage.toggle('outline'),
      c: () => this.stage.toggle('calipers'),
      u: () => this.stage.toggle('doubt'),
      b: () => this.stage.toggle('compare'),
      '+': () => this.stage.viewer.zoomBy(1.4),
      '=': () => this.stage.viewer.zoomBy(1.4),
      '-': () => this.stage.viewer.zoomBy(1 / 1.4),
      '0': () => this.stage.viewer.reset(),
      m: () => void this.saveResult('mask'),
      j: () => void this.saveResult('json'),
    };
    const action = this.selected ? actions[key.length === 1 ? key.toLowerCase() : key] : undefined;
    action?.();
    return action !== undefined;
  }

  /** What was found in each image, for tests and for whoever opens the console. */
  get results(): (SegmentedFrame | null)[] {
    return this.entries.map((entry) => entry.result);
  }

  get states(): { status: string; reason: string }[] {
    return this.entries.map(({ status, reason }) => ({ status, reason }));
  }

  private select(entry: ImageEntry): void {
    this.selected = entry;
    this.draw();
    if (!entry.result && !entry.reason) void this.compute(entry, entry.frame, true);
  }

  private selectBy(step: number): void {
    const at = this.entries.indexOf(this.selected!) + step;
    const entry = this.entries[Math.min(Math.max(at, 0), this.entries.length - 1)];
    if (entry) this.select(entry);
  }

  private goTo(frame: number): void {
    const entry = this.selected;
    if (!entry || frame === entry.frame) return;
    entry.frame = frame;
    this.draw();
    if (!entry.result) void this.compute(entry, frame, true);
  }

  private async segmentAll(): Promise<void> {
    const entry = this.selected;
    if (!entry) return;
    for (let frame = 0; frame < entry.frames; frame += 1) {
      if (!entry.summaries.has(frame)) void this.compute(entry, frame, false);
    }
  }

  private judgeAgain(): void {
    this.stage.makeStale();
    this.panel.makeStale();
    // The frames of cines are found again when they are looked at.
    this.engine.drop((request) => request.threshold === this.point.threshold);
    for (const entry of this.entries) {
      if (entry.reason) continue;
      const { frame } = entry;
      entry.forget();
      void this.compute(entry, frame, entry === this.selected);
    }
    this.rail.show(this.entries, this.selected);
  }

  private async compute(entry: ImageEntry, frame: number | null, isUrgent: boolean): Promise<void> {
    if (isUrgent) {
      // Of a scrubber that moves, only the last place counts.
      this.engine.drop((request) => request.key !== entry.key || request.frame === null || !entry.result);
    }
    if (!entry.result && entry.status !== 'done') entry.status = 'working';
    const { threshold } = this.point;
    try {
      const result = await this.engine.segment({ key: entry.key, file: entry.file, frame, threshold }, isUrgent);
      if (threshold !== this.point.threshold) return;
      entry.keep(result);
      entry.status = 'done';
      entry.thumbnail ??= paintThumbnail(result);
      if (entry.frame === result.frame) entry.thumbnail = paintThumbnail(result);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (error.message === 'no longer wanted') return;
      if (entry.status !== 'done') entry.status = error.isSkipped ? 'skipped' : 'failed';
      entry.reason = error.message;
    }
    this.draw();
    if (entry === this.selected && entry.result) this.announce(entry);
  }

  private async tryExample(): Promise<void> {
    const response = await fetch(new URL('example.dcm', document.baseURI));
    this.add([new File([await response.blob()], 'example.dcm')]);
  }

  private toggleAll(): void {
    if (!this.selected) return;
    this.selected.showsAll = !this.selected.showsAll;
    this.draw();
  }

  private nameOf(entry: ImageEntry): string {
    return this.isNamed && entry.name ? entry.name : entry.title;
  }

  private async saveResult(what: 'mask' | 'json' | 'picture'): Promise<void> {
    const entry = this.selected;
    const frame = entry?.result;
    if (!entry || !frame) return;
    const title = this.nameOf(entry);
    const number = frame.frames > 1 ? `-frame-${frame.frame + 1}` : '';
    const name = title.toLowerCase().replace(/\.[a-z]+$/, '').replace(/[^\p{L}\p{N}_-]+/gu, '-') + number;
    if (what === 'mask') save(await makeMaskFile(frame), `${name}-mask.png`);
    else if (what === 'json') save(makeJsonFile(title, frame), `${name}.json`);
    else save(await makePicture(frame, this.stage.layers, entry.showsAll), `${name}-outlined.png`);
  }

  private draw(): void {
    const entry = this.selected;
    this.rail.show(this.entries, entry);
    if (!entry) return;
    const { result } = entry;
    this.stage.show(entry, this.nameOf(entry));
    this.panel.show(entry, result);
    this.cine.show(entry);
    this.point.element.hidden = !result;
    if (result) this.point.count(result.suppressed.map(({ probability }) => probability));
    const isDone = this.entries.every(({ status }) => !['waiting', 'working'].includes(status));
    find('#app').dataset.state = isDone ? 'done' : 'working';
  }

  private announce(entry: ImageEntry): void {
    const count = entry.result!.lesions.length;
    const words = count === 1 ? 'one lesion' : count ? `${count} lesions` : 'no lesion marked';
    find('#news').textContent = `${entry.title}: ${words}`;
  }

  private tellEngine(state: EngineState, reason: string): void {
    document.documentElement.dataset.engine = state;
    const threads = this.engine?.threads ?? 1;
    const texts: Record<EngineState, string> = {
      loading: 'Loading the network …',
      ready: `Ready, on ${threads === 1 ? 'one thread' : `${threads} threads`} of this machine`,
      broken: `This browser cannot run the network: ${reason}`,
    };
    this.engineNote.textContent = texts[state];
    this.engineNote.dataset.state = state;
    if (state === 'broken') find('#news').textContent = texts.broken;
  }
}
