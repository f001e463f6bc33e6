import { allocate, dtypeOf, type TypedArray } from '../../base/dtype';
import { BackendError } from '../../base/errors';
import { sizeOf } from '../../base/shape';
import type { Storages } from '../contract';
import type { GpuHeap } from './heap';
import { isPromise, type Later } from './queue';
import { GpuCell, GpuStorage } from './storage';

/** Lives of cells, and how values get to the device and back, in the order of the queue. */
export const storages = (heap: GpuHeap) => {
  const { device, queue } = heap;
  const net = new FinalizationRegistry<GpuCell>((cell) => heap.release(cell));
  let reads = 0;
  const fromHost = (values: TypedArray): GpuStorage =>
    new GpuStorage(new GpuCell(values, values.byteLength), dtypeOf(values), values.length);
  return {
    fromHost,
    alias(storage) {
      const { cell, dtype, size } = storage as GpuStorage;
      cell.users += 1;
      heap.count(cell, 1);
      return new GpuStorage(cell, dtype, size);
    },
    free(storage) {
      const held = storage as GpuStorage;
      if (held.collectable) net.unregister(held);
      else heap.count(held.cell, -1);
      heap.release(held.cell);
    },
    /** It stays on the device, and goes when the garbage collector finds it unreachable. */
    collectable(storage) {
      const held = storage as GpuStorage;
      if (held.collectable) return;
      held.collectable = true;
      heap.count(held.cell, -1);
      net.register(held, held.cell, held);
    },
    resident(storage) {
      const held = storage as GpuStorage;
      if (held.collectable) {
        held.collectable = false;
        net.unregister(held);
        heap.count(held.cell, 1);
      }
      if (held.size === 0) return;
      held.cell.resident = true;
      heap.need(held.cell);
      if (held.dtype === 'float32') held.cell.host = null; // index work wants whole numbers on the host
    },
    enter: () => heap.staged.length,
    leave(mark) {
      for (const cell of heap.staged.splice(mark)) if (!cell.resident) heap.drop(cell);
    },
    async read(storage) {
      // A finalizer runs only between macrotasks, so a loop that does nothing but read must let one pass now and then.
      if (++reads % 16 === 0) await new Promise((resolve) => setTimeout(resolve));
      try {
        return await heap.values(storage as GpuStorage);
      } catch (error) {
        queue.seen(error);
        throw error;
      }
    },
    readSync(storage) {
      const held = storage as GpuStorage;
      const values = device.context === null || held.cell.host !== null ? heap.values(held) : null;
      if (values !== null && !isPromise(values)) return values;
      throw new BackendError({
        code: 'read/sync',
        got: `a synchronous read on the gpu backend in mode ${device.mode}`,
        expected: 'an asynchronous one, since the device answers later',
        fix: 'use await t.data()',
      });
    },
    onHost(inputs, results, solve) {
      queue.check();
      const reads = inputs.map(({ storage }) => heap.values(storage as GpuStorage));
      let made: readonly TypedArray[] = [];
      const take = (values: readonly TypedArray[]): void => {
        made = solve(values);
      };
      const solved = queue.run(
        (): Later<void> => (reads.some(isPromise) ? Promise.all(reads).then(take) : take(reads as TypedArray[])),
      );
      if (!isPromise(solved)) return made.map(fromHost);
      solved.catch((error) => queue.seen(error)); // a read of a result throws it again
      return results.map(({ shape, dtype }, i) => {
        const size = sizeOf(shape);
        if (size === 0) return fromHost(allocate(dtype, 0));
        return heap.make(dtype, size, async () => {
          await solved;
          return device.upload(Float32Array.from(made[i] as TypedArray), [size, 1, 1]);
        });
      });
    },
  } satisfies Required<Omit<Storages, 'view'>>;
};
