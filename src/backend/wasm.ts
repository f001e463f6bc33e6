import type { Distribution } from '../base/distribution';
import type { DType, TypedArray } from '../base/dtype';
import { dtypeOf } from '../base/dtype';
import { checkOptions, OptionError } from '../base/errors';
import type { Key } from '../base/key';
import { broadcastStrides, type Shape, sizeOf, stridesOf } from '../base/shape';
import type { Axes, Backend, Binary, Compare, Memory, Operand, RandomMatrix, Storage, Unary } from './backend';
import { throwIndexRange } from './checks';
import { WasmDevice } from './wasm-device';
import { cast, choose, compare, zip } from './wasm-elementwise';
import { append, forOuter, simplify } from './wasm-layout';
import {
  type Build,
  chooseBuild,
  type KernelName,
  type Kernels,
  relaxedAvailable,
  sharedAvailable,
} from './wasm-module';
import { type WasmHeap, WasmStorage } from './wasm-storage';

export interface WasmOptions {
  /** Pin the kernels' build, so that bits are the same on every machine ('baseline'). Default: the best there is. */
  readonly build?: Build;
}

/**
 * The CPU backend: the SIMD kernels of `kernels/wasm`, compiled when the first operation needs them.
 * @throws OptionError `options/unknown`, `options/choice`
 * @throws BackendError `backend/unavailable` for a build that this platform cannot run
 */
export function wasmBackend(options: WasmOptions = {}): Backend {
  checkOptions('wasmBackend', options, ['build']);
  const { build } = options;
  if (build === undefined || build === 'baseline' || build === 'relaxed') return new WasmBackend(build);
  throw new OptionError({
    code: 'options/choice',
    got: `wasmBackend got build = ${String(build)}`,
    expected: "'baseline' or 'relaxed'",
    fix: 'pass one of these, or leave the option out',
  });
}

/** Codes of the distributions in `kernels/wasm/random.ts`. */
const distributions: Record<Distribution, number> = { uniform: 0, normal: 1, rademacher: 2 };
const reductions = { sum: 'reduceSum', max: 'reduceMax', min: 'reduceMin' } as const;
const nothing: Memory = { tensors: 0, bytes: 0, peakBytes: 0 };

class WasmBackend implements Backend {
  readonly name = 'wasm';
  private readonly build: Build;
  private started: WasmDevice | null = null;
  private poisoned = false;

  constructor(private readonly asked: Build | undefined) {
    this.build = chooseBuild(asked);
  }
  private get device(): WasmDevice {
    if (this.started === null) {
      this.started = new WasmDevice(this.build);
      this.started.heap.poisoned = this.poisoned;
    }
    return this.started;
  }
  private get kernels(): Kernels {
    return this.device.kernels;
  }
  private get heap(): WasmHeap {
    return this.device.heap;
  }

  describe(): Record<string, string | number | boolean> {
    const missing = this.asked === 'baseline' ? 'not used: baseline was asked for' : 'not available on this platform';
    return {
      backend: 'wasm',
      build: this.build,
      simd: true,
      relaxedSimd: this.build === 'relaxed' ? 'used' : relaxedAvailable() ? missing : 'not available on this platform',
      sharedMemory: sharedAvailable(),
      threads: 1,
      precision: 'float32 values and accumulation in blocks',
    };
  }
  memory(): Memory {
    return this.started?.heap.allocator.memory() ?? nothing;
  }
  resetPeak(): void {
    this.started?.heap.allocator.resetPeak();
  }
  poison(on: boolean): void {
    this.poisoned = on;
    if (this.started !== null) this.started.heap.poisoned = on;
  }

  // --- storage -------------------------------------------------------------------------------------------------

  fromHost(values: TypedArray): Storage {
    return new WasmStorage(dtypeOf(values), values.length, null, values);
  }
  alias(storage: Storage): Storage {
    const { dtype, size, block, host } = storage as WasmStorage;
    if (host !== null) return new WasmStorage(dtype, size, null, host); // a staged copy belongs to the original alone
    if (block !== null) block.users += 1;
    return new WasmStorage(dtype, size, block, null);
  }
  free(storage: Storage): void {
    const held = storage as WasmStorage;
    if (held.block !== null) this.heap.free(held);
    held.host = null;
  }
  collectable(storage: Storage): void {
    const held = storage as WasmStorage;
    if (held.host === null) this.heap.collectable(held); // else: a staged copy goes when its scope ends
  }
  resident(storage: Storage): void {
    this.heap.resident(storage as WasmStorage);
  }
  enter(): number {
    return this.started?.heap.enter() ?? 0;
  }
  leave(mark: number): void {
    this.started?.heap.leave(mark);
  }
  readSync(storage: Storage): TypedArray {
    const held = storage as WasmStorage;
    return held.host !== null ? held.host.slice() : this.heap.copy(held);
  }
  async read(storage: Storage): Promise<TypedArray> {
    return this.readSync(storage);
  }

