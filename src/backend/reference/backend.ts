import { fillRow } from '../../base/distribution';
import { allocate, type DType, dtypeOf, type TypedArray } from '../../base/dtype';
import { erf, normalCdf } from '../../base/erf';
import { refuseExtra } from '../../base/options';
import { broadcastStrides, type Shape, sizeOf, stridesOf } from '../../base/shape';
import type { AttentionShape } from '../attention-layout';
import { throwIndexRange } from '../checks';
import type {
  Activation,
  AdamFactors,
  Axes,
  Binary,
  Compare,
  FullBackend,
  Memory,
  Operand,
  RandomMatrix,
  Reduction,
  Storage,
  Unary,
} from '../contract';
import { attend, attendGrad } from './attention';

/**
 * The oracle: one plain loop per operation, sums in float64, results rounded once to float32. Every other backend is
 * tested against this one, in its accelerators too. It is meant to be read first and is not meant to be fast.
 */
export function referenceBackend(): FullBackend {
  if (arguments.length > 0) refuseExtra('referenceBackend', arguments, 0);
  return new ReferenceBackend();
}

/** Aliases share the array; `shared.users` says how many lives it has left. */
class ReferenceStorage implements Storage {
  constructor(
    readonly values: TypedArray,
    readonly shared: { users: number; counted: boolean } = { users: 1, counted: false },
  ) {}
  get dtype(): DType {
    return dtypeOf(this.values);
  }
  get size(): number {
    return this.values.length;
  }
}

const unaries: Record<Unary, (x: number) => number> = {
  neg: (x) => -x,
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  rsqrt: (x) => 1 / Math.sqrt(x),
  abs: Math.abs,
  sign: Math.sign,
  square: (x) => x * x,
  tanh: Math.tanh,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  erf,
};

const activations: Record<Activation, (x: number) => number> = {
  relu: (x) => Math.max(x, 0),
  silu: (x) => x / (1 + Math.exp(-x)),
  gelu: (x) => 0.5 * x * (1 + Math.tanh(geluInner(x))),
  geluErf: (x) => x * normalCdf(x),
};

/** Towards zero, and to the nearest that exists; NaN becomes 0. */
function toInt32(x: number): number {
  return Math.min(2 ** 31 - 1, Math.max(-(2 ** 31), x)); // an Int32Array truncates
}

/** √(2/π)·(x + 0.044715·x³), the argument of tanh in the tanh form of GELU. */
function geluInner(x: number): number {
  return Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x);
}

const binaries: Record<Binary, (a: number, b: number) => number> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  pow: (a, b) => a ** b,
  maximum: Math.max,
  minimum: Math.min,
};

/** g·op′(x) */
const activationGrads: Record<Activation, (g: number, x: number) => number> = {
  relu: (g, x) => (x > 0 ? g : 0),
  silu: (g, at) => {
    const x = within(750, at);
    const s = 1 / (1 + Math.exp(-x));
    return g * s * (1 + x * (1 - s));
  },
  gelu: (g, at) => {
    const x = within(30, at);
    const t = Math.tanh(geluInner(x));
    return g * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * x * x));
  },
  geluErf: (g, at) => {
    const x = within(40, at);
    return g * (normalCdf(x) + (x * Math.exp(-0.5 * x * x)) / Math.sqrt(2 * Math.PI));
  },
};

/**
 * x, but at most `far` away from 0: beyond, a derivative is 0 or 1 already, and at infinity its formula would multiply
 * infinity by 0. NaN stays NaN.
 */
function within(far: number, x: number): number {
  return Math.min(far, Math.max(-far, x));
}

const reductions: Record<Reduction, { start: number; join: (so: number, x: number) => number }> = {
  sum: { start: 0, join: (so, x) => so + x },
  sumSquares: { start: 0, join: (so, x) => so + x * x },
  max: { start: -Infinity, join: Math.max },
  min: { start: Infinity, join: Math.min },
};

const comparisons: Record<Compare, (a: number, b: number) => boolean> = {
  equal: (a, b) => a === b,
  less: (a, b) => a < b,
  lessEqual: (a, b) => a <= b,
  greater: (a, b) => a > b,
  greaterEqual: (a, b) => a >= b,
};

