import fc from 'fast-check';
import type { Operand, Storage } from '../../backend/contract';
import type { TypedArray } from '../../base/dtype';
import { sizeOf } from '../../base/shape';
import { numbers, positiveShapes, seeds, special } from '../arbitraries';
import { expectSame, expectSameBits } from '../close';
import { type Law, law, randomLaw } from '../law';
import { claim, claimEqual } from '../violation';
import type { Trial } from './trial';

const three = Float32Array.of(1, 2, 3);

function operand(storage: Storage): Operand {
  return { storage, shape: [storage.size], dtype: 'float32' };
}

/** Who owns memory, how long it lives, and how it is counted. */
export function storageLaws({ backend: get, results, owed }: Trial): Law[] {
  return [
    law('storage: read is a copy, of results and of host arrays', async () => {
      const backend = get();
      const mark = backend.enter();
      const x = backend.fromHost(three.slice());
      const y = backend.unary('neg', operand(x));
      for (const storage of [x, y]) {
        const first = await backend.read(storage);
        const expected = first.slice();
        first.fill(9);
        expectSame(await backend.read(storage), expected);
      }
      backend.leave(mark);
      backend.free(x);
      backend.free(y);
    }),
    law(
      'storage: a view is the values where they lie: of results and of host arrays, and what is written to a result',
      async () => {
        const backend = get();
        if (backend.view === undefined) return;
        const mark = backend.enter();
        const x = backend.fromHost(three.slice());
        const y = backend.unary('neg', operand(x));
        const z = backend.compare('less', operand(y), operand(x), [3]);
        expectSame(backend.view(x).slice(), three);
        expectSame(backend.view(y).slice(), Float32Array.of(-1, -2, -3));
        expectSame(backend.view(z).slice(), Int32Array.of(1, 1, 1));
        backend.view(y).set([7, 8], 1);
        const doubled = backend.binary('add', operand(y), operand(y), [3]);
        expectSame(await backend.read(y), Float32Array.of(-1, 7, 8));
        expectSame(await backend.read(doubled), Float32Array.of(-2, 14, 16));
        expectSame(await backend.read(x), three);
        backend.leave(mark);
        for (const storage of [x, y, z, doubled]) backend.free(storage);
      },
    ),
    law('storage: two live results of one kernel do not share memory', async () => {
      const [first, second] = await results((b, put) => [b.unary('neg', put(three)), b.unary('neg', put(special))]);
      expectSame(first as TypedArray, Float32Array.of(-1, -2, -3));
      expectSame(owed(second as TypedArray), owed(special.map((x) => -x)));
    }),
    law('storage: an alias outlives the original, and the original the alias', async () => {
      const backend = get();
      for (const order of [0, 1]) {
        const mark = backend.enter();
        const host = backend.fromHost(three.slice());
        const made = backend.unary('square', operand(host));
        for (const storage of [host, made]) {
          const expected = await backend.read(storage);
          const lives = [storage, backend.alias(storage)];
          backend.free(lives[order] as Storage);
          const other = backend.unary('neg', operand(lives[1 - order] as Storage));
          expectSame(await backend.read(lives[1 - order] as Storage), expected);
          expectSame(
            await backend.read(other),
            expected.map((x) => -x),
          );
          backend.free(other);
          backend.free(lives[1 - order] as Storage);
        }
        backend.leave(mark);
      }
    }),
    law('storage: memory() counts results once however many aliases, and host arrays not at all', () => {
      const backend = get();
      const before = backend.memory();
      const mark = backend.enter();
      const x = backend.fromHost(new Float32Array(1000));
      const y = backend.unary('exp', operand(x));
      const z = backend.alias(y);
      backend.leave(mark);
      const during = backend.memory();
      claimEqual('tensors with a result', during.tensors - before.tensors, 1);
      claimEqual('bytes with a result', during.bytes - before.bytes, 4000);
      backend.free(y);
      claimEqual('tensors with an alias', backend.memory().tensors, before.tensors + 1);
      backend.free(z);
      backend.free(x);
      const { tensors, bytes, peakBytes } = backend.memory();
      claimEqual('tensors afterwards', tensors, before.tensors);
      claimEqual('bytes afterwards', bytes, before.bytes);
      claim(peakBytes >= before.bytes + 4000, `the peak is ${peakBytes}; expected at least ${before.bytes + 4000}`);
      backend.resetPeak();
      claimEqual('the peak after resetPeak', backend.memory().peakBytes, before.bytes);
    }),
    law('storage: a collectable storage no longer counts and keeps its values; its alias too', async () => {
      const backend = get();
      const before = backend.memory().tensors;
      const mark = backend.enter();
      const x = backend.fromHost(three.slice());
      const y = backend.unary('square', operand(x));
      const z = backend.alias(y);
      backend.collectable(y);
      backend.collectable(z);
      backend.collectable(x);
      backend.leave(mark);
      claimEqual('tensors when collectable', backend.memory().tensors, before);
      const later = backend.enter();
      const sum = backend.binary('add', operand(y), operand(z), [3]);
      expectSame(await backend.read(sum), Float32Array.of(2, 8, 18));
      expectSame(await backend.read(z), Float32Array.of(1, 4, 9));
      backend.leave(later);
      for (const storage of [x, y, z, sum]) backend.free(storage);
      claimEqual('tensors afterwards', backend.memory().tensors, before);
    }),
    law('storage: a resident storage stays when the scope ends, until it is freed', async () => {
      const backend = get();
      const before = backend.memory();
      const mark = backend.enter();
      const x = backend.fromHost(three.slice());
      const y = backend.unary('neg', operand(x));
      backend.resident(x);
      backend.resident(y);
      backend.leave(mark);
      claimEqual('resident tensors', backend.memory().tensors - before.tensors, 2);
      claimEqual('resident bytes', backend.memory().bytes - before.bytes, 24);
      expectSame(await backend.read(x), three);
      backend.free(x);
      backend.free(y);
      claimEqual('tensors afterwards', backend.memory().tensors, before.tensors);
    }),
    law('storage: a host array that is freed within the scope in which it was used leaves nothing behind', () => {
      const backend = get();
      const before = backend.memory().tensors;
      const mark = backend.enter();
      const x = backend.fromHost(three.slice());
      const twin = backend.alias(x);
      backend.free(backend.unary('neg', operand(x)));
      const inner = backend.enter();
      backend.free(backend.unary('neg', operand(twin)));
      backend.free(x);
      backend.leave(inner);
      backend.free(backend.unary('neg', operand(twin)));
      backend.leave(mark);
      backend.free(twin);
      claimEqual('tensors afterwards', backend.memory().tensors, before);
    }),
    randomLaw(
      'storage: values survive while others come and go',
      fc.array(fc.tuple(seeds, positiveShapes), { maxLength: 30 }),
      async (drawn) => {
        const backend = get();
        const before = backend.memory().tensors;
        const live: { storage: Storage; expected: TypedArray }[] = [];
        for (const [seed, shape] of drawn) {
          const mark = backend.enter();
          const values = numbers(seed, 100 * sizeOf(shape));
          const host = backend.fromHost(values);
          live.push({ storage: backend.unary('neg', operand(host)), expected: values.map((x) => -x) });
          backend.leave(mark);
          if (seed % 3 === 0) backend.free((live.shift() as { storage: Storage }).storage);
        }
        for (const { storage, expected } of live) {
          expectSameBits(owed(await backend.read(storage)), owed(expected));
          backend.free(storage);
        }
        claimEqual('tensors afterwards', backend.memory().tensors, before);
      },
    ),
  ];
}
