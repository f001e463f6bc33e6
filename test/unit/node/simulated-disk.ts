import { dirname } from 'node:path';
import type { Disk, OpenFile, ReadableFile } from '../../../src/node/disk';

/** The power went out, or the process was killed: this call and all that follow never return. */
export class Crash extends Error {}

interface File {
  /** What a reader sees, and what is surely on the disk. */
  seen: Uint8Array;
  durable: Uint8Array;
}

/** What happens at a call; 'before' it does anything, or 'after' it has done it (or, of a write, half of it). */
export type Fault = (call: string, index: number) => 'before' | 'after' | 'crash' | null;

/**
 * A disk in memory that forgets: after `powerLoss` a file has the bytes of its last sync, and a folder the names of its
 * last sync, or any of the states since, as `keep` says. It counts its calls, and each can be made to fail.
 */
export class SimulatedDisk implements Disk {
  readonly calls: string[] = [];
  private names = new Map<string, File>();
  private durableNames = new Map<string, File>();
  private readonly folders = new Set<string>();
  private crashed = false;

  constructor(public fault: Fault = () => null) {}

  private async call<T>(name: string, work: () => T, half?: () => void): Promise<T> {
    if (this.crashed) throw new Crash();
    const outcome = this.fault(name, this.calls.push(name) - 1);
    if (outcome === 'crash') {
      half?.();
      this.crashed = true;
      throw new Crash();
    }
    if (outcome === 'before') throw new Error(`a fault before ${name}`);
    if (outcome === 'after' && half) half();
    else {
      const result = work();
      if (outcome === null) return result;
    }
    throw new Error(`a fault after ${name}`);
  }

  open(path: string, how: 'create' | 'folder'): Promise<OpenFile> {
    return this.call(`open ${path}`, () => {
      const open = this.names.get(path);
      if (how === 'create' && open) throw new Error('it exists already');
      const file: File = { seen: new Uint8Array(), durable: new Uint8Array() };
      if (how === 'create') this.names.set(path, file);
      const write = (bytes: Uint8Array): void => {
        const longer = new Uint8Array(file.seen.length + bytes.length);
        longer.set(file.seen);
        longer.set(bytes, file.seen.length);
        file.seen = longer; // the last sync keeps the other
      };
      return {
        write: (bytes) =>
          this.call(
            `write ${path}`,
            () => write(bytes),
            () => write(bytes.subarray(0, bytes.length / 2)),
          ),
        sync: () =>
          this.call(`sync ${path}`, () => {
            if (how === 'create') file.durable = file.seen;
            else this.syncNames(path);
          }),
        close: () => this.call(`close ${path}`, () => {}),
      };
    });
  }
  rename(from: string, to: string): Promise<void> {
    return this.call(`rename ${from} ${to}`, () => {
      const file = this.names.get(from);
      if (!file) throw noSuchFile();
      this.names.set(to, file);
      this.names.delete(from);
    });
  }
  remove(path: string): Promise<void> {
    return this.call(`remove ${path}`, () => {
      if (!this.names.delete(path)) throw noSuchFile();
    });
  }
  makeFolder(path: string): Promise<boolean> {
    return this.call(`makeFolder ${path}`, () => {
      const made = !this.folders.has(path);
      this.folders.add(path);
      return made;
    });
  }
  list(folder: string): Promise<string[]> {
    return this.call(`list ${folder}`, () =>
      [...this.names.keys()].filter((path) => dirname(path) === folder).map((path) => path.slice(folder.length + 1)),
    );
  }
  /** An open file keeps its bytes, whatever becomes of its name. */
  openToRead(path: string): Promise<ReadableFile> {
    return this.call(`openToRead ${path}`, () => {
      const file = this.names.get(path);
      if (!file) throw noSuchFile();
      return {
        size: file.seen.length,
        read: (into, at) => this.call(`read ${path}`, () => into.set(file.seen.subarray(at, at + into.length))),
        close: () => this.call(`close ${path}`, () => {}),
      };
    });
  }
  realPath(folder: string): Promise<string> {
    return this.call(`realPath ${folder}`, () => folder);
  }

  private syncNames(folder: string): void {
    const inside = ([path]: [string, File]): boolean => dirname(path) === folder;
    this.durableNames = new Map([
      ...[...this.durableNames].filter((entry) => !inside(entry)),
      ...[...this.names].filter(inside),
    ]);
  }

  /** Another disk in the same state. */
  copy(): SimulatedDisk {
    const next = new SimulatedDisk();
    const files = new Map<File, File>();
    const copied = ([path, file]: [string, File]): [string, File] => {
      const copy = files.get(file) ?? { ...file };
      files.set(file, copy);
      return [path, copy];
    };
    next.names = new Map([...this.names].map(copied));
    next.durableNames = new Map([...this.durableNames].map(copied));
    for (const folder of this.folders) next.folders.add(folder);
    return next;
  }

  /** The disk as the next process finds it; a kill keeps what was done, a power loss what was synced and some of the rest. */
  restarted(loss: 'kill' | 'power', keep: () => boolean = () => false): SimulatedDisk {
    const next = new SimulatedDisk();
    const copy = (file: File): File => ({ seen: file.seen.slice(), durable: file.seen.slice() });
    const after = ({ seen, durable }: File): File =>
      copy({ seen: loss === 'kill' || keep() ? seen : durable, durable });
    // A folder is written as a whole or entry by entry: each name that changed since the last sync is old or new.
    for (const path of new Set([...this.names.keys(), ...this.durableNames.keys()])) {
      const [now, then] = [this.names.get(path), this.durableNames.get(path)];
      const file = loss === 'kill' || now === then || keep() ? now : then;
      if (file) next.names.set(path, after(file));
    }
    for (const folder of this.folders) next.folders.add(folder);
    next.durableNames = new Map(next.names);
    return next;
  }
}

const noSuchFile = (): Error => Object.assign(new Error('no such file'), { code: 'ENOENT' });
