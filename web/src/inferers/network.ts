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
    // Threads that wait in a loop would take the time of those that compute where cores are few.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  });
  const [input, output] = [session.inputNames[0]!, session.outputNames[0]!];
  return async (image) => {
    const { rows, columns } = image;
    const size = rows * columns;
    const images = options.flip ? [image, mirror(image)] : [image];
    const batch = new Float32Array(images.length * size);
    images.forEach(({ values }, at) => batch.set(values, at * size));
    const tensor = new ort.Tensor('float32', batch, [images.length, 1, rows, columns]);
    const logits = (await session.run({ [input]: tensor }))[output]!.data as Float32Array;
    const count = logits.length / size / images.length;
    const take = (number: number): Plane => {
      return { rows, columns, values: logits.slice(number * size, (number + 1) * size) };
    };
    return Array.from({ length: count }, (_, channel) => {
      const plain = take(channel);
      if (!options.flip) return plain;
      const mirrored = mirror(take(count + channel));
      return { ...plain, values: plain.values.map((value, at) => (value + mirrored.values[at]!) / 2) };
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
