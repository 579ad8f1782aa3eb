// What the page asks of the server.
import { decodeMask, encodeMask } from './png.js';

export const listImages = (options) => askJson('images', {}, options);
export const readInfo = (options) => askJson('info', {}, options);
export const findNext = (strategy) => askJson('next', { strategy });
export const startTraining = (epochs) => ask('train', {}, sendJson({ epochs }));
export const restoreWeights = () => ask('weights/restore', {}, sendJson({}));

export async function readImage(id, frame, options) {
  const answer = await ask('image', { id, frame }, options);
  const bitmap = await createImageBitmap(await answer.blob(), { colorSpaceConversion: 'none' });
  const { width, height } = bitmap;
  return { bitmap, width, height, isBlanked: answer.headers.get('X-Blanked') === '1' };
}

export async function predict(id, frame, options) {
  const answer = await ask('predict', { id, frame }, { method: 'POST', ...options });
  const readNumber = (name) => (answer.headers.has(name) ? Number(answer.headers.get(name)) : NaN);
  return {
    mask: await decodeMask(await answer.arrayBuffer()),
    probability: readNumber('X-Lesion-Probability'),
    uncertainty: readNumber('X-Boundary-Uncertainty'),
    quality: answer.headers.get('X-Quality'),
    suppressed: readNumber('X-Suppressed-Probability'),
  };
}

// What the network outlined, and the operating point left out.
export async function readSuppressed(id, frame) {
  const answer = await ask('suppressed', { id, frame }, { method: 'POST' });
  return decodeMask(await answer.arrayBuffer());
}

// The saved label, or null if there is none.
export async function readLabel(id, frame, options) {
  const answer = await ask('label', { id, frame }, { ...options, absent: 404 });
  return answer && decodeMask(await answer.arrayBuffer());
}

export async function saveLabel(id, frame, mask) {
  const headers = { 'Content-Type': 'image/png' };
  await ask('label', { id, frame }, { method: 'PUT', headers, body: await encodeMask(mask) });
}

const sendJson = (value) => ({
  method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(value),
});

const askJson = async (path, query, options) => (await ask(path, query, options)).json();

async function ask(path, query, { absent, ...options } = {}) {
  const address = new URL(`api/${path}`, document.baseURI);
  for (const [name, value] of Object.entries(query)) address.searchParams.set(name, value);
  let answer;
  try {
    answer = await fetch(address, { cache: 'no-store', credentials: 'same-origin', ...options });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Error('the server does not answer. Is "breast-us-seg label" still running?', { cause: error });
  }
  if (answer.status === absent) return null;
  if (!answer.ok) throw Object.assign(new Error(await describeFailure(answer)), { status: answer.status });
  return answer;
}

// FastAPI says why in "detail": a sentence, or a list of what is wrong with a request.
async function describeFailure(answer) {
  const text = await answer.text();
  const status = `the server says ${answer.status}${answer.statusText ? ` ${answer.statusText}` : ''}`;
  try {
    const { detail } = JSON.parse(text);
    const reasons = Array.isArray(detail) ? detail.map(({ msg }) => msg) : [detail];
    return `${status}: ${reasons.filter((reason) => typeof reason === 'string').join('; ')}`;
  } catch {
    return status;
  }
}