class ReferenceBackend implements FullBackend {
  readonly name = 'reference';
  private live = { tensors: 0, bytes: 0, peakBytes: 0 };
  private poisoned = false;

  describe(): Record<string, string | number | boolean> {
    return { backend: 'reference', precision: 'float32 values, float64 sums', threads: 1 };
  }
  memory(): Memory {
    return { ...this.live };
  }
  resetPeak(): void {
    this.live.peakBytes = this.live.bytes;
  }
  poison(on: boolean): void {
    this.poisoned = on;
  }

  // --- storage -------------------------------------------------------------------------------------------------

  /** A new, counted storage: what every operation returns. */
  private made(values: TypedArray): Storage {
    const storage = new ReferenceStorage(values);
    this.count(storage, true);
    return storage;
  }
  private count(storage: Storage, counted: boolean): void {
    const { values, shared } = storage as ReferenceStorage;
    if (shared.counted === counted) return;
    shared.counted = counted;
    this.live.tensors += counted ? 1 : -1;
    this.live.bytes += counted ? values.byteLength : -values.byteLength;
    this.live.peakBytes = Math.max(this.live.peakBytes, this.live.bytes);
  }
  fromHost(values: TypedArray): Storage {
    return new ReferenceStorage(values);
  }
  alias(storage: Storage): Storage {
    const { values, shared } = storage as ReferenceStorage;
    shared.users += 1;
    return new ReferenceStorage(values, shared);
  }
  free(storage: Storage): void {
    const { values, shared } = storage as ReferenceStorage;
    if (--shared.users > 0) return;
    if (this.poisoned && shared.counted) values.fill(Number.NaN);
    this.count(storage, false);
  }
  collectable(storage: Storage): void {
    this.count(storage, false);
  }
  resident(storage: Storage): void {
    this.count(storage, true);
  }
  enter(): number {
    return 0;
  }
  leave(): void {}
  readSync(storage: Storage): TypedArray {
    return (storage as ReferenceStorage).values.slice();
  }
  async read(storage: Storage): Promise<TypedArray> {
    return this.readSync(storage);
  }

  // --- elementwise ---------------------------------------------------------------------------------------------

  unary(op: Unary, x: Operand): Storage {
    return this.made(valuesOf(x).map(unaries[op]) as Float32Array);
  }
  binary(op: Binary, a: Operand | number, b: Operand | number, shape: Shape): Storage {
    return this.made(zip(allocate('float32', sizeOf(shape)), binaries[op], a, b, shape));
  }
  compare(op: Compare, a: Operand | number, b: Operand | number, shape: Shape): Storage {
    return this.made(zip(allocate('int32', sizeOf(shape)), (p, q) => Number(comparisons[op](p, q)), a, b, shape));
  }
  where(condition: Operand, a: Operand | number, b: Operand | number, shape: Shape): Storage {
    const out = allocate('float32', sizeOf(shape));
    const readers = [reader(condition, shape), reader(a, shape), reader(b, shape)] as const;
    for (let i = 0; i < out.length; i++) out[i] = readers[0](i) !== 0 ? readers[1](i) : readers[2](i);
    return this.made(out);
  }
  cast(x: Operand, dtype: DType): Storage {
    const out = allocate(dtype, sizeOf(x.shape));
    if (dtype === x.dtype || dtype === 'float32') out.set(valuesOf(x));
    else for (let i = 0; i < out.length; i++) out[i] = toInt32(valuesOf(x)[i] as number);
    return this.made(out);
  }
  activation(op: Activation, x: Operand): Storage {
    return this.made(valuesOf(x).map(activations[op]) as Float32Array);
  }
  activationGrad(op: Activation, g: Operand, x: Operand): Storage {
    return this.made(zip(allocate('float32', sizeOf(x.shape)), activationGrads[op], g, x, x.shape));
  }
  axpby(alpha: number, x: Operand, beta: number, y: Operand): Storage {
    const [p, q] = [valuesOf(x), valuesOf(y)];
    return this.made(Float32Array.from(p, (value, i) => alpha * value + beta * (q[i] as number)));
  }

  // --- products ------------------------------------------------------------------------------------------------

