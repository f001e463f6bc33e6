import type { Distribution } from '../base/distribution';
import type { DType, TypedArray } from '../base/dtype';
import type { Key } from '../base/key';
import type { Shape } from '../base/shape';
import type { AttentionSpec } from './attention-spec';

/** Where a backend keeps the values of one tensor: opaque to all other code, and possibly still a promise inside. */
export interface Storage {
  /** Type of the elements. */
  readonly dtype: DType;
  /** Number of elements. */
  readonly size: number;
}

/** What a backend computes with. Elements are always dense and row-major; there are no strided views. */
export interface Operand {
  /** Where the values are. */
  readonly storage: Storage;
  /** Extents, outermost first. */
  readonly shape: Shape;
  /** The dtype, that of the storage. */
  readonly dtype: DType;
}

/** Elementwise functions of one operand, which every backend has. */
export type Unary = (typeof unaries)[number];
export const unaries = [
  'neg',
  'exp',
  'log',
  'sqrt',
  'rsqrt',
  'abs',
  'sign',
  'square',
  'tanh',
  'sigmoid',
  'erf',
] as const;
/** Elementwise functions of two operands, which every backend has. */
export type Binary = (typeof binaries)[number];
export const binaries = ['add', 'sub', 'mul', 'div', 'pow', 'maximum', 'minimum'] as const;
/** Elementwise functions of one operand that may have a kernel of their own. */
export type Activation = (typeof activations)[number];
export const activations = ['relu', 'silu', 'gelu', 'geluErf'] as const;
/** Elementwise comparisons. */
export type Compare = (typeof comparisons)[number];
export const comparisons = ['equal', 'less', 'lessEqual', 'greater', 'greaterEqual'] as const;

/** Functions of elements that are a loop over a function of JavaScript on the CPU; a GPU has a formula for each name. */
export type MapName =
  | 'sin'
  | 'cos'
  | 'tan'
  | 'atan2'
  | 'floor'
  | 'ceil'
  | 'round'
  | 'mod'
  | 'log1p'
  | 'expm1'
  | 'addInt'
  | 'subInt'
  | 'mulInt';

/** A rare function of one or two elements, which lives in the file of its op: a bundle without the op is without it too. */
export interface ElementFunction {
  /** By which a device that cannot run `of` finds its own formula. */
  readonly name: MapName;
  /** One element of the result, in float64; y has no meaning where there is one operand. */
  readonly of: (x: number, y: number) => number;
  /** The dtype of the operands and of the result, which is rounded to it. */
  readonly dtype: DType;
}

/** What a reduction makes of the elements; `sumSquares` is the sum of x². */
export type Reduction = 'sum' | 'sumSquares' | 'max' | 'min';

/** A dense array seen as `[outer, length, inner]`; a reduction removes the middle axis. */
export type Axes = readonly [outer: number, length: number, inner: number];

/** A matrix that is a function of its key and never stored: `scale` times entry (row, column) of a distribution. */
export interface RandomMatrix {
  /** What the entries are drawn from. */
  readonly kind: Distribution;
  /** What the entries are a function of. */
  readonly key: Key;
  /** Number of rows. */
  readonly rows: number;
  /** Number of columns. */
  readonly columns: number;
  /** Factor of every entry. */
  readonly scale: number;
}

/** The numbers of one step of Adam. */
export interface AdamFactors {
  /** Decay of the mean, β1. */
  readonly beta1: number;
  /** Decay of the mean square, β2. */
  readonly beta2: number;
  /** What the mean is multiplied by in the update, 1/(1 − β1^t). */
  readonly correction1: number;
  /** What the mean square is multiplied by in the update, 1/(1 − β2^t). */
  readonly correction2: number;
  /** ε, added to the root. */
  readonly epsilon: number;
}

/** Bytes held for live tensors; equal to what the backend's allocator says. */
export interface Memory {
  /** Live values. */
  readonly tensors: number;
  /** Bytes held now. */
  readonly bytes: number;
  /** The largest number of bytes held since the start or the last `resetPeak`. */
  readonly peakBytes: number;
}