  // --- elementwise ---------------------------------------------------------------------------------------------

  unary(op: Unary, x: Operand): Storage {
    return this.map(op, x);
  }
  /** A result like x from a kernel (x, out, n). */
  private map(name: KernelName, x: Operand): Storage {
    const from = this.heap.address(x.storage);
    const out = this.heap.make('float32', x.storage.size);
    this.kernels[name](from, this.heap.address(out), out.size);
    return out;
  }
  binary(op: Binary, a: Operand | number, b: Operand | number, shape: Shape): Storage {
    return zip(this.device, op, 'float32', 'float32', a, b, shape);
  }
  compare(op: Compare, a: Operand | number, b: Operand | number, shape: Shape): Storage {
    return compare(this.device, op, a, b, shape);
  }
  where(condition: Operand, a: Operand | number, b: Operand | number, shape: Shape): Storage {
    return choose(this.device, condition, a, b, shape);
  }
  cast(x: Operand, dtype: DType): Storage {
    return cast(this.device, x, dtype);
  }
  axpby(alpha: number, x: Operand, beta: number, y: Operand): Storage {
    const [p, q] = [this.heap.address(x.storage), this.heap.address(y.storage)];
    const out = this.heap.make('float32', x.storage.size);
    this.kernels.axpby(alpha, p, beta, q, this.heap.address(out), out.size);
    return out;
  }

  // --- products ------------------------------------------------------------------------------------------------

  matmul(a: Operand, b: Operand, transposeA: boolean, transposeB: boolean, shape: Shape): Storage {
    const [p, q] = [this.heap.address(a.storage), this.heap.address(b.storage)];
    const out = this.heap.make('float32', sizeOf(shape));
    if (out.size === 0) return out;
    const to = this.heap.address(out);
    const [m, n] = [shape[shape.length - 2] as number, shape[shape.length - 1] as number];
    const k = a.shape[a.shape.length - (transposeA ? 2 : 1)] as number;
    // Strides of a lane (row of A, column of B) and of a step along k, in elements.
    const [laneA, depthA] = transposeA ? [1, m] : [k, 1];
    const [laneB, depthB] = transposeB ? [k, 1] : [1, n];
    const multiply = (i: number, j: number, o: number, rows: number): void => {
      this.gemm(p + 4 * i, laneA, depthA, q + 4 * j, laneB, depthB, to + 4 * o, rows, n, k);
    };
    // One B for a dense batch of A: the batch is more rows of one product.
    if (b.storage.size === k * n && !transposeA && a.storage.size * n === out.size * k) multiply(0, 0, 0, out.size / n);
    else {
      const batch = shape.slice(0, -2);
      const strides = [
        broadcastStrides(a.shape.slice(0, -2), batch).map((stride) => stride * m * k),
        broadcastStrides(b.shape.slice(0, -2), batch).map((stride) => stride * k * n),
        stridesOf(batch).map((stride) => stride * m * n),
      ];
      forOuter(simplify(batch, strides, 0), 0, ([i = 0, j = 0, o = 0]) => multiply(i, j, o, m));
    }
    return out;
  }
  /** An operand at address 0 is `random`; its lane stride is 1 when its lanes run along the columns of the matrix. */
  private gemm(
    a: number,
    laneA: number,
    depthA: number,
    b: number,
    laneB: number,
    depthB: number,
    out: number,
    m: number,
    n: number,
    k: number,
    random?: RandomMatrix,
  ): void {
    const { kernels, workspace } = this.device;
    if (random === undefined) {
      kernels.gemm(a, laneA, depthA, b, laneB, depthB, out, m, n, k, workspace, 0, 0, 0, 0);
      return;
    }
    const { kind, key, scale } = random;
    const code = distributions[kind];
    kernels.gemm(a, laneA, depthA, b, laneB, depthB, out, m, n, k, workspace, code, key[0], key[1], scale);
  }
  matmulRandom(x: Operand, a: RandomMatrix, side: 'left' | 'right', transpose: boolean): Storage {
    const [rows, columns] = transpose ? [a.columns, a.rows] : [a.rows, a.columns];
    const [height, width] = x.shape as readonly [number, number];
    const [m, n] = side === 'right' ? [height, columns] : [rows, width];
    const from = this.heap.address(x.storage);
    const out = this.heap.make('float32', m * n);
    const to = this.heap.address(out);
    if (side === 'right') this.gemm(from, width, 1, 0, transpose ? 0 : 1, 0, to, m, n, width, a);
    else this.gemm(0, transpose ? 1 : 0, 0, from, 1, width, to, m, n, height, a);
    return out;
  }
  random(kind: Distribution, key: Key, shape: Shape): Storage {
    const out = this.heap.make('float32', sizeOf(shape));
    if (out.size === 0) return out;
    const columns = shape.at(-1) ?? 1;
    const to = this.heap.address(out);
    const rows = out.size / columns;
    const { kernels, workspace } = this.device;
    kernels.randomFill(distributions[kind], key[0], key[1], 1, 0, rows, 0, columns, to, columns, workspace);
    return out;
  }

