import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Checkpoint, FileError, OptionError, type Tensor, tensor, zeros } from '../../../src/index';
import { loadCheckpointOn, saveCheckpointOn } from '../../../src/node/checkpoint';
import type { Disk } from '../../../src/node/disk';
import { assign } from '../../../src/tensor/assign';
import { choice, folder, held, nth } from './numbered';
import { Crash, SimulatedDisk } from './simulated-disk';

const disks = new Map<string, SimulatedDisk>();

async function diskWith(...checkpoints: number[]): Promise<SimulatedDisk> {
  const name = checkpoints.join();
  const disk = disks.get(name) ?? new SimulatedDisk();
  if (!disks.has(name)) for (const n of checkpoints) await saveCheckpointOn(disk, folder, nth(n));
  disks.set(name, disk);
  return disk.copy();
}

/** Calls of one save into a folder that holds a checkpoint, or none. */
async function callsOf(...before: number[]): Promise<string[]> {
  const disk = await diskWith(...before);
  const from = disk.calls.length;
  await saveCheckpointOn(disk, folder, nth(9));
  return disk.calls.slice(from);
}

describe('a checkpoint on a disk', () => {
  it('is the last that was saved, and the files of older ones go', async () => {
    const disk = await diskWith(1, 2, 3);
    expect(await held(disk)).toBe(3);
    expect((await disk.list(folder)).sort()).toEqual([
      'checkpoint.json',
      expect.stringMatching(/^parameters-\d{15}\.safetensors$/),
      expect.stringMatching(/^state-\d{15}\.safetensors$/),
    ]);
  });

  it('a fault at any call of a save leaves the old one, or the new one once that is complete', async () => {
    const calls = await callsOf(1, 2);
    const commit = calls.findIndex((call) => call.startsWith('rename'));
    expect(calls.slice(commit, commit + 4).map((call) => call.split(' ')[0])).toEqual([
      'rename',
      'open',
      'sync',
      'close',
    ]);
    for (const how of ['before', 'after'] as const) {
      for (const [at, call] of calls.entries()) {
        const disk = await diskWith(1, 2);
        const from = disk.calls.length;
        disk.fault = (_, index) => (index === from + at ? how : null);
        const error = await saveCheckpointOn(disk, folder, nth(9)).catch((thrown: unknown) => thrown);
        disk.fault = () => null;
        // Behind the sync of the folder everything is clearing away, and no reason to call a save a failure.
        if (at > commit + 3) expect(error, call).toBeUndefined();
        else expect(error, call).toBeInstanceOf(FileError);
        const done = at > commit || (at === commit && how === 'after');
        expect(await held(disk), `${how} ${call}`).toBe(done ? 9 : 2);
        for (const n of [10, 11]) {
          await saveCheckpointOn(disk, folder, nth(n)); // and the next saves work, and clear away what was left
          expect(await held(disk)).toBe(n);
        }
        expect((await disk.list(folder)).length, `${how} ${call}`).toBe(3);
      }
    }
  });

  it('a fault at any two calls of a save, its clean-up too', async () => {
    const calls = await callsOf(2);
    for (let first = 0; first < calls.length; first++) {
      for (let second = first + 1; second < calls.length + 4; second++) {
        const disk = await diskWith(2);
        const from = disk.calls.length;
        disk.fault = (_, index) => (index === from + first || index === from + second ? 'before' : null);
        await saveCheckpointOn(disk, folder, nth(9)).catch(() => {});
        disk.fault = () => null;
        expect([2, 9]).toContain(await held(disk));
        await saveCheckpointOn(disk, folder, nth(10));
        expect(await held(disk)).toBe(10);
      }
    }
  });

  it.each(['kill', 'power'] as const)(
    'a %s at any call of a save leaves the old one or the new one, whole',
    async (loss) => {
      const calls = await callsOf(1, 2);
      const commit = calls.findIndex((call) => call.startsWith('rename'));
      const outcomes = new Set<number>();
      for (let at = 0; at <= calls.length; at++) {
        for (let seed = 0; seed < (loss === 'kill' ? 1 : 40); seed++) {
          const disk = await diskWith(1, 2);
          const from = disk.calls.length;
          disk.fault = (_, index) => (index === from + at ? 'crash' : null);
          const error = await saveCheckpointOn(disk, folder, nth(9)).catch((thrown: unknown) => thrown);
          if (at < calls.length) expect((error as Error | undefined)?.cause ?? new Crash()).toBeInstanceOf(Crash);
          const draw = choice(seed);
          const next = disk.restarted(loss, seed === 0 ? () => false : seed === 1 ? () => true : draw);
          const found = await held(next);
          expect(found, `${loss} at ${calls[at] ?? 'the end'}, ${seed}`).toBe(
            at > commit + 3 ? 9 : found === 9 && at > commit ? 9 : 2,
          );
          outcomes.add(found);
          await saveCheckpointOn(next, folder, nth(10));
          expect(await held(next)).toBe(10);
          expect((await next.list(folder)).length).toBe(3);
        }
      }
      expect(outcomes).toEqual(new Set([2, 9]));
    },
  );

  it('the first checkpoint of a folder is there or not', async () => {
    const calls = await callsOf();
    for (let at = 0; at <= calls.length; at++) {
      const disk = new SimulatedDisk((_, index) => (index === at ? 'crash' : null));
      await saveCheckpointOn(disk, folder, nth(9)).catch(() => {});
      const next = disk.restarted('power', choice(at));
      const found = await held(next).catch((error: FileError) => error.code);
      expect(at === calls.length ? [9] : [9, 'file/read']).toContain(found);
      await saveCheckpointOn(next, folder, nth(10));
      expect(await held(next)).toBe(10);
    }
  });

  it('would be lost at a loss of power without any one of the syncs, so none is in vain', async () => {
    const calls = await callsOf(1, 2);
    const commit = calls.findIndex((call) => call.startsWith('rename'));
    const syncs = calls.filter((call) => call.startsWith('sync'));
    expect(syncs.length).toBe(5); // two files, the record, the folder before and after
    for (let skipped = 0; skipped < syncs.length; skipped++) {
      let lost = 0;
      for (let at = commit; at <= calls.length; at++) {
        for (let seed = 0; seed < 20; seed++) {
          const disk = await diskWith(1, 2);
          const from = disk.calls.length;
          disk.fault = (_, index) => (index >= from + at ? 'crash' : null);
          await saveCheckpointOn(withoutSync(disk, skipped), folder, nth(9)).catch(() => {});
          const found = await held(disk.restarted('power', choice(seed))).catch(() => 'lost');
          if (found === 'lost') lost++;
        }
      }
      expect(lost, syncs[skipped]).toBeGreaterThan(0);
    }
  });

  it('saves of one process are taken in order, each with the values of its call', async () => {
    const disk = await diskWith(1);
    const orders: number[] = [];
    const saves = [9, 10, 11].map((n) => saveCheckpointOn(disk, folder, nth(n)).then(() => orders.push(n)));
    const refused = saveCheckpointOn(disk, folder, { ...nth(12), steps: -1 });
    const live = nth(13);
    const last = saveCheckpointOn(disk, folder, live);
    assign(live.parameters.weight as Tensor, tensor([0, 0]));
    (live.position as { line: number }).line = 0;
    await expect(refused).rejects.toThrow(OptionError);
    await Promise.all([...saves, last]);
    expect(orders).toEqual([9, 10, 11]);
    expect(await held(disk)).toBe(13);
    expect((await disk.list(folder)).length).toBe(3);
  });

  it('is found by a reader while another process saves', async () => {
    const found = new Set<number>();
    for (let at = 0; at < 3; at++) {
      const disk = await diskWith(1);
      let opened = 0;
      const racing: Disk = {
        ...bound(disk),
        async openToRead(path) {
          if (opened++ === at) await saveCheckpointOn(disk, folder, nth(2)); // and its old files are gone
          return disk.openToRead(path);
        },
      };
      found.add(await held(racing));
    }
    expect(found).toEqual(new Set([2]));
  });

  it('says what is wrong with a folder', async () => {
    const load = (disk: Disk) => loadCheckpointOn(disk, folder, {});
    await expect(load(new SimulatedDisk())).rejects.toThrow(/file\/read.*no such file/);
    const disk = await diskWith(1);
    const changed = (name: string, change: (bytes: Uint8Array) => Uint8Array): Disk => ({
      ...bound(disk),
      async openToRead(path) {
        const file = await disk.openToRead(path);
        if (!basename(path).startsWith(name)) return file;
        const bytes = new Uint8Array(file.size);
        await file.read(bytes, 0);
        const other = change(bytes);
        return {
          ...file,
          size: other.length,
          read: async (into, at) => into.set(other.subarray(at, at + into.length)),
        };
      },
    });
    const flip = (bytes: Uint8Array): Uint8Array => bytes.map((byte, i) => (i === bytes.length - 1 ? byte ^ 1 : byte));
    const edit = (from: string, to: string) => (bytes: Uint8Array) =>
      new TextEncoder().encode(new TextDecoder().decode(bytes).replace(from, to));
    await expect(load(changed('parameters-', flip))).rejects.toThrow(/checkpoint\/damaged.*parameters/);
    await expect(load(changed('state-', (bytes) => bytes.subarray(0, 20)))).rejects.toThrow(/checkpoint\/damaged/);
    await expect(load(changed('checkpoint.json', (bytes) => bytes.subarray(0, 40)))).rejects.toThrow(
      /checkpoint\/format/,
    );
    await expect(load(changed('checkpoint.json', edit('"generation":', '"generation":"../1","x":')))).rejects.toThrow(
      /checkpoint\/format/,
    );
    await expect(load(changed('checkpoint.json', edit('"generation":', '"generation":7,"other":')))).rejects.toThrow(
      /file\/read.*parameters-7\.safetensors: no such file/,
    );
    await expect(load(changed('checkpoint.json', edit('"version":1', '"version":2')))).rejects.toThrow(
      /checkpoint\/version.*2/,
    );
    await expect(load(changed('checkpoint.json', edit('floragrad checkpoint', 'something')))).rejects.toThrow(
      /checkpoint\/format/,
    );
    await expect(load(changed('checkpoint.json', edit('"steps":1', '"steps":-1')))).rejects.toThrow(
      /checkpoint\/format.*steps/,
    );
  });

  it('refuses what it cannot hold, and leaves the folder alone', async () => {
    const disk = await diskWith(1);
    const save = (change: object) => saveCheckpointOn(disk, folder, { ...nth(2), ...change } as Checkpoint);
    await expect(save({ state: { f: () => 1 } })).rejects.toThrow(/checkpoint\/plain-data.*function at "f"/);
    await expect(save({ state: new Map() })).rejects.toThrow(/checkpoint\/plain-data.*a Map/);
    await expect(save({ position: { x: zeros([1]) } })).rejects.toThrow(/checkpoint\/plain-data.*tensor at "\/x"/);
    await expect(save({ stat: 1 })).rejects.toThrow(OptionError);
    expect(await held(disk)).toBe(1);
  });
});

const bound = (disk: SimulatedDisk): Disk => ({
  open: disk.open.bind(disk),
  rename: disk.rename.bind(disk),
  remove: disk.remove.bind(disk),
  makeFolder: disk.makeFolder.bind(disk),
  list: disk.list.bind(disk),
  openToRead: disk.openToRead.bind(disk),
  realPath: disk.realPath.bind(disk),
});

/** A disk on which one sync does nothing, without a word, and saves that forgot it would do the same. */
function withoutSync(disk: SimulatedDisk, skipped: number): Disk {
  let syncs = 0;
  return {
    ...bound(disk),
    async open(path, how) {
      const file = await disk.open(path, how);
      return { ...file, sync: async () => (syncs++ === skipped ? undefined : file.sync()) };
    },
  };
}
