/** How the page segments: made of `configs/inference.json` when the page is built. */

import type { PlattScale } from './lesions/plattScale';

export interface Settings {
  readonly version: string;
  readonly model: { readonly file: string; readonly sha256: string };
  /** Rows and columns of what the network sees. */
  readonly imageSize: readonly [number, number];
  /** Average the logits with those of the image mirrored left to right. */
  readonly flip: boolean;
  readonly sigma: number;
  /** Share of the image's probability at which a lesion ends. */
  readonly threshold: number;
  readonly minLesionPx: number;
  readonly minLesionShare: number;
  /** Least probability of a candidate that is shown, by name. */
  readonly operatingPoints: Readonly<Record<string, number>>;
  readonly operatingPoint: string;
  readonly malignancyScale: Pick<PlattScale, 'slope' | 'offset'>;
  readonly presenceScale: Pick<PlattScale, 'slope' | 'offset'>;
}