  // --- reductions and rows -------------------------------------------------------------------------------------

  reduce(op: 'sum' | 'max' | 'min', x: Operand, axes: Axes): Storage {
    return this.fold(reductions[op], 'float32', x, axes);
  }
  argmax(x: Operand, axes: Axes): Storage {
    return this.fold('argmax', 'int32', x, axes);
  }
  private fold(name: KernelName, dtype: DType, x: Operand, [outer, length, inner]: Axes): Storage {
    const from = this.heap.address(x.storage);
    const out = this.heap.make(dtype, outer * inner);
    this.kernels[name](from, this.heap.address(out), outer, length, inner);
    return out;
  }
  softmax(x: Operand): Storage {
    return this.rows('softmax', x);
  }
  softmaxGrad(g: Operand, y: Operand): Storage {
    return this.rows('softmaxGrad', g, y);
  }
  logSoftmax(x: Operand): Storage {
    return this.rows('logSoftmax', x);
  }
  logSoftmaxGrad(g: Operand, y: Operand): Storage {
    return this.rows('logSoftmaxGrad', g, y);
  }
  /** A result like the first operand from a kernel (operand, …, out, rows, n). */
  private rows(name: KernelName, x: Operand, y?: Operand): Storage {
    const [height, width] = rowsOf(x);
    const p = this.heap.address(x.storage);
    if (y === undefined) {
      const out = this.heap.make('float32', x.storage.size);
      this.kernels[name](p, this.heap.address(out), height, width);
      return out;
    }
    const q = this.heap.address(y.storage);
    const out = this.heap.make('float32', x.storage.size);
    this.kernels[name](p, q, this.heap.address(out), height, width);
    return out;
  }
  layerNorm(x: Operand, weight: Operand | null, bias: Operand | null, epsilon: number): Storage {
    const [height, width] = rowsOf(x);
    const from = this.heap.address(x.storage);
    const [w, b] = [weight && this.heap.address(weight.storage), bias && this.heap.address(bias.storage)];
    const out = this.heap.make('float32', x.storage.size);
    this.kernels.layerNorm(from, w ?? 0, b ?? 0, this.heap.address(out), height, width, epsilon);
    return out;
  }
  layerNormGrad(g: Operand, x: Operand, weight: Operand | null, epsilon: number): readonly [Storage, Storage, Storage] {
    const [height, width] = rowsOf(x);
    const { heap } = this;
    const [p, q, w] = [heap.address(g.storage), heap.address(x.storage), weight && heap.address(weight.storage)];
    const [dx, dweight, dbias] = [x.storage.size, width, width].map((size) => heap.make('float32', size)) as Three;
    const partial = heap.make('float32', 2 * width);
    const [to, toWeight, toBias, room] = [dx, dweight, dbias, partial].map((x) => heap.address(x)) as Four;
    this.kernels.layerNormGrad(p, q, w ?? 0, to, toWeight, toBias, room, height, width, epsilon);
    heap.free(partial);
    return [dx, dweight, dbias];
  }
  crossEntropy(logits: Operand, targets: Operand): Storage {
    const [height, width] = rowsOf(logits);
    this.checkIds('crossEntropy', targets, width);
    const [p, q] = [this.heap.address(logits.storage), this.heap.address(targets.storage)];
    const out = this.heap.make('float32', height);
    this.kernels.crossEntropy(p, q, this.heap.address(out), height, width);
    return out;
  }
  crossEntropyGrad(g: Operand, logits: Operand, targets: Operand): Storage {
    const [height, width] = rowsOf(logits);
    const [p, q] = [this.heap.address(g.storage), this.heap.address(logits.storage)];
    const ids = this.heap.address(targets.storage);
    const out = this.heap.make('float32', logits.storage.size);
    this.kernels.crossEntropyGrad(p, q, ids, this.heap.address(out), height, width);
    return out;
  }
  private checkIds(where: string, ids: Operand, rows: number): void {
    const from = this.heap.address(ids.storage);
    const bad = this.kernels.firstOutside(from, ids.storage.size, rows);
    if (bad >= 0) throwIndexRange(where, this.heap.ints[from / 4 + bad] as number, rows);
  }

