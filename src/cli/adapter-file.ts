import { mkdir, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { isMergeable } from '../adapters/merge';
import { hasPeftForm } from '../adapters/peft';
import { adaptersOf, attachPeft, attachSaved, mergeAdapters, peftOf, savedAdapters } from '../index';
import type { GPT } from '../nn';
import { loadAdapters, loadPeft, saveAdapters, savePeft } from '../node';
import { writing } from '../node/write';
import { checkFile } from './files';
import { undivided } from './terminal/ending';

const peft = ['adapter_config.json', 'adapter_model.safetensors'];
const general = 'adapters.safetensors';

/** The files that an adapter may have in its folder. */
export const adapterFiles = [...peft, general];

/**
 * Write the adapters of a model into a folder: in PEFT's format where that has a place for them, else in the library's own.
 * What the folder had of the other format goes, so that it has one adapter. An early end of the process waits for it.
 */
export async function saveAdapter(folder: string, model: GPT, base: string): Promise<void> {
  const forPeft = hasPeftForm(model);
  await undivided(async () => {
    await writing(folder, async () => {
      await mkdir(folder, { recursive: true });
      for (const name of forPeft ? [general] : peft) await rm(join(folder, name), { force: true });
    });
    if (forPeft) await savePeft(folder, { ...peftOf(model), base });
    else await saveAdapters(join(folder, general), savedAdapters(model));
  });
}

/**
 * Put the adapters of a folder into the weights of a model; those that are no change of a weight beside them.
 * @throws FileError `file/read`, and as `loadPeft` and `attachPeft`, or `loadAdapters` and `attachSaved`
 */
export async function addAdapter(model: GPT, folder: string, cwd: string): Promise<void> {
  const path = resolve(cwd, folder);
  const isGeneral = await stat(join(path, general)).then(
    () => true,
    () => false,
  );
  for (const name of isGeneral ? [general] : peft) await checkFile(join(path, name), 2 ** 32);
  if (isGeneral) attachSaved(model, await loadAdapters(join(path, general)));
  else attachPeft(model, await loadPeft(path));
  if (adaptersOf(model).every(({ adapter }) => isMergeable(adapter))) mergeAdapters(model);
}
