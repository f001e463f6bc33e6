import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { decodeSafetensors, FileError, random, safetensorsMetadata } from '../index';
import { GPT, type GPTOptions } from '../nn';
import { saveSafetensors } from '../node';
import { reading } from '../node/write';

/** A model of the command line with the characters that its tokens stand for. */
export interface SavedModel {
  readonly model: GPT;
  readonly sizes: Omit<GPTOptions, 'key'>;
  readonly characters: readonly string[];
}

/** What says that a safetensors file is such a model; the rest of the metadata is JSON. */
const kind = 'character-level GPT of floragrad';

/** Write the weights as safetensors, and with them what is needed to build the model again. */
export async function saveModel(file: string, cwd: string, { model, sizes, characters }: SavedModel): Promise<void> {
  const metadata = { format: 'pt', kind, sizes: JSON.stringify(sizes), characters: JSON.stringify(characters) };
  await saveSafetensors(resolve(cwd, file), model.parameters(), metadata);
}

/**
 * The model in a file that `saveModel` wrote.
 * @throws FileError `file/read`, `model/kind`, `safetensors/…`
 * @throws StateError `load/…`
 */
export async function loadModel(file: string, cwd: string): Promise<SavedModel> {
  const path = resolve(cwd, file);
  const bytes = await reading(path, () => readFile(path));
  const metadata = safetensorsMetadata(bytes);
  if (metadata.kind !== kind) throw otherKind(path);
  const read = (name: string): unknown => {
    try {
      return JSON.parse(metadata[name] ?? '');
    } catch (cause) {
      throw otherKind(path, cause);
    }
  };
  const [sizes, characters] = [read('sizes') as SavedModel['sizes'], read('characters') as string[]];
  const model = new GPT({ ...sizes, key: random.key(0) });
  model.load(decodeSafetensors(bytes));
  return { model, sizes, characters };
}

function otherKind(path: string, cause?: unknown): FileError {
  return new FileError(
    {
      code: 'model/kind',
      got: `${path} is a safetensors file without the sizes and the characters of a model`,
      expected: 'a file that floragrad train --save wrote',
      fix: 'load other files in a program, with loadSafetensors and renameParams',
    },
    { cause },
  );
}
