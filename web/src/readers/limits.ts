/** What a file may ask for; a browser's tab has less memory than a workstation. */

/** Bytes of a file, which is in memory as a whole. */
export const LARGEST_FILE_BYTES = 1 << 30;

/** Pixels of a frame. */
export const LARGEST_IMAGE_PX = 24_000_000;

/** Frames of a file: almost three minutes at 30 frames a second. */
export const MOST_FRAMES = 5_000;

/** Bytes of a deflated DICOM data set when inflated. */
export const LARGEST_INFLATED_BYTES = 256 << 20;

/** Numbers of two bytes in the heads of a DICOM header's elements; each has two or three. */
export const MOST_READS = 300_000;

/** Sequences within each other in a DICOM header. */
export const DEEPEST_SEQUENCE = 16;

/** Items of *Sequence of Ultrasound Regions* (0018,6011). */
export const MOST_REGIONS = 64;

/** B-mode images in a frame: scanners show two, or four. */
export const MOST_IMAGES = 4;