/** What a device is: its name, its account of memory, and what it says of itself. */
export interface Device {
  /** For messages and `describe`. */
  readonly name: string;
  /**
   * Its arithmetic may take subnormal numbers (below 2⁻¹²⁶) for zeros and lose the sign of a zero, as the standards of
   * GPUs allow. Backends that leave it out keep both.
   */
  readonly flushes?: boolean;
  /**
   * Its update accelerators do many leaves in fewer dispatches: the trainer hands over the whole record of gradients
   * instead of one leaf at a time, at the price of holding all of it.
   */
  readonly batchesUpdates?: boolean;
  /** What really runs: build, precision, threads, and why something better was not available. */
  describe(): Record<string, string | number | boolean>;
  /**
   * Use up to `count` threads from now on. `describe()` reports the number obtained and, if lower, the reason. Results do
   * not depend on it. Backends without threads of their own leave it out.
   */
  setThreads?(count: number): Promise<void>;
  /** What is held for live tensors. */
  memory(): Memory;
  /** Let `peakBytes` start again from the bytes held now. */
  resetPeak(): void;
  /** Overwrite freed memory with NaN, so that a use after free cannot go unseen. */
  poison(on: boolean): void;
}

/** How values get into memory, stay there, and come back. */
export interface Storages {
  /** Take over a host array without copying it; it goes to the device when an op first needs it there. */
  fromHost(values: TypedArray): Storage;
  /** The same values under a second, independent life (what `reshape` returns); the memory goes when both are free. */
  alias(storage: Storage): Storage;
  /** The values are no longer needed. The caller must not use the storage again; the engine sees to that by `checkAlive`. */
  free(storage: Storage): void;
  /** No scope owns this storage any more: from now on the garbage collector must be enough. */
  collectable(storage: Storage): void;
  /** Keep on the device until `free`, also if a scope owned it before. */
  resident(storage: Storage): void;
  /** Between `enter` and `leave(mark)`, device copies of host arrays may be cached; `leave` drops them. */
  enter(): number;
  /** Drop the copies that were cached since `enter` returned this mark. */
  leave(mark: number): void;
  /** A copy of the values. */
  read(storage: Storage): Promise<TypedArray>;
  /** @throws BackendError `read/sync` where the device cannot */
  readSync(storage: Storage): TypedArray;
  /**
   * The values where they lie, good until the next call to the backend. Who made a storage and has not shown it to anyone may
   * write to a result of an operation this way. A device whose memory the host cannot reach leaves it out.
   */
  view?(storage: Storage): TypedArray;

  /**
   * What no device has a kernel for: read the inputs, solve in plain JavaScript, take the results over. `solve` may write
   * to its inputs, which are copies. Only a backend that cannot read at once needs it: it returns storages that are
   * promises inside, and an error of `solve` comes out of the next read.
   */
  onHost?(
    inputs: readonly Operand[],
    results: readonly { readonly shape: Shape; readonly dtype: DType }[],
    solve: (inputs: readonly TypedArray[]) => readonly TypedArray[],
  ): readonly Storage[];
}

/** One element out for one element of each operand. A number stands for a scalar operand, `shape` is the broadcast shape. */
export interface Elementwise {
  /** op(x) for each element; float32. */
  unary(op: Unary, x: Operand): Storage;
  /** op(a, b) for each pair of elements; float32. */
  binary(op: Binary, a: Operand | number, b: Operand | number, shape: Shape): Storage;
  /** int32 zeros and ones; both operands have the same dtype. */
  compare(op: Compare, a: Operand | number, b: Operand | number, shape: Shape): Storage;
  /** `condition ? a : b`; condition int32. */
  where(condition: Operand, a: Operand | number, b: Operand | number, shape: Shape): Storage;
  /** float32 → int32 truncates towards zero and stays within the range; NaN becomes 0. */
  cast(x: Operand, dtype: DType): Storage;
  /** f.of(x), or f.of(a, b) for each pair of elements; `shape` is the broadcast shape. */
  map(f: ElementFunction, operands: readonly [x: Operand, y?: Operand], shape: Shape): Storage;

  /** op(x) for each element. */
  activation?(op: Activation, x: Operand): Storage;
  /** g·op′(x) for each element, of equal shapes. */
  activationGrad?(op: Activation, g: Operand, x: Operand): Storage;
  /** alpha·x + beta·y for equal shapes: the arithmetic of every moving average. */
  axpby?(alpha: number, x: Operand, beta: number, y: Operand): Storage;
}