  matmul(
    a: Operand,
    b: Operand,
    transposeA: boolean,
    transposeB: boolean,
    shape: Shape,
    bias: Operand | null,
  ): Storage {
    const [m, n] = shape.slice(-2) as [number, number];
    const k = a.shape[a.shape.length - (transposeA ? 2 : 1)] as number;
    const batch = shape.slice(0, -2);
    const batchOfA = offsets(a.shape.slice(0, -2), batch);
    const batchOfB = offsets(b.shape.slice(0, -2), batch);
    const [p, q, out] = [valuesOf(a), valuesOf(b), allocate('float32', sizeOf(shape))];
    const start = bias && valuesOf(bias);
    for (let z = 0; z < batchOfA.length; z++) {
      const atA = (batchOfA[z] as number) * m * k;
      const atB = (batchOfB[z] as number) * k * n;
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < n; j++) {
          let sum = start ? (start[j] as number) : 0;
          for (let l = 0; l < k; l++) {
            const left = p[atA + (transposeA ? l * m + i : i * k + l)] as number;
            const right = q[atB + (transposeB ? j * k + l : l * n + j)] as number;
            sum += left * right;
          }
          out[(z * m + i) * n + j] = sum;
        }
      }
    }
    return this.made(out);
  }
  addOnSupport(weight: Operand, b: Operand, a: Operand): Storage {
    const [rank = 0, columns = 0] = a.shape;
    const [left, right] = [valuesOf(b), valuesOf(a)];
    return this.made(
      Float32Array.from(valuesOf(weight), (w, at) => {
        if (w === 0) return 0;
        const [i, j] = [Math.floor(at / columns), at % columns];
        let sum = w;
        for (let l = 0; l < rank; l++) sum += (left[i * rank + l] as number) * (right[l * columns + j] as number);
        return sum;
      }),
    );
  }
  matmulRandom(x: Operand, a: RandomMatrix, side: 'left' | 'right', transpose: boolean): Storage {
    const stored = this.materialize(a);
    const [rows, columns] = transpose ? [a.columns, a.rows] : [a.rows, a.columns];
    return side === 'right'
      ? this.matmul(x, stored, false, transpose, [x.shape[0] as number, columns], null)
      : this.matmul(stored, x, transpose, false, [rows, x.shape[1] as number], null);
  }
  randomCross(a: RandomMatrix, b: RandomMatrix): Storage {
    return this.matmul(this.materialize(a), this.materialize(b), false, true, [a.rows, b.rows], null);
  }
  /** The oracle may form A; the others generate it inside the product. */
  private materialize({ kind, key, rows, columns, scale }: RandomMatrix): Operand {
    const values = new Float32Array(rows * columns);
    for (let row = 0; row < rows; row++)
      fillRow(kind, key, row, 0, values.subarray(row * columns, (row + 1) * columns));
    for (let i = 0; i < values.length; i++) (values[i] as number) *= Math.fround(scale);
    return { storage: new ReferenceStorage(values), shape: [rows, columns], dtype: 'float32' };
  }
  attention(
    q: Operand,
    k: Operand,
    v: Operand,
    shape: AttentionShape,
    scale: number,
    causal: boolean,
  ): readonly [Storage, Storage] {
    const { out, normalizers } = attend(floatsOf(q), floatsOf(k), floatsOf(v), shape, scale, causal);
    return [this.made(out), this.made(normalizers)];
  }
  attentionGrad(
    g: Operand,
    q: Operand,
    k: Operand,
    v: Operand,
    _out: Operand,
    _normalizers: Operand,
    shape: AttentionShape,
    scale: number,
    causal: boolean,
  ): readonly Storage[] {
    const { dq, dk, dv } = attendGrad(floatsOf(g), floatsOf(q), floatsOf(k), floatsOf(v), shape, scale, causal);
    return (shape.packed ? [dq] : [dq, dk, dv]).map((grad) => this.made(Float32Array.from(grad)));
  }
  random(kind: RandomMatrix['kind'], key: RandomMatrix['key'], shape: Shape): Storage {
    const columns = shape.at(-1) ?? 1;
    const out = allocate('float32', sizeOf(shape));
    for (let row = 0; row * columns < out.length; row++) {
      fillRow(kind, key, row, 0, out.subarray(row * columns, (row + 1) * columns));
    }
    return this.made(out);
  }

  // --- reductions and rows -------------------------------------------------------------------------------------

  reduce(op: Reduction, x: Operand, [outer, length, inner]: Axes): Storage {
    const [values, out] = [valuesOf(x), allocate('float32', outer * inner)];
    const { start, join } = reductions[op];
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < inner; i++) {
        let result = start;
        for (let l = 0; l < length; l++) result = join(result, values[(o * length + l) * inner + i] as number);
        out[o * inner + i] = result;
      }
    }
    return this.made(out);
  }
  argmax(x: Operand, [outer, length, inner]: Axes): Storage {
    const [values, out] = [valuesOf(x), allocate('int32', outer * inner)];
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < inner; i++) {
        const at = (l: number): number => values[(o * length + l) * inner + i] as number;
        let best = 0;
        for (let l = 1; l < length && !Number.isNaN(at(best)); l++) {
          if (at(l) > at(best) || Number.isNaN(at(l))) best = l;
        }
        out[o * inner + i] = best;
      }
    }
    return this.made(out);
  }
  cumsum(x: Operand, [outer, length, inner]: Axes, reverse: boolean): Storage {
    const [values, out] = [valuesOf(x), allocate('float32', outer * length * inner)];
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < inner; i++) {
        let sum = 0;
        for (let step = 0; step < length; step++) {
          const l = reverse ? length - 1 - step : step;
          const at = (o * length + l) * inner + i;
          sum += values[at] as number;
          out[at] = sum;
        }
      }
    }
    return this.made(out);
  }
  topK(x: Operand, k: number): readonly [Storage, Storage] {
    const rows = sizeOf(x.shape.slice(0, -1));
    const [indices, positions] = [new Int32Array(rows * k), new Int32Array(rows * k)];
    forRows(x, (row, from, index) => {
      const before = (i: number, j: number): number => {
        const [a, b] = [row[i] as number, row[j] as number];
        if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(b)) - Number(Number.isNaN(a)) || i - j;
        return a === b ? i - j : a > b ? -1 : 1;
      };
      const order = Array.from(row, (_, i) => i).sort(before);
      for (let j = 0; j < k; j++) {
        indices[index * k + j] = order[j] as number;
        positions[index * k + j] = from + (order[j] as number);
      }
    });
    return [this.made(indices), this.made(positions)];
  }
  softmax(x: Operand): Storage {
    return this.rows(x, (row, out) => {
      const { peak, mass } = exponentials(row);
      for (let j = 0; j < row.length; j++) out[j] = Math.exp((row[j] as number) - peak) / mass;
    });
  }
  softmaxGrad(g: Operand, y: Operand): Storage {
    const probabilities = valuesOf(y);
    return this.rows(g, (row, out, from) => {
      let dot = 0;
      for (let j = 0; j < row.length; j++) dot += (row[j] as number) * (probabilities[from + j] as number);
      for (let j = 0; j < row.length; j++) out[j] = (probabilities[from + j] as number) * ((row[j] as number) - dot);
    });
  }
  logSoftmax(x: Operand): Storage {
    return this.rows(x, (row, out) => {
      const { peak, mass } = exponentials(row);
      const logMass = Math.log(mass);
      for (let j = 0; j < row.length; j++) out[j] = (row[j] as number) - peak - logMass;
    });
  }
  logSoftmaxGrad(g: Operand, y: Operand): Storage {
    const logits = valuesOf(y);
    return this.rows(g, (row, out, from) => {
      const total = row.reduce((a, b) => a + b, 0);
      for (let j = 0; j < row.length; j++) out[j] = (row[j] as number) - Math.exp(logits[from + j] as number) * total;
    });
  }
  layerNorm(x: Operand, weight: Operand | null, bias: Operand | null, epsilon: number): Storage {
    const [w, b] = [weight && valuesOf(weight), bias && valuesOf(bias)];
    return this.rows(x, (row, out) => {
      const { mean, inverse } = moments(row, epsilon);
      for (let j = 0; j < row.length; j++) {
        out[j] = ((row[j] as number) - mean) * inverse * (w ? (w[j] as number) : 1) + (b ? (b[j] as number) : 0);
      }
    });
  }
  /**
   * With x̂ = (x − mean)·inverse and h = g ⊙ weight, per row:
   * dx = inverse·(h − mean(h) − x̂·mean(h ⊙ x̂)); dweight = Σ g ⊙ x̂ and dbias = Σ g over the rows.
   */
  layerNormGrad(g: Operand, x: Operand, weight: Operand | null, epsilon: number): readonly [Storage, Storage, Storage] {
    const n = x.shape.at(-1) as number;
    const [gs, w] = [valuesOf(g), weight && valuesOf(weight)];
    const [dweight, dbias] = [new Float64Array(n), new Float64Array(n)];
    const dx = this.rows(x, (row, out, from) => {
      const { mean, inverse } = moments(row, epsilon);
      const normal = (j: number): number => ((row[j] as number) - mean) * inverse;
      const h = (j: number): number => (gs[from + j] as number) * (w ? (w[j] as number) : 1);
      let [sum, dot] = [0, 0];
      for (let j = 0; j < n; j++) {
        sum += h(j);
        dot += h(j) * normal(j);
        (dweight[j] as number) += (gs[from + j] as number) * normal(j);
        (dbias[j] as number) += gs[from + j] as number;
      }
      for (let j = 0; j < n; j++) out[j] = inverse * (h(j) - sum / n - (normal(j) * dot) / n);
    });
    return [dx, this.made(Float32Array.from(dweight)), this.made(Float32Array.from(dbias))];
  }
  rmsNorm(x: Operand, weight: Operand | null, epsilon: number): Storage {
    const w = weight && valuesOf(weight);
    return this.rows(x, (row, out) => {
      const inverse = inverseRms(row, epsilon);
      for (let j = 0; j < row.length; j++) out[j] = (row[j] as number) * inverse * (w ? (w[j] as number) : 1);
    });
  }
  /** With x̂ = x·inverse and h = g ⊙ weight, per row: dx = inverse·(h − x̂·mean(h ⊙ x̂)); dweight = Σ g ⊙ x̂ over the rows. */
  rmsNormGrad(g: Operand, x: Operand, weight: Operand | null, epsilon: number): readonly [Storage, Storage] {
    const n = x.shape.at(-1) as number;
    const [gs, w] = [valuesOf(g), weight && valuesOf(weight)];
    const dweight = new Float64Array(n);
    const dx = this.rows(x, (row, out, from) => {
      const inverse = inverseRms(row, epsilon);
      const normal = (j: number): number => (row[j] as number) * inverse;
      const h = (j: number): number => (gs[from + j] as number) * (w ? (w[j] as number) : 1);
      let dot = 0;
      for (let j = 0; j < n; j++) {
        dot += h(j) * normal(j);
        (dweight[j] as number) += (gs[from + j] as number) * normal(j);
      }
      for (let j = 0; j < n; j++) out[j] = inverse * (h(j) - (normal(j) * dot) / n);
    });
    return [dx, this.made(Float32Array.from(dweight))];
  }
  crossEntropy(logits: Operand, targets: Operand): Storage {
    const ids = checkedIds('crossEntropy', targets, logits.shape[1] as number);
    const out = new Float32Array(ids.length);
    forRows(logits, (row, _, i) => {
      const { peak, mass } = exponentials(row);
      out[i] = peak - (row[ids[i] as number] as number) + Math.log(mass);
    });
    return this.made(out);
  }
  crossEntropyGrad(g: Operand, logits: Operand, targets: Operand): Storage {
    const [gs, ids] = [valuesOf(g), valuesOf(targets)];
    return this.rows(logits, (row, out, _, i) => {
      const { peak, mass } = exponentials(row);
      for (let j = 0; j < row.length; j++) {
        const probability = Math.exp((row[j] as number) - peak) / mass;
        out[j] = (probability - (j === ids[i] ? 1 : 0)) * (gs[i] as number);
      }
    });
  }
  /** A result of x's shape, made row by row. */
  private rows(x: Operand, make: (row: Float32Array, out: Float32Array, from: number, index: number) => void): Storage {
    const out = new Float32Array(sizeOf(x.shape));
    forRows(x, (row, from, index) => make(row, out.subarray(from, from + row.length), from, index));
    return this.made(out);
  }

  // --- updates -------------------------------------------------------------------------------------------------

  adam(g: Operand, mean: Operand, square: Operand, factors: AdamFactors): readonly [Storage, Storage, Storage] {
    const { beta1, beta2, correction1, correction2, epsilon } = factors;
    const [gs, m, v] = [valuesOf(g), valuesOf(mean), valuesOf(square)];
    const newMean = Float32Array.from(gs, (x, i) => beta1 * (m[i] as number) + (1 - beta1) * x);
    const newSquare = Float32Array.from(gs, (x, i) => beta2 * (v[i] as number) + (1 - beta2) * x * x);
    const update = newMean.map((x, i) => {
      return (x * correction1) / (Math.sqrt((newSquare[i] as number) * correction2) + epsilon);
    });
    return [this.made(update), this.made(newMean), this.made(newSquare)];
  }
  rms(g: Operand, square: Operand, beta: number, epsilon: number): readonly [Storage, Storage] {
    const [gs, v] = [valuesOf(g), valuesOf(square)];
    const newSquare = Float32Array.from(gs, (x, i) => beta * (v[i] as number) + (1 - beta) * x * x);
    const update = Float32Array.from(gs, (x, i) => x / (Math.sqrt(newSquare[i] as number) + epsilon));
    return [this.made(update), this.made(newSquare)];
  }
  lion(g: Operand, mean: Operand, beta1: number, beta2: number): readonly [Storage, Storage] {
    const [gs, m] = [valuesOf(g), valuesOf(mean)];
    const update = Float32Array.from(gs, (x, i) => Math.sign(beta1 * (m[i] as number) + (1 - beta1) * x));
    const newMean = Float32Array.from(gs, (x, i) => beta2 * (m[i] as number) + (1 - beta2) * x);
    return [this.made(update), this.made(newMean)];
  }
  squareSums(g: Operand): readonly [Storage, Storage] {
    const [rows, columns] = g.shape as [number, number];
    return [this.reduce('sumSquares', g, [rows, columns, 1]), this.reduce('sumSquares', g, [1, rows, columns])];
  }
  scaleRowsColumns(g: Operand, row: Operand, column: Operand): Storage {
    const [p, q] = [valuesOf(row), valuesOf(column)];
    return this.made(
      Float32Array.from(valuesOf(g), (x, i) => {
        return x * (p[Math.floor(i / q.length)] as number) * (q[i % q.length] as number);
      }),
    );
  }

  // --- index and movement --------------------------------------------------------------------------------------

  gather(table: Operand, ids: Operand): Storage {
    const [rows, ...rest] = table.shape as [number, ...number[]];
    const width = sizeOf(rest);
    const picked = checkedIds('gather', ids, rows);
    const out = allocate('float32', picked.length * width);
    picked.forEach((id, i) => void out.set(valuesOf(table).subarray(id * width, (id + 1) * width), i * width));
    return this.made(out);
  }
  scatterAdd(g: Operand, ids: Operand, rows: number): Storage {
    const width = sizeOf(g.shape.slice(ids.shape.length));
    const [gs, sums] = [valuesOf(g), new Float64Array(rows * width)];
    valuesOf(ids).forEach((id, i) => {
      for (let j = 0; j < width; j++) (sums[id * width + j] as number) += gs[i * width + j] as number;
    });
    return this.made(Float32Array.from(sums));
  }
  strided(x: Operand, shape: Shape, strides: readonly number[], offset: number): Storage {
    const [values, out] = [valuesOf(x), allocate(x.dtype, sizeOf(shape))];
    const at = locate(shape, strides);
    for (let i = 0; i < out.length; i++) out[i] = values[offset + at(i)] as number;
    return this.made(out);
  }
  stridedAdd(x: Operand, size: number, strides: readonly number[], offset: number): Storage {
    const [values, sums] = [valuesOf(x), new Float64Array(size)];
    const at = locate(x.shape, strides);
    for (let i = 0; i < values.length; i++) (sums[offset + at(i)] as number) += values[i] as number;
    return this.made(Float32Array.from(sums));
  }
  pad(x: Operand, before: readonly number[], shape: Shape, value: number): Storage {
    const [values, out] = [valuesOf(x), allocate(x.dtype, sizeOf(shape)).fill(value)];
    const strides = stridesOf(shape);
    const at = locate(x.shape, strides);
    const origin = before.reduce((sum, skip, axis) => sum + skip * (strides[axis] as number), 0);
    for (let i = 0; i < values.length; i++) out[origin + at(i)] = values[i] as number;
    return this.made(out);
  }
  concat(parts: readonly Operand[], outer: number): Storage {
    const total = parts.reduce((sum, part) => sum + sizeOf(part.shape), 0);
    const out = allocate(parts[0]?.dtype ?? 'float32', total);
    let at = 0;
    for (let o = 0; o < outer; o++) {
      for (const part of parts) {
        const run = sizeOf(part.shape) / outer; // lengthᵢ·inner elements
        out.set(valuesOf(part).subarray(o * run, (o + 1) * run), at);
        at += run;
      }
    }
    return this.made(out);
  }
}

