import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { grain, type WasmDevice } from '../../../../src/backend/wasm/device';
import type { Kernels } from '../../../../src/backend/wasm/generated/kernels';
import { instantiate } from '../../../../src/backend/wasm/module';
import { ThreadPool } from '../../../../src/backend/wasm/threads/pool';
import { mostArguments } from '../../../../src/backend/wasm/threads/table';
import type { TypedArray } from '../../../../src/base/dtype';
import {
  adam,
  backend,
  crossEntropy,
  type FullBackend,
  flora,
  GPT,
  type GradientTransform,
  random,
  referenceBackend,
  type Storage,
  setBackend,
  setThreads,
  tensor,
  trainer,
  wasmBackend,
} from '../../../../src/index';
import { wholes } from '../../../../src/laws/arbitraries';
import { expectSameBits } from '../../../../src/laws/close';
import { runScript } from '../../../package/run-script';
import { as, type Ints, type Program, programs, results, thenFree } from '../../../support/backend-programs';

const usual = { ...grain };
beforeAll(() => {
  grain.least = 0; // every operation that can be split is
});
afterAll(() => {
  grain.least = usual.least;
});

const deviceOf = (on: FullBackend): WasmDevice => (on as unknown as { readonly device: WasmDevice }).device;
const poolOf = (on: FullBackend): ThreadPool | null =>
  (deviceOf(on) as unknown as { readonly pool: ThreadPool | null }).pool;

/** The first program and thread count whose bits differ from those of one thread. */
function compare(backends: readonly FullBackend[], program: Program, ints: Ints): void {
  const [one, ...others] = backends as [FullBackend, ...FullBackend[]];
  const right = results(one, program, ints);
  for (const other of [...others, ...others]) {
    const found = results(other, program, ints); // and once more, when other threads may be the faster ones
    expect(found.length).toBe(right.length);
    for (const [i, values] of found.entries()) expectSameBits(values, right[i] as TypedArray);
  }
}

const extents = fc.constantFrom(1, 2, 3, 7, 8, 12, 16, 17, 31, 64, 65, 97, 130, 200);
const depths = fc.constantFrom(1, 2, 3, 5, 8, 16, 17, 33);
const sizes = fc.tuple(extents, extents, depths, fc.nat({ max: 2 ** 30 }));

