/** What the page and its worker say to each other. */

import type { Lesion } from '../lesions/lesion';
import type { Box } from '../plane';
import type { CalibratedRegion } from '../readers/region/calibratedRegion';

/** Segment a frame of a file, or judge its candidates by another operating point. */
export interface SegmentRequest {
  readonly id: number;
  /** Of the file, so that what is known of it is found again. */
  readonly key: string;
  readonly file: Blob;
  /** Number of the frame from 0; null is the middle one. */
  readonly frame: number | null;
  /** Least probability of a candidate that is marked. */
  readonly threshold: number;
}

/** A frame with what was found in it. */
export interface SegmentedFrame {
  readonly format: string;
  readonly frames: number;
  readonly frame: number;
  readonly rows: number;
  readonly columns: number;
  /** Grey levels of the whole frame. */
  readonly levels: Uint8Array;
  /** 0 or 1. */
  readonly mask: Uint8Array;
  /** 0 to 255 for probabilities from 0 to 1. */
  readonly probability: Uint8Array;
  readonly lesions: readonly Lesion[];
  readonly regions: readonly CalibratedRegion[];
  /** Where tissue is for certain; outside of it names may be burned in. Empty: nobody knows. */
  readonly safeBoxes: readonly Box[];
  readonly lesionProbability: number;
  readonly boundaryUncertainty: number;
  /** Candidates that are less probable than the operating point. */
  readonly suppressed: readonly Lesion[];
  readonly quality: readonly string[];
  readonly remarks: readonly string[];
  readonly threshold: number;
  /** Time of the network and all around it. */
  readonly milliseconds: number;
}

export type Reply =
  | { readonly kind: 'ready'; readonly threads: number }
  | { readonly kind: 'broken'; readonly reason: string }
  | { readonly kind: 'done'; readonly id: number; readonly frame: SegmentedFrame }
  | {
      readonly kind: 'failed';
      readonly id: number;
      readonly reason: string;
      /** Whether the file is sound, and only no image that is read here. */
      readonly isSkipped: boolean;
    };