function valuesOf(x: Operand): TypedArray {
  return (x.storage as ReferenceStorage).values;
}

function floatsOf(x: Operand): Float32Array {
  return valuesOf(x) as Float32Array;
}

/** Position of element `i` of `shape` in an array with these strides. */
function locate(shape: Shape, strides: readonly number[]): (i: number) => number {
  return (i) => {
    let at = 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const extent = shape[axis] as number;
      at += (i % extent) * (strides[axis] as number);
      i = Math.floor(i / extent);
    }
    return at;
  };
}

/** For each position of `shape`, which element of an array of `from` is read under broadcasting. */
function offsets(from: Shape, shape: Shape): number[] {
  const at = locate(shape, broadcastStrides(from, shape));
  return Array.from({ length: sizeOf(shape) }, (_, i) => at(i));
}

/** Element `i` of an operand broadcast to `shape`; a number is the same everywhere. */
function reader(x: Operand | number, shape: Shape): (i: number) => number {
  if (typeof x === 'number') {
    const rounded = Math.fround(x);
    return () => rounded;
  }
  const values = valuesOf(x);
  const at = locate(shape, broadcastStrides(x.shape, shape));
  return (i) => values[at(i)] as number;
}

function zip<T extends TypedArray>(
  out: T,
  f: (a: number, b: number) => number,
  a: Operand | number,
  b: Operand | number,
  shape: Shape,
): T {
  const [p, q] = [reader(a, shape), reader(b, shape)];
  for (let i = 0; i < out.length; i++) out[i] = f(p(i), q(i));
  return out;
}

