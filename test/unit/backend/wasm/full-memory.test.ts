import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { grain } from '../../../../src/backend/wasm/device';
import { WasmHeap } from '../../../../src/backend/wasm/heap';
import type { WasmStorage } from '../../../../src/backend/wasm/storage';
import type { TypedArray } from '../../../../src/base/dtype';
import { type FullBackend, type Storage, wasmBackend } from '../../../../src/index';
import { expectSameBits } from '../../../../src/laws/close';
import { as, type Ints, programs, results } from '../../../support/backend-programs';
import { deviceOf } from '../../../support/moving-heap';

const full = expect.objectContaining({ code: 'backend/out-of-memory' });
const usual = { ...grain };
beforeAll(() => {
  grain.least = 0; // every operation that can be split is
});
afterAll(() => {
  grain.least = usual.least;
});

/** Every call fails at its first block, then at its second, and so on, until there are enough; what is left in memory? */
function stingy(on: FullBackend, refused: { times: number }): FullBackend {
  const { heap } = deviceOf(on);
  const { allocator } = heap;
  const allocate = allocator.allocate.bind(allocator);
  let left = Number.POSITIVE_INFINITY;
  allocator.allocate = (bytes) => (left-- > 0 ? allocate(bytes) : null);
  /** Copies of host arrays go when the scope ends. */
  const owned = (): number =>
    heap.allocator.memory().tensors -
    (heap as unknown as { staged: WasmStorage[] }).staged.filter(({ block }) => block).length;
  return new Proxy(on, {
    get: (target, name) => {
      const method = Reflect.get(target, name);
      if (typeof method !== 'function') return method;
      return (...given: unknown[]) => {
        for (let enough = 0; ; enough++) {
          const before = owned();
          left = enough;
          try {
            const result = method.apply(target, given);
            left = Number.POSITIVE_INFINITY;
            return result;
          } catch (error) {
            left = Number.POSITIVE_INFINITY;
            expect(error).toEqual(full);
            expect(owned()).toBe(before);
            refused.times += 1;
          }
        }
      };
    },
  });
}

describe('an operation that memory is full for', () => {
  const [right, one, three] = [wasmBackend(), wasmBackend(), wasmBackend()];
  beforeAll(() => three.setThreads?.(3));
  afterAll(() => three.setThreads?.(1));
  const ints: Ints = [33, 13, 5, 2];
  const refused = { times: 0 };
  const poor = [stingy(one, refused), stingy(three, refused)];

  for (const [name, program] of Object.entries(programs)) {
    it(`${name}: gives back what it had, and does the same later`, () => {
      refused.times = 0;
      const expected = results(right, program, ints);
      for (const on of poor) {
        results(on, program, ints).forEach((values, i) => {
          expectSameBits(values, expected[i] as TypedArray);
        });
      }
      expect(refused.times).toBeGreaterThanOrEqual(2 * expected.length);
      expect([one.memory().tensors, three.memory().tensors]).toEqual([0, 0]);
    });
  }
});

it('kernels read past the last block of a full memory without a fault', () => {
  const on = wasmBackend();
  const { heap } = deviceOf(on);
  const spare = [heap.make('float32', 4), heap.make('float32', 4)];
  let last: Storage = spare[0] as WasmStorage;
  for (const size of [2 ** 26, 2 ** 20, 2 ** 14, 2 ** 8, 4]) {
    expect(() => {
      for (;;) last = heap.make('float32', size); // nothing is touched
    }).toThrow(full);
  }
  const { offset } = (last as WasmStorage).block as { offset: number };
  expect(offset).toBeGreaterThan(2 ** 32 - 64);
  const { kernels } = deviceOf(on);
  kernels.randomFill(1, 1, 2, 1, 0, 1, 0, 3, offset, 3);
  const x = as(last, [1, 3]);
  const values = on.readSync(last).slice(0, 3);
  for (const storage of spare) on.free(storage);
  const found = [
    on.unary('neg', { ...x, storage: Object.assign(Object.create(last), { size: 3 }) }),
    on.reduce('sum', { ...x, storage: Object.assign(Object.create(last), { size: 3 }) }, [1, 3, 1]),
  ];
  expect(on.readSync(found[0] as Storage)).toEqual(values.map((value) => -value));
  expect(Number.isFinite(on.readSync(found[1] as Storage)[0])).toBe(true);
});

describe('a heap of one mebibyte', () => {
  it.each([true, false])('packs what is left where it is full; shared memory: %s', (shared) => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 16, shared });
    const heap = new WasmHeap(memory, 64);
    const held: WasmStorage[] = [];
    const fill = (size: number): void => {
      for (;;) {
        const made = heap.make('float32', size);
        heap.floats.fill(held.length, (made.block?.offset as number) / 4, (made.block?.offset as number) / 4 + size);
        held.push(made);
      }
    };
    expect(() => fill(1000)).toThrow(full);
    expect(held.length).toBe(Math.floor((2 ** 20 - 64 - 32) / 4000));
    const kept = held.filter((_, i) => i % 8 === 3);
    for (const storage of held) if (!kept.includes(storage)) heap.free(storage);
    const large = heap.make('float32', 200_000); // of the 2²⁰ bytes 136,000 live, in 34 places
    for (const storage of kept) expect(new Set(heap.copy(storage))).toEqual(new Set([held.indexOf(storage)]));
    heap.free(large);
  });
  it('poisons what its blocks have left', () => {
    const heap = new WasmHeap(new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }), 64);
    heap.poisoned = true;
    const [first, second] = [heap.make('float32', 8000), heap.make('float32', 6000)];
    const from = (second.block?.offset as number) / 4;
    heap.floats.fill(1, from, from + 6000);
    heap.free(first);
    heap.make('float32', 10_000);
    expect(heap.copy(second)).toEqual(new Float32Array(6000).fill(1));
    expect(new Set(heap.floats.slice(from, from + 6000))).toEqual(new Set([Number.NaN]));
  });
});

it('threads start in a heap that is in use: blocks make way for their workspaces', async () => {
  const on = wasmBackend();
  const { heap } = deviceOf(on);
  const blocks = [1, 1000, 2 ** 14].map((size, i) => on.random('normal', [1, i], [size]));
  const before = blocks.map((storage) => on.readSync(storage));
  const sum = () => on.readSync(on.reduce('sum', as(blocks[2] as Storage, [2 ** 14]), [1, 2 ** 14, 1]));
  const right = sum();
  await on.setThreads?.(3);
  blocks.forEach((storage, i) => {
    expectSameBits(on.readSync(storage), before[i] as TypedArray);
  });
  expect(sum()).toEqual(right);
  const workspaces = (deviceOf(on) as unknown as { workspaces: number[] }).workspaces;
  const bytes = deviceOf(on).kernels.workspaceBytes();
  for (const storage of [...blocks, heap.make('float32', 4)]) {
    const at = (storage as WasmStorage).block?.offset as number;
    expect(workspaces.every((workspace) => workspace + bytes <= at)).toBe(true);
  }
  await on.setThreads?.(1);
});
