import { type FileHandle, mkdir, open, readdir, realpath, rename, unlink } from 'node:fs/promises';
import type { ByteSource } from '../io/safetensors-pieces';

/** An open file, or an open folder, which can only be synced and closed. */
export interface OpenFile {
  /** Appends to what was written before. */
  write(bytes: Uint8Array): Promise<void>;
  /** Wait until everything written so far survives a loss of power. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** A file that is read where it lies; it stays readable while it is open, even if its name goes. */
export interface ReadableFile extends ByteSource {
  close(): Promise<void>;
}

/** Every call by which files are read and written here; tests make each of them fail. */
export interface Disk {
  /** A file is made, which fails where one exists. */
  open(path: string, how: 'create' | 'folder'): Promise<OpenFile>;
  openToRead(path: string): Promise<ReadableFile>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Make a folder and those above it; false where it was there. */
  makeFolder(path: string): Promise<boolean>;
  list(folder: string): Promise<string[]>;
  /** The path of a folder without links: two paths of one folder have one. */
  realPath(folder: string): Promise<string>;
}

const flags = { create: 'wx', folder: 'r' } as const;

/** Windows has no way to sync a folder, and renames durably by itself. */
const noFolders: OpenFile = { write: async () => {}, sync: async () => {}, close: async () => {} };

/** Bytes in one call of the system, which none of them refuses as too many. */
const most = 2 ** 26;

/** The disk of this machine. */
export const disk: Disk = {
  async open(path, how) {
    if (how === 'folder' && process.platform === 'win32') return noFolders;
    const file = await open(path, flags[how]);
    return { write: (bytes) => writeAll(file, bytes), sync: () => file.sync(), close: () => file.close() };
  },
  async openToRead(path) {
    const file = await open(path, 'r');
    try {
      const found = await file.stat();
      if (!found.isFile()) return inMemory(file, await file.readFile());
      const { size } = found;
      return { size, read: (into, at) => readAll(file, into, at), close: () => file.close() };
    } catch (error) {
      await file.close();
      throw error;
    }
  },
  rename,
  remove: unlink,
  makeFolder: async (path) => (await mkdir(path, { recursive: true })) !== undefined,
  list: (folder) => readdir(folder),
  realPath: (folder) => realpath(folder),
};

/** A pipe has no size and no places. */
const inMemory = (file: FileHandle, bytes: Uint8Array): ReadableFile => ({
  size: bytes.length,
  read: async (into, at) => into.set(bytes.subarray(at, at + into.length)),
  close: () => file.close(),
});

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += (await file.write(bytes, done, Math.min(most, bytes.length - done))).bytesWritten;
  }
}

async function readAll(file: FileHandle, into: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < into.length; ) {
    const { bytesRead } = await file.read(into, done, Math.min(most, into.length - done), at + done);
    if (bytesRead === 0) throw new Error('it was cut off while it was read');
    done += bytesRead;
  }
}