function forRows(x: Operand, visit: (row: Float32Array, from: number, index: number) => void): void {
  const values = floatsOf(x);
  const length = x.shape.at(-1) ?? 1;
  for (let from = 0, index = 0; from < values.length; from += length, index++) {
    visit(values.subarray(from, from + length), from, index);
  }
}

/**
 * The largest of a row, and Σ exp(x − peak). They stay apart: next to a large peak, peak + log(mass) rounds to the peak
 * and log(mass) is lost, also in float64. x − peak first, and nothing is.
 */
function exponentials(row: Float32Array): { peak: number; mass: number } {
  const peak = row.reduce((a, b) => Math.max(a, b), -Infinity);
  return { peak, mass: row.reduce((sum, value) => sum + Math.exp(value - peak), 0) };
}

function moments(row: Float32Array, epsilon: number): { mean: number; inverse: number } {
  const mean = row.reduce((a, b) => a + b, 0) / row.length;
  const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / row.length;
  return { mean, inverse: 1 / Math.sqrt(variance + epsilon) };
}

function inverseRms(row: Float32Array, epsilon: number): number {
  return 1 / Math.sqrt(row.reduce((sum, value) => sum + value * value, 0) / row.length + epsilon);
}

function checkedIds(where: string, ids: Operand, rows: number): TypedArray {
  const values = valuesOf(ids);
  for (const id of values) if (id < 0 || id >= rows) throwIndexRange(where, id, rows);
  return values;
}
