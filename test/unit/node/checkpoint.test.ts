import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type Checkpoint,
  decodeCheckpoint,
  encodeCheckpoint,
  FileError,
  OptionError,
  scope,
  type Tensor,
  tensor,
  zeros,
} from '../../../src/index';
import { crc32 } from '../../../src/io/crc32';
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
        // After the sync of the folder only old files are removed; a failure there does not make the save one.
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
    const one = await diskWith(1);
    const disk: Disk = { ...bound(one), rename: firstIsLate(one.rename.bind(one)) };
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

  it('two paths of one folder are one folder', async () => {
    const disk = await diskWith(1);
    const real = (path: string): string => path.replace('/a/link', folder);
    const linked: Disk = {
      ...bound(disk),
      open: (path, how) => disk.open(real(path), how),
      openToRead: (path) => disk.openToRead(real(path)),
      rename: firstIsLate((from, to) => disk.rename(real(from), real(to))),
      remove: (path) => disk.remove(real(path)),
      list: (path) => disk.list(real(path)),
      realPath: async (path) => real(path),
    };
    await Promise.all([9, 10, 11, 12].map((n) => saveCheckpointOn(linked, n % 2 ? folder : '/a/link', nth(n))));
    expect([11, 12]).toContain(await held(disk));
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

  it('without a part, names the part that is missing', async () => {
    const disk = await diskWith(1);
    const [state] = (await disk.list(folder)).filter((name) => name.startsWith('state-')) as [string];
    await disk.remove(`${folder}/${state}`);
    await expect(loadCheckpointOn(disk, folder, {})).rejects.toThrow(`cannot read ${folder}/${state}: no such file`);
  });

  it('leaves nothing behind where the final rename fails again and again', async () => {
    for (const how of ['before', 'after'] as const) {
      const disk = await diskWith(1);
      for (let again = 0; again < 3; again++) {
        disk.fault = (call) => (call.startsWith('rename') ? how : null);
        await expect(saveCheckpointOn(disk, folder, nth(9))).rejects.toThrow(/file\/write.*fault/);
        disk.fault = () => null;
        expect((await disk.list(folder)).length).toBeLessThanOrEqual(how === 'before' ? 3 : 3 + 2 * (again + 1));
        expect(await held(disk)).toBe(how === 'before' ? 1 : 9);
      }
      await saveCheckpointOn(disk, folder, nth(10));
      expect((await disk.list(folder)).length).toBe(3);
    }
  });

  const wrong: [string, object, RegExp][] = [
    ...[Number.NaN, -1, 1.5, '3', 2 ** 53, undefined, null, 3n, Number.POSITIVE_INFINITY, [1]].map(
      (steps): [string, object, RegExp] => [
        `steps ${typeof steps} ${String(steps)}`,
        { steps },
        /options\/range.*saveCheckpoint got steps/,
      ],
    ),
    ...[[1.5, 2], [undefined, 2], [-1, 2], [2 ** 32, 1], [1], [1, 2, 3], ['1', 2], new Uint32Array(2), 'key', null].map(
      (key): [string, object, RegExp] => [
        `the key ${JSON.stringify(key)}`,
        { keys: { good: [1, 2], data: key } },
        /checkpoint\/keys.*saveCheckpoint got keys\["data"\]/,
      ],
    ),
    ...[null, [[1, 2]], 'keys', 7].map((keys): [string, object, RegExp] => [
      `the keys ${JSON.stringify(keys)}`,
      { keys },
      /checkpoint\/keys.*saveCheckpoint got keys =/,
    ]),
    ...[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map((x): [string, object, RegExp] => [
      `a parameter with ${x}`,
      { parameters: { fine: tensor([1]), 'layer.weight': tensor([0, 1, x]) } },
      /checkpoint\/non-finite.*element 2 of the parameter "layer.weight".*clipByGlobalNorm/,
    ]),
    [
      'a NaN in the state',
      { state: { mean: { weight: tensor([0, Number.NaN]) } } },
      /checkpoint\/non-finite.*element 1 of the state "\/mean\/weight"/,
    ],
    ['a function', { state: { f: () => 1 } }, /checkpoint\/plain-data.*function at "f"/],
    ['a Map', { state: new Map() }, /checkpoint\/plain-data.*a Map/],
    ['a list with a hole', { state: { list: Array(2) } }, /checkpoint\/plain-data.*undefined at "list\/0"/],
    ['a list with names', { position: Object.assign([1], { x: 2 }) }, /checkpoint\/plain-data.*a list with names/],
    ['a symbol', { state: { [Symbol('s')]: 1 } }, /checkpoint\/plain-data.*symbols/],
    ['a circle', { state: circle() }, /checkpoint\/plain-data.*more than 100 levels/],
    ['a tensor in the position', { position: { x: zeros([1]) } }, /checkpoint\/plain-data.*tensor at "\/x"/],
    ['a name that a header keeps', { parameters: { __metadata__: zeros([1]) } }, /safetensors\/name/],
    ['a freed tensor', { parameters: { w: freed() } }, /scope\/freed/],
    ['a typing error', { stat: 1 }, /options\/unknown.*saveCheckpoint/],
  ];

  it.each(wrong)('refuses %s before it touches the folder', async (_, change, message) => {
    const disk = await diskWith(1);
    const from = disk.calls.length;
    await expect(saveCheckpointOn(disk, folder, { ...nth(2), ...change } as Checkpoint)).rejects.toThrow(message);
    expect(disk.calls.length).toBe(from);
    expect(await held(disk)).toBe(1);
  });

  it('keeps infinity in a state, whole numbers that are not finite, and every number in int32', async () => {
    const disk = new SimulatedDisk();
    const parameters = { ids: tensor([-(2 ** 31)], { dtype: 'int32' }) };
    const state = { best: Number.POSITIVE_INFINITY, last: Number.NaN, second: tensor([Infinity, -Infinity, -0]) };
    await saveCheckpointOn(disk, folder, { parameters, state, steps: 2 ** 53 - 1, keys: { k: [2 ** 32 - 1, 0] } });
    const loaded = await loadCheckpointOn<typeof state>(disk, folder, {});
    expect(Array.from(loaded.state.second.dataSync())).toEqual([Infinity, -Infinity, -0]);
    expect([loaded.state.best, loaded.state.last, loaded.steps, loaded.keys]).toEqual([
      Number.POSITIVE_INFINITY,
      Number.NaN,
      2 ** 53 - 1,
      { k: [2 ** 32 - 1, 0] },
    ]);
  });

  it('of an older version with a NaN says so when it is loaded', async () => {
    const files = await encodeCheckpoint({ parameters: { w: tensor([1, 2]) }, state: {}, steps: 1 });
    const parameters = files.parameters.slice();
    parameters.set([0, 0, 0xc0, 0x7f], parameters.length - 4);
    const { checksums } = JSON.parse(files.record) as { checksums: { parameters: number } };
    const record = files.record.replace(String(checksums.parameters), String(crc32(parameters)));
    expect(() => decodeCheckpoint({ ...files, record, parameters })).toThrow(/checkpoint\/non-finite.*loadSafetensors/);
    expect(() => decodeCheckpoint({ ...files, parameters })).toThrow(/checkpoint\/damaged/);
  });
});

/** Delays the first rename, so that without an order the later saves would finish first and end this one. */
function firstIsLate(rename: Disk['rename']): Disk['rename'] {
  let renames = 0;
  return async (from, to) => {
    if (renames++ === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    return rename(from, to);
  };
}

/** A state that holds itself. */
function circle(): object {
  const state: { inner?: object } = {};
  state.inner = state;
  return state;
}

function freed(): Tensor {
  const kept: Tensor[] = [];
  scope(() => {
    kept.push(zeros([2]).add(1));
  });
  return kept[0] as Tensor;
}

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
