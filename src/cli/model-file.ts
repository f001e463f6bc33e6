import { resolve } from 'node:path';
import type { SavedGPT } from '../index';
import { loadGPT, saveGPT } from '../node';
import { checkFile } from './files';
import { undivided } from './terminal/ending';

/** Write a model with its vocabulary; an early end of the process waits for it. */
export async function saveModel(path: string, { model, vocabulary }: SavedGPT): Promise<void> {
  await undivided(() => saveGPT(path, model, { vocabulary }));
}

/** The model in a file, which must have an end. @throws FileError `file/read`, and as `loadGPT` */
export async function loadModel(file: string, cwd: string): Promise<SavedGPT> {
  const path = resolve(cwd, file);
  await checkFile(path, 2 ** 32);
  return loadGPT(path);
}
