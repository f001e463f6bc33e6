import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  decodeCheckpoint,
  encodeCheckpoint,
  referenceBackend,
  setBackend,
  type Tensor,
  tensor,
  wasmBackend,
} from '../../src/index';
import { firstDifference, readTree } from '../../src/laws/transform/tree-leaves';
import { loadCheckpoint, saveCheckpoint } from '../../src/node';
import { transformRows } from '../laws/transforms';
import { checkpointOf, trainerOf, trainUntil } from './resume-run';

/** `RUNS=12 npx vitest run test/property/resume.test.ts` is the long form, which CI runs. */
const runs = Number(process.env.RUNS ?? 3);
const backends = { reference: referenceBackend, wasm: wasmBackend };

/** In words, where two trees differ in a bit; null if they do not. */
const difference = async (a: unknown, b: unknown) => firstDifference(await readTree(a), await readTree(b));

describe.each(Object.entries(backends))('on %s, trained, saved, loaded and trained on is trained', (backend, make) => {
  beforeAll(() => setBackend(make()));
  afterAll(() => setBackend(wasmBackend()));

  it.each(transformRows)('$name', async (row) => {
    const lengths = fc
      .integer({ min: 2, max: 9 })
      .chain((n) => fc.tuple(fc.constant(n), fc.integer({ min: 0, max: n })));
    await fc.assert(
      fc.asyncProperty(lengths, fc.nat(1e6), async ([n, k], seed) => {
        const whole = trainerOf(row, seed);
        const losses = trainUntil(whole, n);
        const first = trainerOf(row, seed);
        trainUntil(first, k);
        const like = { parameters: first.parameters, state: first.transform.init(first.parameters) };
        const saved = decodeCheckpoint(await encodeCheckpoint(checkpointOf(first)), { like });
        const second = trainerOf(row, seed, saved);
        expect(trainUntil(second, n)).toEqual(losses.slice(k));
        expect(await difference(second.parameters, whole.parameters)).toBe(null);
        expect(await difference(second.state, whole.state)).toBe(null);
      }),
      { numRuns: row.composed && backend === 'reference' ? 1 : runs },
    );
  });
});

describe('what the property is worth', () => {
  it('a state or a step that is lost is seen', async () => {
    const row = transformRows.find(({ name }) => name === 'adamw') as (typeof transformRows)[number];
    const whole = trainerOf(row, 1);
    trainUntil(whole, 6);
    const first = trainerOf(row, 1);
    trainUntil(first, 3);
    const saved = decodeCheckpoint(await encodeCheckpoint(checkpointOf(first)));
    for (const careless of [
      { ...saved, state: first.transform.init(first.parameters) },
      { ...saved, steps: 2 },
    ]) {
      const second = trainerOf(row, 1, careless);
      trainUntil(second, 6);
      expect(await difference(second.parameters, whole.parameters)).not.toBe(null);
    }
  });
});

describe('a checkpoint in a new process', () => {
  let folder = '';
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'floragrad-resume-'));
    await build({
      entryPoints: ['test/property/resume-process.ts'],
      outfile: join(folder, 'resume.mjs'),
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      logLevel: 'silent',
    });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(['adamw', 'flora, paper', 'accumulate, adamw', 'floraAccumulate', 'adafactor', 'partition'])(
    '%s, in the middle of a cycle and of an interval',
    async (name) => {
      const row = transformRows.find((each) => each.name === name) as (typeof transformRows)[number];
      const [whole, first] = [trainerOf(row, 7), trainerOf(row, 7)];
      trainUntil(whole, 9);
      trainUntil(first, 4);
      const place = join(folder, name.replace(/\W+/g, '-'));
      await saveCheckpoint(place, checkpointOf(first));
      await promisify(execFile)(process.execPath, [...process.execArgv, join(folder, 'resume.mjs'), place, name, '9']);
      const end = await loadCheckpoint(place);
      expect(end.position).toEqual({ batch: 9 });
      expect(await difference(end.parameters, whole.parameters)).toBe(null);
      expect(await difference(end.state, whole.state)).toBe(null);
    },
  );
});

describe('a checkpoint on other kernels', () => {
  afterAll(() => setBackend(wasmBackend()));
  const saved = () => encodeCheckpoint({ parameters: { w: tensor([1]) }, state: { step: 3 }, steps: 3 });

  it('is refused, unless asked for', async () => {
    setBackend(wasmBackend({ build: 'baseline' }));
    const files = await saved();
    setBackend(referenceBackend());
    expect(() => decodeCheckpoint(files)).toThrow(/checkpoint\/kernels.*"wasm baseline [0-9a-f]{16}".*"reference"/);
    expect(decodeCheckpoint(files, { kernels: 'any' }).steps).toBe(3);
    const other = { ...files, record: files.record.replace(/("kernels":")[0-9a-f]{16}/, '$10123456789abcdef') };
    setBackend(wasmBackend({ build: 'baseline' }));
    expect(decodeCheckpoint(files).steps).toBe(3);
    expect(() => decodeCheckpoint(other)).toThrow(/checkpoint\/kernels.*0123456789abcdef/);
  });
});

describe('a checkpoint of something else', () => {
  const state = { step: 1, mean: { w: tensor([1, 2]), b: tensor([1]) }, rows: [tensor([3])] };
  const checkpoint = { parameters: { w: tensor([1, 2]), b: tensor([1]) }, state, steps: 1 };

  it('names everything that is missing, unexpected, or of another kind', async () => {
    const files = await encodeCheckpoint(checkpoint);
    const like = {
      parameters: { w: tensor([[1, 2]]), c: tensor([1]), b: tensor([1], { dtype: 'int32' }) },
      state: { step: 1, mean: { w: tensor([1, 2]) }, rows: [tensor([3, 4])], more: 'x' },
    };
    const message = (() => {
      try {
        decodeCheckpoint(files, { like });
        return '';
      } catch (error) {
        return String(error);
      }
    })();
    for (const part of [
      'checkpoint/mismatch',
      'no parameter "c"',
      'parameter "w" float32 [2] in place of float32 [1, 2]',
      'parameter "b" float32 [1] in place of int32 [1]',
      'no state["more"]',
      'an unexpected state["mean"]["b"]',
      'state["rows"][0] float32 [1] in place of float32 [2]',
    ])
      expect(message).toContain(part);
    expect(decodeCheckpoint(files, { like: checkpoint }).steps).toBe(1);
  });

  it('keeps any tree of plain data, odd numbers and names too', async () => {
    const odd = {
      numbers: [0, -0, 1.5, 2 ** 53, Number.NaN, Infinity, -Infinity, 5e-324],
      'a/b': { '~': tensor([1]), '~1': tensor([2]) },
      a: { 'b/~': tensor([3]) },
      '': { '': tensor([4]) },
      empty: [{}, [], null, true, ''],
      __metadata__: tensor([6]),
      ['__proto__']: { x: tensor([[5]]) },
    };
    const keys = { data: [1, 4294967295] as const, ['__proto__']: [0, 0] as const };
    const read = decodeCheckpoint<typeof odd>(
      await encodeCheckpoint({ parameters: {}, state: odd, steps: 0, keys, position: [{ at: -0 }] }),
    );
    expect(await difference(read.state, odd)).toBe(null);
    expect(Object.is(read.state.numbers[1], -0)).toBe(true);
    expect((read.state['a/b']['~1'] as Tensor).dataSync()[0]).toBe(2);
    expect([read.keys, read.position]).toEqual([keys, [{ at: -0 }]]);
  });
});
