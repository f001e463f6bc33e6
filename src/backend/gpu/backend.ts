import type { Device, FullBackend } from '../contract';
import { attention } from './attention';
import type { GpuDevice } from './device';
import { elementwise } from './elementwise';
import { GpuHeap } from './heap';
import { movement } from './movement';
import { products } from './products';
import type { GpuQueue } from './queue';
import { random } from './random';
import { reductions } from './reductions';
import { rows } from './rows';
import { GpuRunner } from './runner';
import { updates } from './updates';

/** The contract on a GPU. */
export interface GpuBackend extends FullBackend {
  /** What the families run on; benchmarks time single kernels with it. */
  readonly on: GpuRunner;
}

export function gpuBackend(device: GpuDevice, queue: GpuQueue): GpuBackend {
  const on = new GpuRunner(device, new GpuHeap(device, queue));
  return {
    ...report(on),
    ...on.storages,
    ...elementwise(on),
    ...products(on),
    ...attention(on),
    ...reductions(on),
    ...rows(on),
    ...movement(on),
    ...updates(on),
    ...random(on),
  };
}

/** Name and account. */
function report(on: GpuRunner) {
  const { heap, device } = on;
  return {
    name: 'gpu',
    flushes: true,
    on,
    describe: () => ({
      backend: 'gpu',
      mode: device.mode,
      adapter: device.adapter,
      maximumBytes: device.limits.bytes,
      precision: 'float32 values and sums; int32 exact to 2^24 where the device computes them',
      randomNumbers: 'generated on the CPU and uploaded, the same as on every backend',
      decompositions: 'read back and solved on the CPU in float64',
    }),
    memory: () => ({ ...heap.live }),
    resetPeak() {
      heap.live.peakBytes = heap.live.bytes;
    },
    poison() {}, // the use of a deleted handle is always refused, so there is nothing to overwrite
  } satisfies Device & { readonly on: GpuRunner };
}