describe('the bits of 1, 2, 3 and 5 threads are the same', () => {
  const counts = [1, 2, 3, 5];
  const backends = counts.map(() => wasmBackend());
  beforeAll(() => Promise.all(backends.map((on, i) => on.setThreads?.(counts[i] as number))));
  afterAll(() => Promise.all(backends.map((on) => on.setThreads?.(1))));

  it('with the number of threads that was asked for', () => {
    expect(backends.map((on) => on.describe().threads)).toEqual(counts);
  });
  it('and calls are really written down for the others', () => {
    const spread = vi.spyOn(poolOf(backends[2] as FullBackend) as ThreadPool, 'run');
    results(backends[2] as FullBackend, programs['unary functions'] as Program, [64, 64, 1, 0]);
    expect(spread).toHaveBeenCalledTimes(6);
    spread.mockRestore();
  });

  for (const [name, program] of Object.entries(programs)) {
    it(name, () => {
      fc.assert(
        fc.property(sizes, (ints) => compare(backends, program, ints)),
        { numRuns: 25 },
      );
    });
  }

  it('large products, whose panels are packed in blocks', () => {
    for (const ints of [
      [300, 270, 520, 1],
      [97, 1100, 300, 2],
    ] as const) {
      compare(backends, programs['matmul in all transposes'] as Program, ints);
      compare(backends, programs['products with generated matrices'] as Program, ints);
    }
  });

  // A product of one row along k goes another way, with other roundings: such a row at the end of a larger product must not.
  it('products of a single row or column, or whose last range is one', () => {
    for (const ints of [
      [13, 1, 33, 1],
      [1, 9, 33, 2],
      [13, 9, 33, 3], // rows 0 … 11 and 12, of an A read in place
      [37, 33, 33, 4], // 36 rows and one, of a packed A
      [5, 9, 33, 5], // columns 0 … 7 and 8
      [5, 33, 33, 6],
    ] as const) {
      compare(backends, programs['matmul in all transposes'] as Program, ints);
    }
  });

  it('while memory grows under the workers', () => {
    const on = backends[3] as FullBackend;
    const before = on.memory();
    const held: Storage[] = [];
    const x = Float32Array.from({ length: 2 ** 16 }, (_, i) => i);
    for (let i = 0; i < 200; i++) {
      const mark = on.enter();
      const operand = as(on.fromHost(x), [x.length]);
      held.push(on.unary('neg', operand));
      on.leave(mark);
    }
    const negative = x.map((value) => -value);
    for (const storage of held) {
      expectSameBits(on.readSync(storage), negative);
      on.free(storage);
    }
    expect(on.memory().tensors).toBe(before.tensors);
  });

  it('a sum whose parts depend on the number of threads is convicted', () => {
    const mutant = (on: FullBackend): FullBackend => {
      const { threads } = deviceOf(on);
      const right = on.reduce.bind(on);
      const reduce: FullBackend['reduce'] = (op, x, axes) => {
        const [outer, length, inner] = axes;
        if (op !== 'sum' || outer * inner !== 1 || length % threads !== 0) return right(op, x, axes);
        const parts = right('sum', x, [threads, length / threads, 1]);
        return thenFree(on, [parts], [right('sum', as(parts, [threads]), [1, threads, 1])])[0] as Storage;
      };
      return Object.assign(Object.create(on) as FullBackend, { reduce });
    };
    const sum: Program = (on, { floats }, [length]) => on.reduce('sum', floats(length), [1, length, 1]);
    const lengths = fc.integer({ min: 1, max: 400 }).map((n) => 30 * n); // each count of threads divides them
    const property = (of: readonly FullBackend[]) => fc.property(lengths, (n) => compare(of, sum, [n, 0, 0, n]));
    expect(() => fc.assert(property(backends), { numRuns: 50 })).not.toThrow();
    expect(() => fc.assert(property(backends.map(mutant)), { numRuns: 50 })).toThrow(/Property failed/);
  });
});

describe('training', () => {
  const home = backend();
  afterAll(() => setBackend(home));

  /** Losses of a few steps, then all parameters. */
  async function train(threads: number, optimizer: 'flora' | 'adam'): Promise<TypedArray[]> {
    const on = wasmBackend();
    setBackend(on);
    expect(await setThreads(threads)).toBe(threads);
    const model = new GPT({ vocabularySize: 19, context: 16, width: 24, heads: 3, layers: 2, key: random.key(3) });
    const transform: GradientTransform<unknown> =
      optimizer === 'adam'
        ? adam({ learningRate: 0.01 })
        : flora({ learningRate: 0.05, rank: 4, refreshEvery: 2, beta: 0.9, seed: 1 });
    const ids = (seed: number) => tensor(wholes(seed, 5 * 16, 19), { shape: [5, 16] });
    const training = trainer({
      model,
      transform,
      loss: ({ x, y }: { x: number; y: number }) => crossEntropy(model.forward(ids(x)), ids(y)),
      seed: 0,
    });
    const losses: number[] = [];
    for (let step = 0; step < 5; step++) losses.push(await training.step({ x: step, y: step + 50 }).loss);
    const parameters = Object.values(model.parameters()).map((leaf) => leaf.dataSync());
    await on.setThreads?.(1);
    return [Float64Array.from(losses) as unknown as TypedArray, ...parameters];
  }

  it.each(['flora', 'adam'] as const)('with %s has the same losses and parameters, bit for bit', async (optimizer) => {
    const right = await train(1, optimizer);
    expect(new Set(right[0]).size).toBe(5); // it learns something
    for (const threads of [2, 3, 3]) expect(await train(threads, optimizer)).toEqual(right);
  });
});

