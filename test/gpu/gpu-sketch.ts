import type { Axes, Backend, Binary, Memory, Operand, Reduction, Storage } from '../../src/backend/backend';
import type { DType, TypedArray } from '../../src/base/dtype';
import { BackendError } from '../../src/base/errors';
import { type Shape, sizeOf } from '../../src/base/shape';
import type { Device, Dims, Handle } from './device';

/** One step of the device's queue: what it reads, what it makes, what it frees, by handle number. */
export interface Job {
  readonly kind: string;
  readonly uses: readonly number[];
  readonly makes?: number;
  readonly frees?: number;
}

/** A handle that the queue has promised. */
interface Promised {
  readonly id: number;
  readonly handle: Promise<Handle>;
}

/** The memory that aliases share: values on the host, on the device, or both. */
class Cell {
  users = 1;
  resident = false;
  constructor(
    readonly host: TypedArray | null,
    public promised: Promised | null,
    readonly bytes: number,
  ) {}
}

class SketchStorage implements Storage {
  constructor(
    readonly cell: Cell,
    readonly dtype: DType,
    readonly size: number,
  ) {}
}

const operators: Partial<Record<Binary, string>> = { add: '+', sub: '-', mul: '*' };

/**
 * A backend on gpu.js, as far as a linear regression needs one: enough to see whether the contract, scopes and tapes
 * fit a device that answers later. Operations only append to one first-in-first-out queue, deletions included.
 */
export class GpuSketch implements Backend {
  readonly name: string;
  /** What the device has begun, in order. */
  readonly log: Job[] = [];
  private tail: Promise<unknown> = Promise.resolve();
  private failure: unknown;
  private handles = 0;
  private reads = 0;
  private readonly cached: Cell[] = [];
  private readonly live = { tensors: 0, bytes: 0, peakBytes: 0 };
  private readonly net = new FinalizationRegistry<Cell>((cell) => this.release(cell));

  constructor(readonly device: Device) {
    this.name = `gpu.js sketch on ${device.mode}`;
  }
  describe(): Record<string, string> {
    return { backend: this.name, precision: 'float32' };
  }
  /** Counts what the calls so far have asked for; the device agrees once the queue is empty. */
  memory(): Memory {
    return { ...this.live };
  }
  resetPeak(): void {
    this.live.peakBytes = this.live.bytes;
  }
  poison(): void {} // a deleted handle cannot be read, so there is nothing to overwrite

  /** Resolves when everything asked for so far has run. @throws the first error of a job */
  async settled(): Promise<void> {
    await this.tail;
    if (this.failure !== undefined) throw this.failure;
  }

  // --- storage -------------------------------------------------------------------------------------------------

  fromHost(values: TypedArray): Storage {
    const dtype = values instanceof Float32Array ? 'float32' : 'int32';
    return new SketchStorage(new Cell(values, null, values.byteLength), dtype, values.length);
  }
  alias(storage: Storage): Storage {
    const { cell, dtype, size } = storage as SketchStorage;
    cell.users += 1;
    return new SketchStorage(cell, dtype, size);
  }
  free(storage: Storage): void {
    this.net.unregister(storage);
    this.release((storage as SketchStorage).cell);
  }
  collectable(storage: Storage): void {
    this.net.register(storage, (storage as SketchStorage).cell, storage);
  }
  resident(storage: Storage): void {
    this.net.unregister(storage);
    (storage as SketchStorage).cell.resident = true;
  }
  enter(): number {
    return this.cached.length;
  }
  leave(mark: number): void {
    for (const cell of this.cached.splice(mark)) if (!cell.resident) this.drop(cell);
  }
  async read(storage: Storage): Promise<TypedArray> {
    // A finalizer runs only between macrotasks, so a loop that does nothing but read must let one pass now and then.
    if (++this.reads % 16 === 0) await new Promise((resolve) => setTimeout(resolve));
    const { cell, size } = storage as SketchStorage;
    if (cell.host) return cell.host.slice();
    const { id, handle } = cell.promised as Promised;
    return this.enqueue({ kind: 'read', uses: [id] }, async () => this.device.read(await handle, size));
  }
  readSync(): TypedArray {
    throw new BackendError({
      code: 'read/sync',
      got: `a synchronous read on ${this.name}`,
      expected: 'an asynchronous one, since the device answers later',
      fix: 'use await t.data()',
    });
  }

