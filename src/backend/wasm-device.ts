import { type Build, instantiate, type Kernels } from './wasm-module';
import { WasmHeap } from './wasm-storage';

/** Number operands are written here, one slot of 4 bytes for each, and read by kernels like any other element. */
const scalarBytes = 64;

/**
 * A running module and its memory, from below: static data of the kernels, scalar slots, the workspace of matrix
 * products (packed panels), the heap.
 */
export class WasmDevice {
  readonly kernels: Kernels;
  readonly heap: WasmHeap;
  readonly scalars: number;
  readonly workspace: number;

  constructor(build: Build) {
    const { kernels, memory } = instantiate(build);
    this.kernels = kernels;
    this.scalars = Math.ceil(kernels.heapBase() / 64) * 64;
    this.workspace = this.scalars + scalarBytes;
    const bytes = Math.max(kernels.workspaceBytes(), kernels.crossBytes());
    this.heap = new WasmHeap(memory, Math.ceil((this.workspace + bytes) / 64) * 64);
  }
}