/** Products of matrices in memory. */
export interface Products {
  /**
   * [..., m, k]·[..., k, n] → [..., m, n]; a flag says that operand's last two axes are stored swapped; batch axes
   * broadcast. `bias` [n] is added to every row.
   */
  matmul(a: Operand, b: Operand, transposeA: boolean, transposeB: boolean, shape: Shape, bias: Operand | null): Storage;

  /** weight + b·a where the weight is not 0, and 0 where it is (−0 is); weight [n, m], b [n, r], a [r, m]. */
  addOnSupport?(weight: Operand, b: Operand, a: Operand): Storage;
}

/** Queries, keys and values; where they are packed side by side, all three are the one operand that holds them. */
export type QueriesKeysValues = readonly [q: Operand, k: Operand, v: Operand];

/** Attention, head by head. */
export interface Attention {
  /** softmax(scale·q·kᵀ)·v of each head, and ln Σ exp(scale·q·kᵀ) of each query [B, H, T]. Each query sees a key. */
  attention?(qkv: QueriesKeysValues, spec: AttentionSpec): readonly [out: Storage, normalizers: Storage];
  /** Gradients of q, k and v, or of the one operand that they are packed in; from both results of `attention`. */
  attentionGrad?(
    g: Operand,
    qkv: QueriesKeysValues,
    out: Operand,
    normalizers: Operand,
    spec: AttentionSpec,
  ): readonly Storage[];
}

/** Sums, extremes and orders along an axis. */
export interface Reductions {
  /** Sums of nothing are 0; max and min of nothing are refused by the op. NaN wins. */
  reduce(op: Reduction, x: Operand, axes: Axes): Storage;
  /** int32 position of the first largest element; a NaN counts as largest. */
  argmax(x: Operand, axes: Axes): Storage;
  /** Running sums along the middle axis, each with its own element; `reverse` adds from the end. */
  cumsum(x: Operand, axes: Axes, reverse: boolean): Storage;
  /**
   * The k first of each row, largest first: NaN counts as largest, of equals the lower index comes first. Two int32
   * results [..., k]: the indices in the row, and those in the whole of x.
   */
  topK(x: Operand, k: number): readonly [Storage, Storage];
}

/** Functions of rows, which are runs along the last axis. */
export interface Rows {
  /** exp(x − max)/Σ exp(x − max) of each row. */
  softmax?(x: Operand): Storage;
  /** y ⊙ (g − Σ g⊙y) */
  softmaxGrad?(g: Operand, y: Operand): Storage;
  /** x − max − log Σ exp(x − max) of each row. */
  logSoftmax?(x: Operand): Storage;
  /** g − exp(y)·Σ g */
  logSoftmaxGrad?(g: Operand, y: Operand): Storage;
  /** (x − mean)/√(variance + epsilon)·weight + bias, the biased variance of each row; weight and bias [n]. */
  layerNorm?(x: Operand, weight: Operand | null, bias: Operand | null, epsilon: number): Storage;
  /** Gradients of x, weight and bias. */
  layerNormGrad?(g: Operand, x: Operand, weight: Operand | null, epsilon: number): readonly [Storage, Storage, Storage];
  /** x/√(mean(x²) + epsilon)·weight, the mean of each row; weight [n]. */
  rmsNorm?(x: Operand, weight: Operand | null, epsilon: number): Storage;
  /** Gradients of x and weight. */
  rmsNormGrad?(g: Operand, x: Operand, weight: Operand | null, epsilon: number): readonly [Storage, Storage];
  /** logits [rows, classes], targets int32 [rows] → −log softmax at the target, [rows]. Checks targets. */
  crossEntropy?(logits: Operand, targets: Operand): Storage;
  /** (softmax − one-hot)·g per row; g [rows]. */
  crossEntropyGrad?(g: Operand, logits: Operand, targets: Operand): Storage;
}

/** Elements at other places. */
export interface Movement {
  /** Rows of table [rows, ...] of either dtype, ids int32 of any shape → [...ids, ...]. Throws ShapeError `index/range`. */
  gather(table: Operand, ids: Operand): Storage;
  /** The transpose of gather: sums g [...ids, ...row] into zeros [rows, ...row]. Ids were checked by gather. */
  scatterAdd(g: Operand, ids: Operand, rows: number): Storage;
  /** Element i of the result is read at offset + Σ iₐ·stridesₐ: transpose, slice, broadcast and flip in one. */
  strided(x: Operand, shape: Shape, strides: readonly number[], offset: number): Storage;
  /** The transpose of strided: element i of x is added to zeros [size] at offset + Σ iₐ·stridesₐ; float32. */
  stridedAdd(x: Operand, size: number, strides: readonly number[], offset: number): Storage;
  /** `value` in all of `shape` but the block at `before`, which is x; with zeros the transpose of slice. */
  pad(x: Operand, before: readonly number[], shape: Shape, value: number): Storage;
  /** Parts seen as [outer, the rest], joined along the rest; `outer` is at least 1. */
  concat(parts: readonly Operand[], outer: number): Storage;
}

