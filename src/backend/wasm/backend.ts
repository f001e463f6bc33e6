import { choice, type OptionsOf, optional, readOptions, refuseExtra } from '../../base/options';
import type { Device, FullBackend } from '../contract';
import { attention } from './attention';
import { WasmDevice } from './device';
import { elementwise } from './elementwise';
import { digest } from './generated/wasm-binaries';
import { type Build, chooseBuild, relaxedAvailable, sharedAvailable } from './module';
import { movement } from './movement';
import { products } from './products';
import { random } from './random';
import { reductions } from './reductions';
import { rows } from './rows';
import { storages } from './storages';
import { updates } from './updates';

const wasmOptions = {
  /** Pin the kernels' build, so that bits are the same on every machine ('baseline'). Default: the best there is. */
  build: optional(choice<Build>('baseline', 'relaxed')),
};

/** How the kernels are chosen. */
export interface WasmOptions extends OptionsOf<typeof wasmOptions> {}

/**
 * The CPU backend: the SIMD kernels of `kernels/wasm`, compiled when the first operation needs them.
 * @throws OptionError `options/unknown`, `options/choice`
 * @throws BackendError `backend/unavailable` for a build that this platform cannot run
 */
export function wasmBackend(options: WasmOptions = {}): FullBackend {
  if (arguments.length > 1) refuseExtra('wasmBackend', arguments, 1);
  const { build } = readOptions('wasmBackend', wasmOptions, options);
  const device = new WasmDevice(chooseBuild(build));
  return {
    ...report(device),
    ...storages(device),
    ...elementwise(device),
    ...products(device),
    ...attention(device),
    ...reductions(device),
    ...rows(device),
    ...movement(device),
    ...updates(device),
    ...random(device),
  };
}

/** Name, account and threads; tests look at the device. */
function report(device: WasmDevice) {
  let whyOneThread: string | null = null;
  return {
    name: 'wasm',
    device,
    describe() {
      const heap = device.started ? device.heap : null;
      return {
        backend: 'wasm',
        build: device.build,
        kernels: digest,
        simd: true,
        relaxedSimd: device.build === 'relaxed' ? 'used' : whyBaseline(),
        sharedMemory: sharedAvailable() || 'no: SharedArrayBuffer is missing, or the page is not cross-origin isolated',
        threads: device.threads > 1 ? device.threads : (whyOneThread ?? 1),
        precision: 'float32 values, sums in blocks of float32',
        heapBytes: heap?.taken ?? 0,
        packings: heap?.allocator.packed.times ?? 0,
      };
    },
    async setThreads(count) {
      if (count > 1 && !sharedAvailable()) {
        whyOneThread = '1: threads need SharedArrayBuffer, and a page that is cross-origin isolated';
        return;
      }
      try {
        await device.setThreads(count);
        whyOneThread = null;
      } catch (error) {
        whyOneThread = `1: workers did not start (${error instanceof Error ? error.message : String(error)})`;
      }
    },
    memory() {
      return device.started ? device.heap.allocator.memory() : { tensors: 0, bytes: 0, peakBytes: 0 };
    },
    resetPeak() {
      if (device.started) device.heap.allocator.resetPeak();
    },
    poison(on) {
      device.poisoned = on;
    },
  } satisfies Device & { readonly device: WasmDevice };
}

function whyBaseline(): string {
  if (relaxedAvailable()) return "no: build = 'baseline' was asked for";
  return 'no: needs Node 22, a current browser, or Node 20 with --experimental-wasm-relaxed-simd';
}
