// Opens a DICOM Segmentation beside its source, as OHIF Viewer 3.13 does, and prints what it shows.
//
//   node check.mjs SEG SOURCE...
//
// Prints JSON: "frames", for each frame of the sources the segment number of every pixel (rows
// first, base64 of one byte each); "segments", the label of each; "overlapping".

import { readFileSync } from "node:fs";

import { adaptersSEG } from "@cornerstonejs/adapters";
import { metaData } from "@cornerstonejs/core";
import dcmjs from "dcmjs";

const { DicomMessage, DicomMetaDictionary } = dcmjs.data;

// OHIF takes US images, which have no orientation, for axial at the origin (MetadataProvider of
// @ohif/core 3.13.2).
const ROW_COSINES = [1, 0, 0];
const COLUMN_COSINES = [0, 1, 0];

function readBuffer(path) {
  const bytes = readFileSync(path);
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
}

function readInstance(path) {
  return DicomMetaDictionary.naturalizeDataset(DicomMessage.readFile(readBuffer(path)).dict);
}

function listFrames(instance) {
  const base = `wadors:instances/${instance.SOPInstanceUID}`;
  const count = Number(instance.NumberOfFrames) || 1;
  return Array.from({ length: count }, (_, index) => `${base}/frames/${index + 1}`);
}

function makeProvider(instances) {
  const modules = {
    instance: (instance) => instance,
    generalImageModule: (instance) => ({ sopInstanceUID: instance.SOPInstanceUID }),
    generalSeriesModule: (instance) => ({
      modality: instance.Modality,
      seriesInstanceUID: instance.SeriesInstanceUID,
    }),
    imagePixelModule: (instance) => ({ rows: instance.Rows, columns: instance.Columns }),
    imagePlaneModule: (instance) => ({
      frameOfReferenceUID: instance.FrameOfReferenceUID,
      rows: instance.Rows,
      columns: instance.Columns,
      imageOrientationPatient: [...ROW_COSINES, ...COLUMN_COSINES],
      rowCosines: ROW_COSINES,
      columnCosines: COLUMN_COSINES,
      imagePositionPatient: [0, 0, 0],
      rowPixelSpacing: 1,
      columnPixelSpacing: 1,
      usingDefaultValues: true,
    }),
  };
  const custom = new Map();
  return {
    get(type, imageId) {
      const instance = instances.get(imageId);
      return instance ? modules[type]?.(instance) : custom.get(`${type} ${imageId}`);
    },
    addCustomMetadata(imageId, type, metadata) {
      custom.set(`${type} ${imageId}`, metadata);
    },
  };
}

async function openSegmentation(segPath, sourcePaths) {
  const instances = new Map();
  for (const instance of sourcePaths.map(readInstance)) {
    listFrames(instance).forEach((imageId) => instances.set(imageId, instance));
  }
  const provider = makeProvider(instances);
  metaData.addProvider((type, imageId) => provider.get(type, imageId), 10000);
  const result = await adaptersSEG.Cornerstone3D.Segmentation.createFromDICOMSegBuffer(
    [...instances.keys()],
    readBuffer(segPath),
    { metadataProvider: provider, tolerance: 0.001 },
  );
  if (result.labelMapImages.length !== 1) {
    throw new Error(`expected one layer of segments, got ${result.labelMapImages.length}`);
  }
  return {
    frames: result.labelMapImages[0].map((image) => ({
      rows: image.rows,
      columns: image.columns,
      labels: Buffer.from(image.getPixelData()).toString("base64"),
    })),
    segments: result.segMetadata.data.filter(Boolean).map((segment) => segment.SegmentLabel),
    overlapping: result.overlappingSegments,
  };
}

const [segPath, ...sourcePaths] = process.argv.slice(2);
if (sourcePaths.length === 0) {
  console.error("usage: node check.mjs SEG SOURCE...");
  process.exit(2);
}
// The library reports to the console; only the result belongs on standard output.
console.log = console.info = console.debug = console.warn = console.error;
const opened = await openSegmentation(segPath, sourcePaths);
process.stdout.write(`${JSON.stringify(opened)}\n`, () => process.exit(0));
