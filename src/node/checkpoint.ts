import { dirname, join, resolve } from 'node:path';
import { FileError } from '../base/errors';
import { readOptionsOf } from '../base/options';
import {
  assembled,
  type Checkpoint,
  type LoadCheckpointOptions,
  loadCheckpointOptions,
  type PreparedCheckpoint,
  prepareCheckpoint,
} from '../io/checkpoint';
import { checkFinite, olderOne } from '../io/checkpoint-finite';
import { type CheckpointRecord, damaged, type Part, parts, readRecord } from '../io/checkpoint-record';
import { crc32 } from '../io/crc32';
import { isCount, isRecord, type Json, JsonError, parseJson } from '../io/json';
import { longestJson } from '../io/limits';
import { readSafetensors } from '../io/safetensors-pieces';
import type { Params } from '../tensor/tensor';
import { checkPath } from './check-path';
import { claimName, clearAway, newSave, partName, recordName, superseded, takeBack } from './claim';
import { type Disk, disk, type ReadableFile } from './disk';
import { inOrder } from './in-order';
import { isMissing, syncFolder, withFile, writeDurably, writing } from './write';

/**
 * Save a checkpoint in a folder, in the place of the one that it holds. The new one becomes the one that loads at once,
 * by the rename of a small file; until then the old one stays as it was, whatever happens: an error, a kill, a loss of
 * power. Tensors are written one by one as they are at the call, whatever a step changes meanwhile; one of them at a
 * time is in memory a second time.
 *
 * Everything is checked by the rules of `loadCheckpoint` before the folder is touched. Saves of one process into a folder
 * are taken in the order of their calls. Of two processes one is told that the other was done first; the folder always
 * has the checkpoint of a save that was complete. `checkpoint.json` begins with the number N of that save, whose tensors
 * are `parameters-N.safetensors` and `state-N.safetensors`, which any reader of safetensors opens.
 * @throws FileError `file/write`, `checkpoint/superseded`, `checkpoint/plain-data`, `checkpoint/non-finite`, `safetensors/…`
 * @throws OptionError `options/unknown`, `options/range`, `checkpoint/keys`
 * @throws StateError `scope/freed`
 * @example
 * const model = new Linear(2, 1, { key: random.key(0) });
 * const parameters = model.parameters();
 * const transform = adam({ learningRate: 0.1 });
 * await saveCheckpoint('checkpoint', { parameters, state: transform.init(parameters), steps: 0 });
 * console.log((await loadCheckpoint('checkpoint')).steps); // prints 0
 */
export async function saveCheckpoint(folder: string, checkpoint: Checkpoint): Promise<void> {
  checkPath('saveCheckpoint', 'folder', folder, arguments, 2);
  await saveCheckpointOn(disk, resolve(folder), checkpoint);
}

/**
 * The checkpoint of a folder, whole: the one whose save was the last to complete. Tensors are read one by one, so memory
 * is that of the tensors, and of the largest once more where it is stored as another type than float32 or int32.
 * @throws FileError `file/read`, `checkpoint/…`, `safetensors/…`
 * @throws OptionError `options/unknown`
 */
export async function loadCheckpoint<S = unknown>(
  folder: string,
  options: LoadCheckpointOptions<S> = {},
): Promise<Required<Checkpoint<S>>> {
  checkPath('loadCheckpoint', 'folder', folder, arguments, 2);
  return loadCheckpointOn(disk, resolve(folder), options);
}

/** `saveCheckpoint` on any disk. */
export async function saveCheckpointOn(disk: Disk, folder: string, checkpoint: Checkpoint): Promise<void> {
  const prepared = prepareCheckpoint('saveCheckpoint', checkpoint);
  try {
    await prepared.check();
    await writing(join(folder, recordName), () =>
      inOrder(disk, `given ${folder}`, async () => {
        if (await disk.makeFolder(folder)) await syncFolder(disk, dirname(folder));
        const real = await disk.realPath(folder); // a link to a folder is that folder
        await inOrder(disk, `real ${real}`, () => replaceCheckpoint(disk, folder, prepared));
      }),
    );
  } finally {
    prepared.release();
  }
}

/**
 * The protocol, which needs no lock: nothing is left behind that could keep the next save out, whatever happens to this
 * one. Its claim is the first of its files and becomes the record; removing the claim ends the save.
 */
