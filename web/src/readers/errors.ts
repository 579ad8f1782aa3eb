/** Errors whose text may be shown: it never holds text of a file but terms of a standard. */

/** The file is damaged, or asks for what it may not have. */
export class ReadError extends Error {}

/** The file is sound, and no ultrasound image that is read here. */
export class SkippedError extends Error {}