describe('setThreads', () => {
  const home = backend();
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
    setBackend(home);
  });

  it('is 1 on a backend without threads', async () => {
    setBackend(referenceBackend());
    expect(await setThreads()).toBe(1);
    expect(await setThreads(4)).toBe(1);
  });
  it('takes one for each core by default', async () => {
    setBackend(wasmBackend());
    const { availableParallelism } = await import('node:os');
    expect(await setThreads()).toBe(Math.min(64, availableParallelism()));
    await setThreads(1);
  });
  it.each([0, -1, 1.5, Number.NaN, 65, Number.POSITIVE_INFINITY, '2' as unknown as number])(
    'refuses %s',
    async (count) => {
      await expect(setThreads(count)).rejects.toMatchObject({ name: 'OptionError', code: 'options/range' });
    },
  );
  it('says why there is one thread where memory cannot be shared', async () => {
    vi.stubGlobal('crossOriginIsolated', false);
    const on = wasmBackend();
    setBackend(on);
    expect(await setThreads(3)).toBe(1);
    expect(on.describe().threads).toMatch(/^1: .*cross-origin isolated/);
    vi.unstubAllGlobals();
  });
  it('says why there is one thread where workers are refused, and asks again', async () => {
    const real = process.getBuiltinModule;
    const started: unknown[] = [];
    const { Worker } = await import('node:worker_threads');
    class Refused extends Worker {
      constructor(source: string, options: object) {
        if (started.length === 2) throw new Error('no more of them');
        super(source, options);
        started.push(this);
        this.on('exit', () => started.splice(started.indexOf(this), 1));
      }
    }
    vi.spyOn(process, 'getBuiltinModule').mockImplementation(((name: string) =>
      name === 'node:worker_threads' ? { Worker: Refused } : real(name)) as typeof real);
    const on = wasmBackend();
    setBackend(on);
    expect(await setThreads(4)).toBe(1);
    expect(on.describe().threads).toBe('1: workers did not start (no more of them)');
    expect(started).toEqual([]); // those that had started are gone
    expect(await setThreads(3)).toBe(3);
    expect(await setThreads(1)).toBe(1);
    expect(on.describe().threads).toBe(1);
    expect(started).toEqual([]);
  });
  it('makes changes in the order of the calls, and leaves no worker behind', async () => {
    const on = wasmBackend();
    setBackend(on);
    const start = vi.spyOn(ThreadPool, 'start');
    await Promise.all([on.setThreads?.(3), on.setThreads?.(2), on.setThreads?.(2)]);
    expect(on.describe().threads).toBe(2);
    expect(start).toHaveBeenCalledTimes(2);
    const [first] = await Promise.all(start.mock.results.map(({ value }) => value as Promise<ThreadPool>));
    expect(first).not.toBe(poolOf(on));
    await on.setThreads?.(1);
    expect(poolOf(on)).toBe(null);
  });
  it('threads belong to the backend, whichever is current', async () => {
    const [one, other] = [wasmBackend(), wasmBackend()];
    setBackend(one);
    const change = setThreads(2);
    setBackend(other);
    expect(await change).toBe(2);
    expect([one.describe().threads, other.describe().threads]).toEqual([2, 1]);
    expect(await setThreads(1)).toBe(1);
    expect(one.describe().threads).toBe(2);
    await one.setThreads?.(1);
    expect(one.describe().threads).toBe(1);
  });
  it('computes on while threads are being started', async () => {
    const on = wasmBackend();
    const right = results(on, programs['unary functions'] as Program, [65, 64, 1, 5]);
    const change = on.setThreads?.(3);
    expect(results(on, programs['unary functions'] as Program, [65, 64, 1, 5])).toEqual(right);
    await change;
    expect(results(on, programs['unary functions'] as Program, [65, 64, 1, 5])).toEqual(right);
    await on.setThreads?.(1);
  });
  it('lets idle workers sleep, and wakes them', async () => {
    const on = wasmBackend();
    await on.setThreads?.(3);
    const pool = poolOf(on) as ThreadPool;
    const right = results(wasmBackend(), programs['unary functions'] as Program, [65, 64, 1, 5]);
    for (let i = 0; i < 3; i++) {
      await vi.waitFor(() => expect(pool.asleep).toBe(2), { timeout: 30_000 });
      expect(results(on, programs['unary functions'] as Program, [65, 64, 1, 5])).toEqual(right);
    }
    await on.setThreads?.(1);
  });
});

