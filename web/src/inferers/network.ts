/** The exported network, by ONNX Runtime's WebAssembly. */

import * as ort from 'onnxruntime-web/wasm';

import { makePlane, type Plane } from '../plane';

/** Logits of one image: lesion, and malignancy and presence if the network has them. */
export type Network = (image: Plane) => Promise<Plane[]>;

export interface NetworkOptions {
  /** Average with the logits of the mirrored image. */
  readonly flip: boolean;
  /** Threads; more than one need an isolated page. */
  readonly threads: number;
  /** Folder of the runtime's files; undefined in Node. */
  readonly wasmPaths?: string;
}

/** Load a model; the promise takes a second or two. */
export async function loadNetwork(model: Uint8Array, options: NetworkOptions): Promise<Network> {
  ort.env.wasm.numThreads = options.threads;
  if (options.wasmPaths) ort.env.wasm.wasmPaths = options.wasmPaths;
  const session = await ort.InferenceSession.create(model, {
    executionProviders: ['wasm'],
    graphOptimizationLevel: 'all',
  });
  const [input, output] = [session.inputNames[0]!, session.outputNames[0]!];
  const run = async (image: Plane): Promise<Plane[]> => {
    const { rows, columns } = image;
    const tensor = new ort.Tensor('float32', image.values, [1, 1, rows, columns]);
    const result = (await session.run({ [input]: tensor }))[output]!;
    const values = result.data as Float32Array;
    const size = rows * columns;
    return Array.from({ length: values.length / size }, (_, channel) => ({
      rows,
      columns,
      values: values.slice(channel * size, (channel + 1) * size),
    }));
  };
  if (!options.flip) return run;
  return async (image) => {
    const plain = await run(image);
    const mirrored = await run(mirror(image));
    return plain.map((channel, at) => {
      const other = mirror(mirrored[at]!);
      const values = channel.values.map((value, place) => (value + other.values[place]!) / 2);
      return { ...channel, values };
    });
  };
}

function mirror(image: Plane): Plane {
  const mirrored = makePlane(image.rows, image.columns);
  for (let row = 0; row < image.rows; row += 1) {
    const start = row * image.columns;
    for (let column = 0; column < image.columns; column += 1) {
      mirrored.values[start + column] = image.values[start + image.columns - 1 - column]!;
    }
  }
  return mirrored;
}