  // --- what is covered -------------------------------------------------------------------------------------------

  binary(op: Binary, a: Operand | number, b: Operand | number, shape: Shape): Storage {
    const sign = operators[op] ?? notCovered(`binary ${op}`)();
    const term = (x: Operand | number, i: number): string =>
      typeof x === 'number' ? `s${i}` : `x${i}[this.thread.z*z${i}][this.thread.y*y${i}][this.thread.x*c${i}]`;
    const parameters = [a, b].map((x, i) => (typeof x === 'number' ? `s${i}` : `x${i}`));
    const strides = [a, b].flatMap((x, i) => (typeof x === 'number' ? [] : [`c${i}`, `y${i}`, `z${i}`]));
    const source = `function(${[...parameters, ...strides].join()}){return ${term(a, 0)}${sign}${term(b, 1)};}`;
    const out = dims(shape);
    const steps = [a, b].flatMap((x) =>
      typeof x === 'number' ? [] : dims(x.shape).map((extent) => (extent === 1 ? 0 : 1)),
    );
    return this.launch(op, source, out, [
      ...[a, b].map((x) => (typeof x === 'number' ? x : ([x, dims(x.shape)] as const))),
      ...steps,
    ]);
  }
  matmul(a: Operand, b: Operand, transposeA: boolean, transposeB: boolean, shape: Shape): Storage {
    const k = a.shape.at(transposeA ? -2 : -1) as number;
    if (k >= 16_000) notCovered('matmul with a long inner axis')(); // beyond, some drivers stop a loop silently
    const source = `function(a,b,k,za,zb){let s=0;for(let i=0;i<k;i++){
      s+=a[this.thread.z*za]${transposeA ? '[i][this.thread.y]' : '[this.thread.y][i]'}
        *b[this.thread.z*zb]${transposeB ? '[this.thread.x][i]' : '[i][this.thread.x]'};}return s;}`;
    const [p, q, out] = [dims(a.shape), dims(b.shape), dims(shape)];
    return this.launch('matmul', source, out, [[a, p], [b, q], k, Math.min(p[2] - 1, 1), Math.min(q[2] - 1, 1)]);
  }
  reduce(op: Reduction, x: Operand, [outer, length, inner]: Axes): Storage {
    if (op !== 'sum') notCovered(`reduce ${op}`)();
    const source = `function(a,n){let s=0;for(let i=0;i<n;i++){s+=a[this.thread.z][i][this.thread.x];}return s;}`;
    return this.launch('sum', source, [inner, 1, outer], [[x, [inner, length, outer]], length]);
  }

  // --- the queue -------------------------------------------------------------------------------------------------

  private enqueue<T>(job: Job, run: () => Promise<T>): Promise<T> {
    const done = this.tail.then(() => {
      this.log.push(job);
      return run();
    });
    this.tail = done.then(
      () => {},
      (error) => {
        this.failure ??= error;
      },
    );
    return done;
  }

  /** A kernel whose operands are seen under the given extents; numbers are passed on as they are. */
  private launch(
    kind: string,
    source: string,
    out: Dims,
    args: readonly (readonly [Operand, Dims] | number)[],
  ): Storage {
    const size = sizeOf(out);
    if (size === 0 || args.some((arg) => typeof arg !== 'number' && sizeOf(arg[1]) === 0)) {
      return this.fromHost(new Float32Array(size)); // gpu.js knows no zero extents; an empty sum is zero
    }
    const inputs = args.map((arg) => (typeof arg === 'number' ? arg : { ...this.onDevice(arg[0]), dims: arg[1] }));
    const uses = inputs.flatMap((input) => (typeof input === 'number' ? [] : [input.id]));
    const run = async (): Promise<Handle> => {
      const views: Handle[] = [];
      const seen = async (input: { handle: Promise<Handle>; dims: Dims }): Promise<Handle> => {
        views.push(this.device.view(await input.handle, input.dims));
        return views.at(-1) as Handle;
      };
      try {
        const given: (Handle | number)[] = [];
        for (const input of inputs) given.push(typeof input === 'number' ? input : await seen(input));
        return await this.device.launch(source, out, given);
      } finally {
        for (const view of views) this.device.delete(view);
      }
    };
    const cell = new Cell(null, null, size * 4);
    cell.promised = this.promise(kind, uses, cell, run);
    return new SketchStorage(cell, 'float32', size);
  }

