import { join } from 'node:path';
import { FileError } from '../base/errors';
import { type Part, parts } from '../io/checkpoint-record';
import type { Disk } from './disk';
import { isMissing, syncFolder } from './write';

/** The file that decides which checkpoint a folder holds. It begins with the number of the save that wrote it. */
export const recordName = 'checkpoint.json';
const beginning = /^\{"generation":(\d{1,15}),/;

/** The files of a save: its claim, which becomes the record, and those that the record speaks of. */
export const claimName = (save: number): string => `checkpoint-${save}.json`;
export const partName = (part: Part, save: number): string => `${part}-${save}.safetensors`;
const ownFile = /^(?:parameters|state|checkpoint)-(\d{1,15})\.(?:safetensors|json)$/;

/** A number that no other save has: 15 digits, of which nearly 50 bits are drawn. */
export function newSave(): number {
  const [a, b] = crypto.getRandomValues(new Uint32Array(2)) as unknown as [number, number];
  return 10 ** 14 + ((a * 2 ** 18 + (b >>> 14)) % (8 * 10 ** 14));
}

/** The save whose checkpoint a folder holds; null where there is none. */
async function currentSave(disk: Disk, folder: string): Promise<number | null> {
  let file: Awaited<ReturnType<Disk['openToRead']>>;
  try {
    file = await disk.openToRead(join(folder, recordName));
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
  try {
    const start = new Uint8Array(Math.min(64, file.size));
    await file.read(start, 0);
    const [, save] = beginning.exec(new TextDecoder().decode(start)) ?? [];
    return save === undefined ? null : Number(save);
  } finally {
    await file.close();
  }
}

/**
 * Clear away what other saves have left, and end those that are under way: without its claim a save cannot become the
 * checkpoint any more, so what it has written can go. If another one has become it meanwhile, it does the same, and
 * this one removes nothing.
 */
export async function clearAway(disk: Disk, folder: string, save: number): Promise<void> {
  const names = await disk.list(folder);
  const ended: number[] = [];
  for (const other of new Set(names.map(saveOf))) {
    if (other === null || other === save) continue;
    if (await removed(disk, join(folder, claimName(other)))) ended.push(other);
  }
  if ((await currentSave(disk, folder)) !== save) return;
  for (const other of ended) {
    for (const part of parts) await removed(disk, join(folder, partName(part, other)));
  }
}

/**
 * Take back a save that failed; true where another save has ended it. Where its record got its name although that was
 * reported as a failure, everything stays.
 */
export async function takeBack(disk: Disk, folder: string, save: number): Promise<boolean> {
  const current = await currentSave(disk, folder);
  if (current === save) return false;
  const names = await disk.list(folder);
  await removed(disk, join(folder, claimName(save)));
  await syncFolder(disk, folder); // what the record says now must be there for good before anything goes
  for (const part of parts) await removed(disk, join(folder, partName(part, save)));
  return current !== null && !names.includes(claimName(save));
}

const saveOf = (name: string): number | null => {
  const [, save] = ownFile.exec(name) ?? [];
  return save === undefined ? null : Number(save);
};

/** Whether a file is gone, now or before. */
async function removed(disk: Disk, path: string): Promise<boolean> {
  try {
    await disk.remove(path);
    return true;
  } catch (error) {
    return isMissing(error);
  }
}

export function superseded(folder: string): FileError {
  return new FileError({
    code: 'checkpoint/superseded',
    got: `another save into ${folder} ended while this one was under way`,
    expected: 'one process that saves into a folder; it holds the checkpoint of the other one',
    fix: 'give every run a folder of its own',
  });
}
