import { stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { readOptions } from '../base/options';
import { adapterFileIn, decodeAdapters, type SavedAdapters } from '../io/adapter-file';
import { type EncodeGPTOptions, gptFile, readGPT, type SavedGPT } from '../io/gpt';
import { decodeNpy, encodeNpy } from '../io/npy';
import { type DecodeNpzOptions, decodeNpz, decodeNpzOptions, encodeNpz } from '../io/npz';
import { decodePeft, encodePeftIn, type PeftAdapter } from '../io/peft';
import { longConfig, longestConfig } from '../io/peft-config';
import { type EncodeSafetensorsOptions, layOutWith } from '../io/safetensors';
import { piecesOf, readSafetensors } from '../io/safetensors-pieces';
import type { GPT } from '../nn/models/gpt';
import { checkParams, checkTensor } from '../tensor/check';
import { snapshotOf } from '../tensor/snapshot';
import type { Params, Tensor } from '../tensor/tensor';
import { checkPath } from './check-path';
import { disk } from './disk';
import { readWhole, replaceFile, syncFolder, withFile, writing } from './write';

const read = (path: string): Promise<Uint8Array> => readWhole(disk, resolve(path));
const write = (path: string, bytes: Uint8Array): Promise<void> => replaceFile(disk, resolve(path), [bytes]);

/**
 * Save tensors and strings about them as a safetensors file. A file in its place stays whole until the new one is.
 * @throws FileError `file/write`, `file/values`, `safetensors/…`
 * @throws OptionError `options/…`
 * @example
 * const model = new Linear(2, 1, { key: random.key(0) });
 * await saveSafetensors('model.safetensors', model.parameters(), { about: 'an example' });
 * model.load(await loadSafetensors('model.safetensors'));
 */
export async function saveSafetensors(
  path: string,
  params: Params,
  metadata: Readonly<Record<string, string>> = {},
  options: EncodeSafetensorsOptions = {},
): Promise<void> {
  checkPath('saveSafetensors', 'path', path, arguments, 4);
  await saveLaidOut(path, params, layOutWith('saveSafetensors', params, metadata, options));
}

async function saveLaidOut(path: string, params: Params, layout: ReturnType<typeof layOutWith>): Promise<void> {
  const snapshot = snapshotOf(params);
  try {
    await replaceFile(disk, resolve(path), piecesOf(layout, snapshot.read));
  } finally {
    snapshot.release();
  }
}

/**
 * The tensors of a safetensors file, as `decodeSafetensors` reads them.
 * @throws FileError `file/read`, `file/values`, `safetensors/…`
 */
export async function loadSafetensors(path: string): Promise<Params> {
  checkPath('loadSafetensors', 'path', path, arguments, 1);
  return withFile(disk, resolve(path), (file) => readSafetensors(file));
}

/**
 * Save a character-level GPT in one safetensors file, as `encodeGPT` and `floragrad train --save` write it. A file in its
 * place stays whole until the new one is.
 * @throws FileError `file/write`
 * @throws OptionError `model/save` where the model has adapters, or another number of tokens than the vocabulary
 * @example
 * const vocabulary = new CharVocabulary('abc');
 * const model = new GPT({ vocabularySize: 3, context: 8, width: 8, heads: 2, layers: 1, key: random.key(0) });
 * await saveGPT('gpt.safetensors', model, { vocabulary });
 * console.log((await loadGPT('gpt.safetensors')).vocabulary.characters); // prints [ 'a', 'b', 'c' ]
 */
export async function saveGPT(path: string, model: GPT, options: EncodeGPTOptions): Promise<void> {
  checkPath('saveGPT', 'path', path, arguments, 3);
  const { params, metadata } = gptFile('saveGPT', model, options);
  await saveLaidOut(path, params, layOutWith('saveGPT', params, metadata, {}));
}

/**
 * The model and the vocabulary of a file, as `decodeGPT` reads them.
 * @throws FileError `file/read`, `model/kind`, `safetensors/…`
 */
export async function loadGPT(path: string): Promise<SavedGPT> {
  checkPath('loadGPT', 'path', path, arguments, 1);
  return readGPT(resolve(path), await read(path));
}

/**
 * Save one tensor as NumPy does.
 * @throws FileError `file/write`, `npy/header`
 */
export async function saveNpy(path: string, x: Tensor): Promise<void> {
  checkPath('saveNpy', 'path', path, arguments, 2);
  checkTensor('saveNpy', x);
  await write(path, await encodeNpy(x));
}

/**
 * The tensor of an npy file, as `decodeNpy` reads it.
 * @throws FileError `file/read`, `file/values`, `npy/…`
 */
export async function loadNpy(path: string): Promise<Tensor> {
  checkPath('loadNpy', 'path', path, arguments, 1);
  return decodeNpy(await read(path));
}

/**
 * Save tensors as `numpy.savez` does.
 * @throws FileError `file/write`, `zip/too-large`, `zip/name`, `npy/header`
 */
export async function saveNpz(path: string, params: Params): Promise<void> {
  checkPath('saveNpz', 'path', path, arguments, 2);
  checkParams('saveNpz', 'params', params);
  await write(path, await encodeNpz(params));
}

/**
 * The tensors of an npz file, as `decodeNpz` reads them.
 * @throws FileError `file/read`, `file/values`, `npy/…`, `zip/…`
 * @throws OptionError `options/…`
 */
export async function loadNpz(path: string, options: DecodeNpzOptions = {}): Promise<Params> {
  checkPath('loadNpz', 'path', path, arguments, 2);
  const limits = readOptions('loadNpz', decodeNpzOptions, options, 'path');
  return decodeNpz(await read(path), limits);
}

/**
 * Save the adapters of a model in one file, as `savedAdapters` returns them. A file in its place stays whole until the new
 * one is.
 * @throws FileError `file/write`, `adapter-file/format`, `safetensors/…`
 * @throws OptionError `options/…`
 * @example
 * const model = new MLP({ sizes: [8, 8], key: random.key(0) });
 * lora(model, { rank: 2 });
 * await saveAdapters('adapters.safetensors', savedAdapters(model));
 * removeAdapters(model);
 * attachSaved(model, await loadAdapters('adapters.safetensors'));
 */
export async function saveAdapters(path: string, saved: SavedAdapters): Promise<void> {
  checkPath('saveAdapters', 'path', path, arguments, 2);
  const { params, metadata } = adapterFileIn('saveAdapters', saved);
  await saveLaidOut(path, params, layOutWith('saveAdapters', params, metadata, {}));
}

/**
 * The adapters of a file that `saveAdapters` wrote, as `decodeAdapters` reads them.
 * @throws FileError `file/read`, `adapter-file/format`, `safetensors/…`
 */
export async function loadAdapters(path: string): Promise<SavedAdapters> {
  checkPath('loadAdapters', 'path', path, arguments, 1);
  return decodeAdapters(await read(path));
}

const [peftConfig, peftModel] = ['adapter_config.json', 'adapter_model.safetensors'];

/**
 * Save an adapter in a folder, as PEFT's `save_pretrained` does. Each of the two files is replaced at once, not both.
 * @throws FileError `file/write`, `peft/factors`
 * @throws OptionError `options/…`
 */
export async function savePeft(folder: string, adapter: PeftAdapter): Promise<void> {
  checkPath('savePeft', 'folder', folder, arguments, 2);
  const { config, model } = await encodePeftIn('savePeft', adapter);
  const path = resolve(folder);
  await writing(path, async () => {
    if (await disk.makeFolder(path)) await syncFolder(disk, dirname(path));
  });
  await write(join(path, peftModel), model);
  await write(join(path, peftConfig), new TextEncoder().encode(config));
}

/**
 * The adapter in a folder that PEFT or `savePeft` wrote, as `decodePeft` reads it.
 * @throws FileError `file/read`, `file/values`, `peft/…`, `safetensors/…`
 */
export async function loadPeft(folder: string): Promise<PeftAdapter> {
  checkPath('loadPeft', 'folder', folder, arguments, 1);
  const found = await stat(join(folder, peftConfig)).catch(() => null); // what cannot be read says so below
  if (found && found.size > longestConfig) throw longConfig(found.size);
  const [config, model] = await Promise.all([read(join(folder, peftConfig)), read(join(folder, peftModel))]);
  return decodePeft({ config: new TextDecoder().decode(config), model });
}
