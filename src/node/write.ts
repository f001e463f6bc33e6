import { dirname } from 'node:path';
import { FileError } from '../base/errors';
import type { Disk } from './disk';

/** Write a new file and wait until it survives a loss of power. Its name does only once the folder is synced. */
export async function writeDurably(disk: Disk, path: string, bytes: Uint8Array, onMade = () => {}): Promise<void> {
  const file = await disk.open(path, 'create');
  onMade();
  try {
    await file.write(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
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
export async function replaceFile(disk: Disk, path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.${process.pid}-${Math.random().toString(36).slice(2, 10)}.tmp`;
  await writing(path, async () => {
    try {
      await writeDurably(disk, temporary, bytes);
      await disk.rename(temporary, path);
    } catch (error) {
      await disk.remove(temporary).catch(() => {}); // perhaps it was never made; the first error is the one to report
      throw error;
    }
    await syncFolder(disk, dirname(path));
  });
}

/** Errors of the system become ours. @throws FileError `file/write` */
export async function writing<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof FileError) throw cause;
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
    if (cause instanceof FileError) throw cause;
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
