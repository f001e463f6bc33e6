import { randomBytes } from 'node:crypto';
import { rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { FileError } from '../index';
import { reason } from '../node/write';

/** A file that will be written at the end of a command. What it held before stays until the new text is complete. */
export interface OutputFile {
  readonly path: string;
  write(text: string): Promise<void>;
}

/**
 * Check now that `path` can be written later, by making and removing a temporary file beside it, so that an hour of
 * training is not lost to a mistyped folder.
 * @throws FileError `file/write`
 */
export async function outputFile(name: string, cwd: string): Promise<OutputFile> {
  const path = resolve(cwd, name);
  const temporary = `${path}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`;
  await attempt(path, async () => {
    const target = await stat(path).catch(() => null);
    if (target?.isDirectory()) throw new Error('it is a directory');
    if (target && !target.isFile()) throw new Error('it is not an ordinary file');
    await writeFile(temporary, '', { flag: 'wx' });
    await rm(temporary);
  });
  return {
    path,
    write: (text) =>
      attempt(path, async () => {
        try {
          await writeFile(temporary, text, { flag: 'wx' });
          await rename(temporary, path);
        } finally {
          await rm(temporary, { force: true });
        }
      }),
  };
}

async function attempt(path: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (cause) {
    throw new FileError(
      {
        code: 'file/write',
        got: `cannot write ${path}: ${reason(cause)}`,
        expected: 'a file name in a folder that exists and may be written to',
        fix: `create ${dirname(path)} or choose another file`,
      },
      { cause },
    );
  }
}
