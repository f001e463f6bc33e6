import { join, resolve } from 'node:path';
import { attachPeft, mergeAdapters, peftOf } from '../index';
import type { GPT } from '../nn';
import { loadPeft, savePeft } from '../node';
import { checkFile } from './files';
import { undivided } from './terminal/ending';

/** Write the adapters of a model into a folder, in PEFT's format; an early end of the process waits for it. */
export async function saveAdapter(folder: string, model: GPT, base: string): Promise<void> {
  await undivided(() => savePeft(folder, { ...peftOf(model), base }));
}

/** The files of an adapter, in its folder. */
export const adapterFiles = ['adapter_config.json', 'adapter_model.safetensors'];

/** Put the adapters of a folder into the weights of a model. @throws FileError `file/read`, and as `loadPeft` and `attachPeft` */
export async function addAdapter(model: GPT, folder: string, cwd: string): Promise<void> {
  const path = resolve(cwd, folder);
  for (const name of adapterFiles) await checkFile(join(path, name), 2 ** 32);
  attachPeft(model, await loadPeft(path));
  mergeAdapters(model);
}
