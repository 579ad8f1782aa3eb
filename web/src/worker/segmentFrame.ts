/** From a file to a segmented frame, with what was computed before kept for a while. */

import { judgeFrame } from '../frameResult';
import { SkippedError } from '../readers/errors';
import type { GreyImage, ImageSource } from '../readers/imageSource';
import { LARGEST_FILE_BYTES } from '../readers/limits';
import { asReadable, openImage } from '../readers/openImage';
import type { PictureDecoder } from '../readers/raster/decodePicture';
import { areStated, type CalibratedRegion, listBoxes } from '../readers/region/calibratedRegion';
import { toGreyLevels, toProbabilityLevels } from '../readers/rint';
import type { SegmentedParts, Segmenter } from '../segmenter';
import type { Settings } from '../settings';
import { Kept } from './kept';
import type { SegmentedFrame, SegmentRequest } from './protocol';

interface Computed {
  readonly grey: GreyImage;
  readonly regions: readonly CalibratedRegion[];
  readonly parts: SegmentedParts;
}

const MOST_SOURCES = 2;
/** Pixels of the frames whose maps are kept, which take some 20 bytes each. */
const MOST_KEPT_PX = 12_000_000;

export class FrameSegmenter {
  private readonly sources = new Kept<ImageSource>(MOST_SOURCES);
  private readonly computed = new Kept<Computed>(MOST_KEPT_PX);

  constructor(
    private readonly segmenter: () => Promise<Segmenter>,
    private readonly settings: Settings,
    private readonly decode: PictureDecoder,
  ) {}

  /** Segment; an error's text may be shown. */
  async segment(request: SegmentRequest): Promise<SegmentedFrame> {
    const start = performance.now();
    const source = await this.open(request);
    const frame = request.frame ?? Math.floor(source.frames / 2);
    try {
      const { grey, regions, parts } = await this.compute(request.key, source, frame);
      const isKnown = !source.mayNamePatient || areStated(regions);
      const result = judgeFrame(parts, request.threshold, this.settings, isKnown);
      return {
        format: source.format,
        frames: source.frames,
        frame,
        rows: grey.rows,
        columns: grey.columns,
        levels: toGreyLevels(grey),
        mask: result.mask.values,
        probability: toProbabilityLevels(result.probability),
        lesions: result.lesions,
        regions,
        safeBoxes: source.mayNamePatient
          ? isKnown ? regions.flatMap(listBoxes) : []
          : [[0, 0, grey.rows, grey.columns]],
        lesionProbability: result.lesionProbability,
        boundaryUncertainty: result.boundaryUncertainty,
        suppressed: result.suppressed,
        quality: result.quality,
        remarks: source.remarks,
        threshold: request.threshold,
        milliseconds: performance.now() - start,
      };
    } catch (error) {
      throw asReadable(error, source.format);
    }
  }

  private async open({ key, file }: SegmentRequest): Promise<ImageSource> {
    const known = this.sources.find(key);
    if (known) return known;
    if (file.size > LARGEST_FILE_BYTES) {
      throw new SkippedError(`expected a file of at most ${LARGEST_FILE_BYTES} bytes, got more`);
    }
    let content;
    try {
      content = new Uint8Array(await file.arrayBuffer());
    } catch (error) {
      throw new SkippedError('expected a file that can be read, got none: it may have been moved', {
        cause: error,
      });
    }
    const source = await openImage(content, this.decode);
    this.sources.keep(key, source, 1);
    return source;
  }

  private async compute(key: string, source: ImageSource, frame: number): Promise<Computed> {
    const name = `${key}#${frame}`;
    const known = this.computed.find(name);
    if (known) return known;
    const grey = await source.read(frame);
    const regions = await source.findRegions(grey);
    const parts = await (await this.segmenter()).segment(grey, regions);
    const computed = { grey, regions, parts };
    this.computed.keep(name, computed, grey.values.length);
    return computed;
  }
}
