import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { decodeSafetensors, FileError, random, safetensorsMetadata } from '../index';
import { GPT, type GPTOptions } from '../nn';
import { saveSafetensors } from '../node';
import { reading } from '../node/write';
import { checkFile } from './files';
import { parameterCount } from './limits';
import { undivided } from './terminal/ending';

/** A model of the command line with the characters that its tokens stand for. */
export interface SavedModel {
  readonly model: GPT;
  readonly sizes: Omit<GPTOptions, 'key'>;
  readonly characters: readonly string[];
}

/** What says that a safetensors file is such a model; the rest of the metadata is JSON. */
const kind = 'character-level GPT of floragrad';

/** Write the weights as safetensors, and with them what is needed to build the model again. */
export async function saveModel(path: string, { model, sizes, characters }: SavedModel): Promise<void> {
  const metadata = { format: 'pt', kind, sizes: JSON.stringify(sizes), characters: JSON.stringify(characters) };
  await undivided(() => saveSafetensors(path, model.parameters(), metadata));
}

/**
 * The model in a file that `saveModel` wrote.
 * @throws FileError `file/read`, `model/kind`, `safetensors/…`
 * @throws StateError `load/…`
 */
export async function loadModel(file: string, cwd: string): Promise<SavedModel> {
  const path = resolve(cwd, file);
  await checkFile(path, 2 ** 31 - 1);
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
  const [sizes, characters] = [read('sizes'), read('characters')];
  if (!areSizes(sizes) || !areCharacters(characters, sizes)) throw otherKind(path);
  if (4 * parameterCount(sizes) > bytes.length) throw otherKind(path); // before a model of any size is made
  const model = new GPT({ ...sizes, key: random.key(0) });
  model.load(decodeSafetensors(bytes));
  return { model, sizes, characters };
}

function areSizes(read: unknown): read is SavedModel['sizes'] {
  const sizes = Object.entries(Object(read) as Record<string, unknown>);
  const names = ['context', 'heads', 'layers', 'vocabularySize', 'width'];
  const isSize = (n: unknown): boolean => Number.isInteger(n) && (n as number) >= 1 && (n as number) < 2 ** 31;
  return (
    sizes
      .map(([name]) => name)
      .sort()
      .join() === names.join() && sizes.every(([, n]) => isSize(n))
  );
}

function areCharacters(read: unknown, { vocabularySize }: SavedModel['sizes']): read is string[] {
  return (
    Array.isArray(read) && new Set(read).size === vocabularySize && read.every((one) => [...String(one)].length === 1)
  );
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
