import { randomBytes } from 'node:crypto';
import { mkdir, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { writing } from '../node/write';
import { placeOf } from './files';
import { undivided } from './terminal/ending';

/** A file that will be written at the end of a command. What it held before stays until the new text is complete. */
export interface OutputFile {
  /** The path as the user gave it. */
  readonly path: string;
  /** Where that leads, after all links. */
  readonly place: string;
  write(text: string): Promise<void>;
  /** The same as a work of `beforeEnd`: when a process ends early, `write` begins nothing more. */
  writeAtEnd(text: string): Promise<void>;
}

/**
 * Check now that `path` can be written later, by making and removing a temporary file beside it, so that an hour of
 * training is not lost to a mistyped folder.
 * @throws FileError `file/write`
 */
export async function outputFile(name: string, cwd: string): Promise<OutputFile> {
  const path = resolve(cwd, name);
  const place = await placeOf(path);
  const temporary = temporaryName(place);
  await attempt(path, async () => {
    const target = await stat(place).catch(() => null);
    if (target?.isDirectory()) throw new Error('it is a directory');
    if (target && !target.isFile()) throw new Error('it is not an ordinary file');
    await probe(temporary);
  });
  const replace = async (text: string): Promise<void> => {
    try {
      await writeFile(temporary, text, { flag: 'wx' });
      await rename(temporary, place);
    } finally {
      await rm(temporary, { force: true });
    }
  };
  return {
    path,
    place,
    write: (text) => attempt(path, () => replace(text)),
    writeAtEnd: (text) => writing(path, () => replace(text)),
  };
}

/** An output file, if it has a name; `-` is standard output. @throws FileError `file/write` */
export async function optionalFile(name: string | undefined, cwd: string): Promise<OutputFile | null> {
  return name === undefined || name === '-' ? null : outputFile(name, cwd);
}

/**
 * Check now that folders can be made and written to later, in the same way. Nothing of the try stays.
 * @throws FileError `file/write`
 */
export async function checkFolder(path: string, inside: readonly string[]): Promise<void> {
  await attempt(path, async () => {
    const top = await mkdir(path, { recursive: true });
    try {
      await probe(temporaryName(join(path, 'checkpoint')));
    } finally {
      for (let made = path; top !== undefined && made.length >= top.length; made = dirname(made)) await rmdir(made);
    }
  });
  for (const name of inside) {
    const folder = join(path, name);
    await attempt(folder, async () => {
      const found = await stat(folder).catch(() => null);
      if (found === null) return;
      if (!found.isDirectory()) throw new Error('it is not a folder');
      await probe(temporaryName(join(folder, 'checkpoint')));
    });
  }
}

const temporaryName = (path: string): string => `${path}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`;

async function probe(temporary: string): Promise<void> {
  await writeFile(temporary, '', { flag: 'wx' });
  await rm(temporary);
}

/** @throws FileError `file/write` */
const attempt = (path: string, work: () => Promise<void>): Promise<void> => writing(path, () => undivided(work));
