import {
  add,
  applyUpdates,
  backend,
  matmul,
  mul,
  type Params,
  referenceBackend,
  scope,
  setBackend,
  sub,
  type Tensor,
  tensor,
  valueAndGrad,
} from '../../src/index';
import type { GpuSketch, Job } from './gpu-sketch';

/** Numbers only, so that a page can send it back to the test. */
export interface SpikeReport {
  readonly mode: string;
  /** Jobs that had begun when the whole training loop had returned: 0 if nothing waited for the device. */
  readonly begunOnReturn: number;
  readonly jobs: number;
  /** The same computation on the device and on the reference backend. */
  readonly device: readonly number[];
  readonly reference: readonly number[];
  readonly orderFaults: readonly string[];
  /** References to device memory after everything was dropped and collected. */
  readonly created: number;
  readonly deleted: number;
  readonly bytesWhileTraining: number;
  readonly bytesAfter: number;
}

/** Deterministic values in (−1, 1), without any op that the sketch lacks. */
function wave(length: number, frequency: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => Math.sin((i + 1) * frequency));
}

/** Four steps of linear regression, the last one outside any scope, where only the garbage collector frees. */
function train(): Tensor[] {
  const x = tensor(wave(24, 1.7), { shape: [8, 3] });
  const y = tensor(wave(8, 0.9), { shape: [8, 1] });
  const params: Params = { w: tensor(wave(3, 2.3), { shape: [3, 1] }), b: tensor([0.5]) };
  const step = (): Tensor => {
    const { value, grads } = valueAndGrad(() => {
      const residual = sub(add(matmul(x, params.w as Tensor), params.b as Tensor), y);
      return mul(matmul(residual, residual, { transposeA: true }), 1 / 8);
    }, params);
    applyUpdates(params, { w: mul(grads.w as Tensor, -0.2), b: mul(grads.b as Tensor, -0.2) });
    return value;
  };
  const losses = scope(() => [step(), step(), step()]);
  return [...losses, step(), params.w as Tensor, params.b as Tensor];
}

/** A long inner axis, one kernel at sizes that shrink and grow, both results alive, all transposes, a batch. */
function products(): Tensor[] {
  const matrix = (rows: number, columns: number): Tensor =>
    tensor(wave(rows * columns, 0.37), { shape: [rows, columns] });
  const batch = tensor(wave(12, 0.61), { shape: [2, 2, 3] });
  return [
    matmul(matrix(2, 1500), matrix(1500, 3)),
    matmul(matrix(1, 1), matrix(1, 1)),
    matmul(matrix(7, 5), matrix(5, 11)),
    matmul(matrix(5, 7), matrix(5, 11), { transposeA: true }),
    matmul(matrix(7, 5), matrix(11, 5), { transposeB: true }),
    matmul(matrix(5, 7), matrix(11, 5), { transposeA: true, transposeB: true }),
    matmul(batch, tensor(wave(24, 0.8), { shape: [2, 3, 4] })),
    add(batch, tensor([10, 20, 30])),
  ];
}

async function numbersOf(tensors: readonly Tensor[]): Promise<number[]> {
  const numbers: number[] = [];
  for (const t of tensors) numbers.push(...(await t.data()));
  return numbers;
}

/** Every handle is made once, freed once, and not touched after that. */
function orderFaults(log: readonly Job[]): string[] {
  const state = new Map<number, 'alive' | 'freed'>();
  return log.flatMap((job, at) => {
    const faults = job.uses.filter((id) => state.get(id) !== 'alive').map((id) => `job ${at} uses ${id}`);
    if (job.frees !== undefined && state.get(job.frees) !== 'alive') faults.push(`job ${at} frees ${job.frees}`);
    if (job.makes !== undefined) state.set(job.makes, 'alive');
    if (job.frees !== undefined) state.set(job.frees, 'freed');
    return faults;
  });
}

/** The tensors live in this call only, so that they are garbage when it is over. */
async function onDevice(
  sketch: GpuSketch,
): Promise<Pick<SpikeReport, 'begunOnReturn' | 'device' | 'bytesWhileTraining'>> {
  const results = [...train(), ...products()];
  const begunOnReturn = sketch.log.length;
  return { begunOnReturn, bytesWhileTraining: sketch.memory().bytes, device: await numbersOf(results) };
}

/** @param collect asks for a garbage collection and lets finalizers run */
export async function runSpike(sketch: GpuSketch, collect: () => Promise<void>): Promise<SpikeReport> {
  const before = backend();
  try {
    setBackend(referenceBackend());
    const reference = await numbersOf([...train(), ...products()]);
    setBackend(sketch);
    const results = await onDevice(sketch);
    for (let round = 0; round < 20 && sketch.memory().tensors > 0; round++) await collect();
    await sketch.settled();
    const { created, deleted } = sketch.device.count;
    return {
      mode: sketch.device.mode,
      jobs: sketch.log.length,
      reference,
      ...results,
      orderFaults: orderFaults(sketch.log),
      created,
      deleted,
      bytesAfter: sketch.memory().bytes,
    };
  } finally {
    setBackend(before);
  }
}