  private promise(kind: string, uses: readonly number[], cell: Cell, run: () => Promise<Handle>): Promised {
    const id = this.handles++;
    this.live.tensors += 1;
    this.live.bytes += cell.bytes;
    this.live.peakBytes = Math.max(this.live.peakBytes, this.live.bytes);
    return { id, handle: this.enqueue({ kind, uses, makes: id }, run) };
  }

  /** Where an operand's values are, or will be when the queue gets there; host values are uploaded once a scope. */
  private onDevice({ storage, dtype }: Operand): Promised {
    const { cell } = storage as SketchStorage;
    if (cell.promised) return cell.promised;
    if (dtype !== 'float32') notCovered('int32 on the device')();
    const values = cell.host as Float32Array;
    cell.promised = this.promise('upload', [], cell, () => this.device.upload(values, [values.length, 1, 1]));
    this.cached.push(cell);
    return cell.promised;
  }

  /** One life less; the last one takes the memory along. */
  private release(cell: Cell): void {
    if (--cell.users === 0) this.drop(cell);
  }
  /** Give the device memory back, after everything that was asked for before. */
  private drop(cell: Cell): void {
    if (!cell.promised) return;
    const { id, handle } = cell.promised;
    cell.promised = null;
    this.live.tensors -= 1;
    this.live.bytes -= cell.bytes;
    // A handle that never came has nothing to delete; its error is kept by the job that made it.
    const made = handle.catch(() => null);
    void this.enqueue({ kind: 'free', uses: [], frees: id }, async () => {
      const given = await made;
      if (given) this.device.delete(given);
    });
  }

  // --- what is not -----------------------------------------------------------------------------------------------

  unary = notCovered('unary');
  compare = notCovered('compare');
  where = notCovered('where');
  cast = notCovered('cast');
  axpby = notCovered('axpby');
  adam = notCovered('adam');
  rms = notCovered('rms');
  lion = notCovered('lion');
  squareSums = notCovered('squareSums');
  scaleRowsColumns = notCovered('scaleRowsColumns');
  matmulRandom = notCovered('matmulRandom');
  randomCross = notCovered('randomCross');
  addOnSupport = notCovered('addOnSupport');
  random = notCovered('random');
  argmax = notCovered('argmax');
  cumsum = notCovered('cumsum');
  attention = notCovered('attention');
  attentionGrad = notCovered('attentionGrad');
  topK = notCovered('topK');
  softmax = notCovered('softmax');
  softmaxGrad = notCovered('softmaxGrad');
  logSoftmax = notCovered('logSoftmax');
  logSoftmaxGrad = notCovered('logSoftmaxGrad');
  layerNorm = notCovered('layerNorm');
  layerNormGrad = notCovered('layerNormGrad');
  rmsNorm = notCovered('rmsNorm');
  rmsNormGrad = notCovered('rmsNormGrad');
  crossEntropy = notCovered('crossEntropy');
  crossEntropyGrad = notCovered('crossEntropyGrad');
  stridedAdd = notCovered('stridedAdd');
  gather = notCovered('gather');
  scatterAdd = notCovered('scatterAdd');
  strided = notCovered('strided');
  pad = notCovered('pad');
  concat = notCovered('concat');
}

/** `[columns, rows, batch]` of a shape with at most three axes; batches of batches are more than the sketch needs. */
function dims(shape: Shape): Dims {
  if (shape.length > 3) notCovered('more than three axes')();
  const [batch, rows, columns] = [1, 1, 1, ...shape].slice(-3) as [number, number, number];
  return [columns, rows, batch];
}

function notCovered(what: string): () => never {
  return () => {
    throw new BackendError({
      code: 'spike/not-covered',
      got: `${what} on the gpu.js sketch`,
      expected: 'one of the operations that a linear regression needs',
      fix: 'use another backend; the sketch only shows that the contract fits',
    });
  };
}
