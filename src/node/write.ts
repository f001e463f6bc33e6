import { dirname } from 'node:path';
import { BackendError, FileError, OptionError, ShapeError, StateError } from '../base/errors';
import type { Disk, ReadableFile } from './disk';

/** Bytes of a file, whole or in pieces. */
export type Pieces = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** Write a new file and wait until it survives a loss of power. Its name does only once the folder is synced. */
export async function writeDurably(disk: Disk, path: string, pieces: Pieces, onMade = () => {}): Promise<void> {
  const file = await disk.open(path, 'create');
  onMade();
  try {
    for await (const bytes of joined(pieces)) await file.write(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Bytes that are written at once; smaller pieces are put together until they are as many. */
const atOnce = 2 ** 20;

async function* joined(pieces: Pieces): AsyncGenerator<Uint8Array> {
  let small: Uint8Array[] = [];
  let length = 0;
  for await (const bytes of pieces) {
    if (bytes.length >= atOnce) {
      if (length > 0) yield concat(small, length);
      yield bytes;
      [small, length] = [[], 0];
    } else {
      small.push(bytes);
      length += bytes.length;
      if (length < atOnce) continue;
      yield concat(small, length);
      [small, length] = [[], 0];
    }
  }
  if (length > 0) yield concat(small, length);
}

function concat(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const bytes of pieces) {
    whole.set(bytes, at);
    at += bytes.length;
  }
  return whole;
}

/** Wait until the names in a folder survive a loss of power. */
export async function syncFolder(disk: Disk, path: string): Promise<void> {
  const folder = await disk.open(path, 'folder');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/**
 * Put a file in the place of another, or in a new one, at once: after a crash at any point there is the old file or the
 * new one, whole. A temporary file beside it may be left over.
 * @throws FileError `file/write`
 */
export async function replaceFile(disk: Disk, path: string, pieces: Pieces): Promise<void> {
  const temporary = `${path}.${process.pid}-${Math.random().toString(36).slice(2, 10)}.tmp`;
  await writing(path, async () => {
    try {
      await writeDurably(disk, temporary, pieces);
      await disk.rename(temporary, path);
    } catch (error) {
      await disk.remove(temporary).catch(() => {}); // perhaps it was never made; the first error is the one to report
      throw error;
    }
    await syncFolder(disk, dirname(path));
  });
}

const isOurs = (error: unknown): boolean =>
  [FileError, BackendError, StateError, ShapeError, OptionError].some((kind) => error instanceof kind);

/** Errors of the system become ours. @throws FileError `file/write` */
export async function writing<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (isOurs(cause)) throw cause;
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

/** Errors of the system become ours. @throws FileError `file/read` */
export async function reading<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (isOurs(cause)) throw cause;
    throw new FileError(
      {
        code: 'file/read',
        got: `cannot read ${path}: ${reason(cause)}`,
        expected: 'a file that exists and may be read',
        fix: 'check the path',
      },
      { cause },
    );
  }
}

/** Work with an open file, which is closed again. @throws FileError `file/read` */
export async function withFile<T>(disk: Disk, path: string, work: (file: ReadableFile) => Promise<T>): Promise<T> {
  return reading(path, async () => {
    const file = await disk.openToRead(path);
    try {
      return await work(file);
    } finally {
      await file.close();
    }
  });
}

/** All bytes of a file. @throws FileError `file/read` */
export async function readWhole(disk: Disk, path: string): Promise<Uint8Array> {
  return withFile(disk, path, async (file) => {
    if (file.size > mostInMemory) throw tooLong(path, file.size);
    const bytes = new Uint8Array(file.size);
    await file.read(bytes, 0);
    return bytes;
  });
}

/** The longest array of bytes in Node 20. */
const mostInMemory = 2 ** 32;

export const isMissing = (error: unknown): boolean => (error as { code?: string } | null)?.code === 'ENOENT';

/** The system's own words for the common cases, without its call and path. */
export function reason(cause: unknown): string {
  const { code, message } = cause as { code?: string; message?: string };
  const known: Readonly<Record<string, string>> = {
    ENOENT: 'no such file or folder',
    EEXIST: 'it exists already',
    EACCES: 'permission denied',
    EPERM: 'not permitted',
    EROFS: 'the file system is read-only',
    ENOTDIR: 'a part of the path is not a folder',
    EISDIR: 'it is a directory',
    ENOSPC: 'the disk is full',
  };
  return (code !== undefined && known[code]) || (message ?? String(cause));
}

function tooLong(path: string, size: number): FileError {
  return new FileError({
    code: 'file/read',
    got: `cannot read ${path}: it has ${size} bytes`,
    expected: `at most ${mostInMemory} bytes where a file is read as a whole`,
    fix: 'use safetensors, whose tensors are read one by one, or several files',
  });
}
