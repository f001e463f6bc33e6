import { mkdir, open, readdir, readFile, rename, unlink } from 'node:fs/promises';

/** An open file, or an open folder, which can only be synced and closed. */
export interface OpenFile {
  write(bytes: Uint8Array): Promise<void>;
  /** Wait until everything written so far survives a loss of power. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** Every call by which files are read and written here; tests make each of them fail. */
export interface Disk {
  /** A file is made, which fails where one exists. */
  open(path: string, how: 'create' | 'folder'): Promise<OpenFile>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Make a folder and those above it; false where it was there. */
  makeFolder(path: string): Promise<boolean>;
  list(folder: string): Promise<string[]>;
  read(path: string): Promise<Uint8Array>;
}

const flags = { create: 'wx', folder: 'r' } as const;

/** Windows has no way to sync a folder, and renames durably by itself. */
const noFolders: OpenFile = { write: async () => {}, sync: async () => {}, close: async () => {} };

/** The disk of this machine. */
export const disk: Disk = {
  async open(path, how) {
    if (how === 'folder' && process.platform === 'win32') return noFolders;
    const file = await open(path, flags[how]);
    return { write: (bytes) => file.writeFile(bytes), sync: () => file.sync(), close: () => file.close() };
  },
  rename,
  remove: unlink,
  makeFolder: async (path) => (await mkdir(path, { recursive: true })) !== undefined,
  list: (folder) => readdir(folder),
  read: (path) => readFile(path),
};
