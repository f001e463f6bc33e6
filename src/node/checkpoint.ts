import { dirname, join, resolve } from 'node:path';
import { FileError } from '../base/errors';
import { type Checkpoint, decodeRecord, encodeCheckpoint, type LoadCheckpointOptions } from '../io/checkpoint';
import { isCount, isRecord, type Json, JsonError, parseJson } from '../io/json';
import { type Disk, disk } from './disk';
import { reading, syncFolder, writeDurably, writing } from './write';

/** The file that decides which checkpoint a folder holds, and how the files that it speaks of are named. */
const recordName = 'checkpoint.json';
const parts = ['parameters', 'state'] as const;
const partName = (part: (typeof parts)[number], generation: number): string => `${part}-${generation}.safetensors`;
/** These, and the record of a checkpoint before it gets its name. */
const ownFile = /^(?:parameters|state|checkpoint)-(\d{1,15})\.(?:safetensors|json)$/;

/**
 * Save a checkpoint in a folder, in the place of the one that it holds. The new one becomes the one that loads at once,
 * by the rename of a small file; until then the old one stays as it was, whatever happens: an error, a kill, a loss of
 * power. Of two saves to one folder at the same time one fails.
 *
 * `checkpoint.json` names `parameters-N.safetensors` and `state-N.safetensors`, which any reader of safetensors opens.
 * @throws FileError `file/write`, `checkpoint/plain-data`, `safetensors/…`
 * @throws OptionError `options/unknown`
 * @example
 * const model = new Linear(2, 1, { key: random.key(0) });
 * const parameters = model.parameters();
 * const transform = adam({ learningRate: 0.1 });
 * await saveCheckpoint('checkpoint', { parameters, state: transform.init(parameters), steps: 0 });
 * console.log((await loadCheckpoint('checkpoint')).steps); // prints 0
 */
export async function saveCheckpoint(folder: string, checkpoint: Checkpoint): Promise<void> {
  await saveCheckpointOn(disk, resolve(folder), checkpoint);
}

/**
 * The checkpoint of a folder, whole: the one whose save was the last to complete.
 * @throws FileError `file/read`, `checkpoint/…`, `safetensors/…`
 * @throws OptionError `options/unknown`
 */
export async function loadCheckpoint<S = unknown>(
  folder: string,
  options: LoadCheckpointOptions<S> = {},
): Promise<Required<Checkpoint<S>>> {
  return loadCheckpointOn(disk, resolve(folder), options);
}

/** As `saveCheckpoint`, on any disk. */
export async function saveCheckpointOn(disk: Disk, folder: string, checkpoint: Checkpoint): Promise<void> {
  const { record, ...files } = await encodeCheckpoint(checkpoint);
  const path = (name: string): string => join(folder, name);
  await writing(path(recordName), async () => {
    if (await disk.makeFolder(folder)) await syncFolder(disk, dirname(folder));
    const before = await disk.list(folder);
    const generation = Math.max(0, ...before.map((name) => Number(ownFile.exec(name)?.[1] ?? 0))) + 1;
    const temporary = path(`checkpoint-${generation}.json`);
    const text = new TextEncoder().encode(`{"generation":${generation},"checkpoint":${record}}\n`);
    const made: string[] = [];
    const make = (file: string, bytes: Uint8Array) => writeDurably(disk, file, bytes, () => made.push(file));
    try {
      for (const part of parts) await make(path(partName(part, generation)), files[part]);
      await make(temporary, text);
      await syncFolder(disk, folder); // the new names must be there for good before anything speaks of them
    } catch (error) {
      await removeAll(disk, made);
      throw error;
    }
    await disk.rename(temporary, path(recordName));
    await syncFolder(disk, folder); // and the new record before anything that the old one speaks of goes
    await removeAll(disk, before.filter((name) => ownFile.test(name)).map(path));
  });
}

/** Nothing depends on these any more. What cannot be removed now goes with the next save. */
async function removeAll(disk: Disk, paths: readonly string[]): Promise<void> {
  for (const path of paths) await disk.remove(path).catch(() => {});
}

/** As `loadCheckpoint`, on any disk. */
export async function loadCheckpointOn<S>(
  disk: Disk,
  folder: string,
  options: LoadCheckpointOptions<S>,
): Promise<Required<Checkpoint<S>>> {
  const path = join(folder, recordName);
  const found = await reading(path, async () => {
    let { generation, record } = parse(await disk.read(path), path);
    for (;;) {
      try {
        const [parameters, state] = [await read('parameters', generation), await read('state', generation)];
        return { record, parameters, state };
      } catch (error) {
        // Another process may have saved meanwhile, and the files of the old record are gone.
        const again = parse(await disk.read(path), path);
        if (again.generation === generation) throw error;
        ({ generation, record } = again);
      }
    }
  });
  return decodeRecord(found.record, found, options);

  async function read(part: (typeof parts)[number], generation: number): Promise<Uint8Array> {
    return disk.read(join(folder, partName(part, generation)));
  }
}

function parse(bytes: Uint8Array, path: string): { generation: number; record: Json | undefined } {
  try {
    const json = parseJson(bytes);
    const generation = isRecord(json) ? json.get('generation') : undefined;
    if (isRecord(json) && isCount(generation)) return { generation, record: json.get('checkpoint') };
  } catch (cause) {
    if (!(cause instanceof JsonError)) throw cause;
  }
  throw new FileError({
    code: 'checkpoint/format',
    got: `${path} is no record of a checkpoint`,
    expected: 'what saveCheckpoint wrote',
    fix: 'load a folder that saveCheckpoint made, unchanged',
  });
}