describe('a process', () => {
  // A process that does not end by itself is killed by runScript, and one with an exit status other than 0 is an error too.
  const code = (last: string) => `
    import { backend, matmul, random, setThreads } from 'floragrad';
    const x = random.normal(random.key(1), [512, 512]);
    const one = matmul(x, x).dataSync();
    console.log(await setThreads(3));
    const three = matmul(x, x).dataSync();
    console.log(three.every((value, i) => value === one[i]));
    ${last}`;
  it.each([
    ['at work until the end', ''],
    ['asleep', 'await new Promise((resume) => setTimeout(resume, 300));'],
    ['stopped', 'await setThreads(1); console.log(backend().describe().threads);'],
  ])('ends by itself with its workers %s', async (name, last) => {
    expect(await runScript({ code: code(last) })).toEqual(['3', 'true', ...(name === 'stopped' ? ['1'] : [])]);
  });
});

describe('a pool', () => {
  const stateOf = (pool: ThreadPool) => (pool as unknown as { table: { state: Int32Array } }).table.state;
  const { kernels, module, memory } = instantiate('baseline');
  const workspace = Math.ceil((kernels.heapBase() + 128) / 64) * 64;
  const pools: ThreadPool[] = [];
  const started = async (own: Kernels): Promise<ThreadPool> => {
    const pool = await ThreadPool.start({ kernels: own, module, memory }, [workspace]);
    pools.push(pool);
    return pool;
  };
  afterAll(() => Promise.all(pools.map((pool) => pool.stop())));

  it('has room for the arguments of every kernel', () => {
    const most = Math.max(...Object.values(kernels).map(({ length }) => length ?? 0));
    expect(most).toBeGreaterThan(10);
    expect(most).toBeLessThanOrEqual(mostArguments);
  });
  it('reports a fault on a worker, and works on', async () => {
    const floats = new Float32Array(memory.buffer);
    const [x, out] = [2 ** 22, 2 ** 22 + 64];
    floats.fill(3, x / 4, x / 4 + 16);
    // On this thread the kernel waits until the worker has ended the other call; there it is the real one.
    let ended = false;
    const patient: Kernels = {
      ...kernels,
      neg: () => {
        for (let i = 0; i < 1e10 && !ended; i++) ended = Atomics.load(stateOf(pool), 1) === 1;
        return 0;
      },
    };
    const pool = await started(patient);
    const outside = 2 ** 32 - 64;
    expect(() =>
      pool.run((later) => {
        for (let i = 0; i < 2; i++) later.neg(outside, outside, 64);
      }),
    ).toThrowError(expect.objectContaining({ name: 'BackendError', code: 'backend/trap' }));
    expect(ended).toBe(true);
    pool.run((later) => later.square(x, out, 16)); // the fault is over
    expect(floats[out / 4]).toBe(9);
  });
  it('reports a fault on the main thread in the same way, after the others have ended', async () => {
    const pool = await started(kernels);
    const outside = 2 ** 32 - 64;
    for (let i = 0; i < 20; i++) {
      expect(() =>
        pool.run((later) => {
          for (let call = 0; call < 100; call++) later.neg(outside, outside, 64);
        }),
      ).toThrowError(expect.objectContaining({ code: 'backend/trap' }));
    }
  });
  it('forgets the calls of a round that could not be written to its end', async () => {
    const pool = await started(kernels);
    const floats = new Float32Array(memory.buffer);
    const [x, out] = [2 ** 22, 2 ** 22 + 64];
    floats.fill(3, x / 4, x / 4 + 16);
    floats.fill(0, out / 4, out / 4 + 16);
    const full = () =>
      pool.run((later) => {
        later.neg(x, out, 16);
        throw new Error('memory is full');
      });
    expect(full).toThrow('memory is full');
    pool.run((later) => later.abs(x, out + 64, 16));
    expect([floats[out / 4], floats[out / 4 + 16]]).toEqual([0, 3]);
  });
});