async function replaceCheckpoint(disk: Disk, folder: string, prepared: PreparedCheckpoint): Promise<void> {
  const save = newSave();
  const path = (name: string): string => join(folder, name);
  const claim = await disk.open(path(claimName(save)), 'create');
  try {
    try {
      const checksums = { parameters: 0, state: 0 };
      for (const part of parts) {
        const pieces = withChecksum(prepared.pieces(part), (sum) => {
          checksums[part] = sum;
        });
        await writeDurably(disk, path(partName(part, save)), pieces);
      }
      const text = `{"generation":${save},"checkpoint":${prepared.record(checksums)}}\n`;
      await claim.write(new TextEncoder().encode(text));
      await claim.sync();
    } finally {
      await claim.close();
    }
    await syncFolder(disk, folder); // the new names must be there for good before anything speaks of them
    await disk.rename(path(claimName(save)), path(recordName));
  } catch (error) {
    const ended = await takeBack(disk, folder, save).catch(() => false);
    throw ended && isMissing(error) ? superseded(folder) : error;
  }
  await syncFolder(disk, folder); // and the new record before anything that the old one speaks of goes
  await clearAway(disk, folder, save).catch(() => {}); // what cannot be removed now goes with the next save
}

async function* withChecksum(
  pieces: AsyncIterable<Uint8Array>,
  done: (sum: number) => void,
): AsyncGenerator<Uint8Array> {
  let sum = 0;
  for await (const bytes of pieces) {
    sum = crc32(bytes, sum);
    yield bytes;
  }
  done(sum);
}

/** `loadCheckpoint` on any disk. */
export async function loadCheckpointOn<S>(
  disk: Disk,
  folder: string,
  options: LoadCheckpointOptions<S>,
): Promise<Required<Checkpoint<S>>> {
  const { kernels } = readOptionsOf<LoadCheckpointOptions<S>, typeof loadCheckpointOptions>(
    'loadCheckpoint',
    loadCheckpointOptions,
    options,
  );
  const path = join(folder, recordName);
  let said = parse(await readRecordFile(), path);
  for (;;) {
    const record = readRecord(said.record, kernels);
    try {
      const [parameters, state] = [await read('parameters', record), await read('state', record)];
      return assembled(record, { parameters, state }, options);
    } catch (error) {
      // Another process may have saved meanwhile, and the files of the old record are gone.
      const again = parse(await readRecordFile(), path);
      if (again.generation === said.generation) throw error;
      said = again;
    }
  }

  async function readRecordFile(): Promise<Uint8Array> {
    return withFile(disk, path, async (file) => {
      if (file.size > longestJson) throw noRecord(`${path}, which has ${file.size} bytes,`);
      const bytes = new Uint8Array(file.size);
      await file.read(bytes, 0);
      return bytes;
    });
  }

  async function read(part: Part, { checksums }: CheckpointRecord): Promise<Params> {
    return withFile(disk, join(folder, partName(part, said.generation)), async (file) => {
      let sum = 0;
      const add = (bytes: Uint8Array): void => {
        sum = crc32(bytes, sum);
      };
      try {
        const tensors = await readSafetensors(file, add, (name, x) => checkFinite(part, name, x, olderOne));
        if (sum === checksums[part]) return tensors;
      } catch (error) {
        // Whatever is wrong with the file, it matters first whether it is the one that was saved.
        if (!(error instanceof FileError) || (await checksumOf(file)) === checksums[part]) throw error;
      }
      throw damaged(part);
    });
  }
}

async function checksumOf(file: ReadableFile): Promise<number> {
  let sum = 0;
  const piece = new Uint8Array(2 ** 20);
  for (let at = 0; at < file.size; at += piece.length) {
    const bytes = piece.subarray(0, Math.min(piece.length, file.size - at));
    await file.read(bytes, at);
    sum = crc32(bytes, sum);
  }
  return sum;
}

function parse(bytes: Uint8Array, path: string): { generation: number; record: Json | undefined } {
  try {
    const json = parseJson(bytes);
    const generation = isRecord(json) ? json.get('generation') : undefined;
    if (isRecord(json) && isCount(generation)) return { generation, record: json.get('checkpoint') };
  } catch (cause) {
    if (!(cause instanceof JsonError)) throw cause;
  }
  throw noRecord(path);
}

function noRecord(what: string): FileError {
  return new FileError({
    code: 'checkpoint/format',
    got: `${what} is no record of a checkpoint`,
    expected: 'what saveCheckpoint wrote',
    fix: 'load a folder that saveCheckpoint made, unchanged',
  });
}