/** Operands of one parameter by name: its gradient, and what an optimizer keeps of it. */
export type Leaf<Name extends string> = Readonly<Record<Name, Operand>>;
/** What a step makes of one parameter. */
export type LeafResults<Name extends string> = Readonly<Record<Name, Storage>>;

/**
 * Steps of optimizers, one pass over memory for each leaf. They take lists of leaves, so that a device may do many in one
 * dispatch; results are in the order of the leaves. No derivative passes through them. The formulas are those of
 * `optim/parts`.
 */
export interface Updates {
  /**
   * mean ← β1·mean + (1 − β1)·g, square ← β2·square + (1 − β2)·g², update = mean·correction1/(√(square·correction2) + ε)
   * for equal shapes.
   */
  adam?(
    leaves: readonly Leaf<'g' | 'mean' | 'square'>[],
    factors: AdamFactors,
  ): readonly LeafResults<'update' | 'mean' | 'square'>[];
  /** square ← β·square + (1 − β)·g², update = g/(√square + epsilon). */
  rms?(
    leaves: readonly Leaf<'g' | 'square'>[],
    beta: number,
    epsilon: number,
  ): readonly LeafResults<'update' | 'square'>[];
  /** update = sign(β1·mean + (1 − β1)·g), mean ← β2·mean + (1 − β2)·g. */
  lion?(leaves: readonly Leaf<'g' | 'mean'>[], beta1: number, beta2: number): readonly LeafResults<'update' | 'mean'>[];
  /** Sums of squares of matrices [n, m]: those of the rows [n] and those of the columns [m]. */
  squareSums?(leaves: readonly Leaf<'g'>[]): readonly LeafResults<'row' | 'column'>[];
  /** g ⊙ row·columnᵀ for matrices [n, m], row [n] and column [m]. */
  scaleRowsColumns?(leaves: readonly Leaf<'g' | 'row' | 'column'>[]): readonly LeafResults<'update'>[];
}

/** Random numbers, functions of a key: the same bits on every backend (`docs/decisions/0007-randomness.md`). */
export interface Random {
  /** The last axis is the column of the random matrix, all others together its row. */
  random(kind: Distribution, key: Key, shape: Shape): Storage;

  /** x·A ('right') or A·x ('left') for a matrix x and a generated A, or Aᵀ with `transpose`; A need never exist. */
  matmulRandom?(x: Operand, a: RandomMatrix, side: 'left' | 'right', transpose: boolean): Storage;
  /** A·Bᵀ [rows of A, rows of B] of two generated matrices with equally many columns; neither need ever exist. */
  randomCross?(a: RandomMatrix, b: RandomMatrix): Storage;
}

/** The arithmetic of a backend, family by family. */
interface Families extends Elementwise, Products, Attention, Reductions, Rows, Movement, Updates, Random {}

/**
 * The memory and the arithmetic of one device. Every call returns at once; a device that works asynchronously returns
 * storages that are promises inside and keeps calls in order. Arguments are already checked: shapes fit, dtypes are right,
 * operands are alive. Only values can still be wrong (`gather` and friends check ids). Zero sizes are legal. Results never
 * share memory with operands and operands are never written to.
 *
 * Members of a family with a question mark are accelerators: kernels for functions that formulas in public ops define,
 * each in the file of its op or transform. Where one is left out the formula runs in its place; each may be left out
 * alone, apart from `attention`, without which `attentionGrad` is not called.
 */
export interface Backend extends Device, Storages, Families {}

type OptionalNames<T> = { [Name in keyof T]-?: undefined extends T[Name] ? Name : never }[keyof T];

/** All that a backend may leave out because formulas stand in for it. */
export type Accelerators = Required<Pick<Families, OptionalNames<Families>>>;

/** A backend with every accelerator. */
export type FullBackend = Backend & Accelerators;