  // --- index and movement --------------------------------------------------------------------------------------

  gather(table: Operand, ids: Operand): Storage {
    const rows = table.shape[0] as number;
    const width = sizeOf(table.shape.slice(1));
    this.checkIds('gather', ids, rows);
    const [p, q] = [this.heap.address(table.storage), this.heap.address(ids.storage)];
    const out = this.heap.make('float32', ids.storage.size * width);
    this.kernels.gather(p, q, this.heap.address(out), ids.storage.size, width);
    return out;
  }
  scatterAdd(g: Operand, ids: Operand, rows: number): Storage {
    const width = sizeOf(g.shape.slice(ids.shape.length));
    const [p, q] = [this.heap.address(g.storage), this.heap.address(ids.storage)];
    const out = this.heap.make('float32', rows * width);
    this.kernels.scatterAdd(p, q, this.heap.address(out), ids.storage.size, width, rows);
    return out;
  }
  strided(x: Operand, shape: Shape, strides: readonly number[], offset: number): Storage {
    const from = this.heap.address(x.storage);
    const out = this.heap.make(x.dtype, sizeOf(shape));
    this.move(from + 4 * offset, strides, this.heap.address(out), stridesOf(shape), shape);
    return out;
  }
  pad(x: Operand, before: readonly number[], shape: Shape): Storage {
    const from = this.heap.address(x.storage);
    const out = this.heap.make(x.dtype, sizeOf(shape));
    const to = this.heap.address(out);
    this.heap.ints.fill(0, to / 4, to / 4 + out.size);
    const strides = stridesOf(shape);
    const origin = before.reduce((sum, skip, axis) => sum + skip * (strides[axis] as number), 0);
    this.move(from, stridesOf(x.shape), to + 4 * origin, strides, x.shape);
    return out;
  }
  concat(parts: readonly Operand[], outer: number): Storage {
    const sources = parts.map((part) => this.heap.address(part.storage));
    const total = parts.reduce((sum, part) => sum + part.storage.size, 0);
    const out = this.heap.make(parts[0]?.dtype ?? 'float32', total);
    let to = this.heap.address(out);
    parts.forEach((part, i) => {
      const run = part.storage.size / outer;
      this.kernels.move(sources[i] as number, to, 1, outer, run, 0, run, 1, 0, total / outer);
      to += 4 * run;
    });
    return out;
  }
  /** Copy between two arrays with these strides; the kernel does the last three axes. */
  private move(from: number, s: readonly number[], to: number, t: readonly number[], shape: Shape): void {
    if (sizeOf(shape) === 0) return;
    const walk = simplify(shape, [s, t], 3);
    if (walk.strides[1]?.at(-1) !== 1) append(walk);
    const [d0, d1, d2] = walk.extents.slice(-3) as Three<number>;
    const [[s0, s1, s2], [t0, t1]] = walk.strides.map((of) => of.slice(-3)) as [Three<number>, Three<number>];
    forOuter(walk, 3, ([i = 0, o = 0]) => {
      this.kernels.move(from + 4 * i, to + 4 * o, d0, d1, d2, s0, s1, s2, t0, t1);
    });
  }
}

type Three<T = WasmStorage> = [T, T, T];
type Four = [number, number, number, number];

/** [rows, n] of an operand seen as rows of its last axis. */
function rowsOf(x: Operand): [number, number] {
  const width = x.shape.length > 0 ? (x.shape[x.shape.length - 1] as number) : 1;
  return [width === 0 ? 0 : x.storage.size / width, width];
}
