import { readFileSync } from 'node:fs';
import { applyUpdates, type GradientTransform, projectors, type Tensor, tensor } from '../../src/index';

// Numbers that the authors' own programs gave, followed through the public API: what every file of `replays` is made of.

export interface Matrix {
  readonly shape: number[];
  readonly data: number[];
}

/** One recorded run: the weights after each step, and the projector in force from each of some steps on. */
export interface Recorded {
  readonly method: string;
  readonly name: string;
  readonly dtype?: 'float32' | 'float64';
  readonly sequence: string;
  readonly options: { readonly lr: number; readonly rank: number; readonly [name: string]: unknown };
  readonly init: Matrix;
  readonly grads: readonly Matrix[];
  readonly weights: readonly Matrix[];
  readonly projections?: readonly { readonly step: number; readonly P?: Matrix; readonly indices?: number[] }[];
  readonly extra?: readonly Readonly<Record<string, unknown>>[];
  readonly state_numel?: Readonly<Record<string, number>>;
  /** The factors before the first step and after each, where a method trains two of them. */
  readonly pair?: { readonly init: Pair; readonly steps: readonly Pair[]; readonly gradientScale: number };
}

/** B·A, A [r, m] and B [n, r]. */
interface Pair {
  readonly A: Matrix;
  readonly B: Matrix;
}

interface PairCase extends Omit<Recorded, 'init' | 'weights' | 'pair' | 'grads'> {
  readonly init: Pair;
  readonly steps: readonly Pair[];
  readonly gradient_scale: number;
}

interface GoldenFile {
  readonly sequences: Readonly<Record<string, { readonly init: Matrix; readonly grads: readonly Matrix[] }>>;
  readonly cases: readonly (Recorded | PairCase)[];
}

/** All runs of a file of `test/golden/methods`, each with the weight and gradients of its sequence. */
export function recordedRuns(file: string): readonly Recorded[] {
  const { sequences, cases } = JSON.parse(readFileSync(`test/golden/methods/${file}.json`, 'utf8')) as GoldenFile;
  return cases.map((one) => {
    const sequence = sequences[one.sequence];
    if (!('gradient_scale' in one)) return { ...sequence, ...one };
    if (!sequence) throw new Error(`no sequence ${one.sequence} in ${file}`);
    const { init, steps, gradient_scale: gradientScale, ...rest } = one;
    return { ...rest, ...sequence, weights: [], pair: { init, steps, gradientScale } };
  });
}

export const matrix = ({ shape, data }: Matrix): Tensor => tensor(data, { shape });

/** The recorded projections as A [r, d] on either side; `factor` scales what the program does not. */
export function givenProjector({ projections = [], options: { rank } }: Recorded, factor = 1) {
  const rows = ({ P, indices }: NonNullable<Recorded['projections']>[number], d: number): Tensor => {
    if (P) return (P.shape[0] === rank ? matrix(P) : matrix(P).transpose()).mul(factor);
    return tensor((indices ?? []).map((id) => Array.from({ length: d }, (_, j) => (j === id ? factor : 0))));
  };
  return (d: number) => projectors.explicit(projections.map((one) => rows(one, d)));
}

/** What a replay found, and what each difference must be below. */
export interface Compared {
  readonly differences: readonly number[];
  readonly limits: readonly number[];
}

/** A trajectory, after each step: the largest difference of a weight, and what float32 storage allows. */
export interface Followed<S = unknown> extends Compared {
  /** Before the first step, and after each. */
  readonly states: readonly S[];
}

/**
 * A recorded run as a row: how the method that is public here takes it, or why it does not. A record of something else than
 * steps, such as a rounding, compares what it has.
 * `unlike` is a run of the same record with one rule read wrongly, which must miss the record by far.
 */
export type Replay =
  | {
      readonly file: string;
      readonly name: string;
      readonly follow: (one: Recorded) => Followed | Compared;
      readonly unlike?: (one: Recorded) => Compared;
      /** What else the record has: norms of limiters, counts of state. It throws where they differ. */
      readonly check?: (one: Recorded, followed: Followed) => void;
    }
  | { readonly file: string; readonly name: string; readonly notReproduced: string };

/** Unit roundoff of float32. */
export const unit = 2 ** -24;

/**
 * What may differ after step t, counted from 1: the weight is rounded in each step and at the start, and an update is a
 * chain of fewer than 64 roundings, sums of at most 12 products and their roots among them. A program that ran in float32
 * itself rounds as often. What a method amplifies (a root of a small difference) takes a larger `chain`, with its reason.
 */
export function limitsOf({ init, weights, dtype }: Recorded, chain = 64): number[] {
  const size = (values: readonly number[]): number => Math.max(...values.map(Math.abs));
  const twice = dtype === 'float32' ? 2 : 1;
  let [before, moved] = [init.data, 0];
  return weights.map(({ data }, t) => {
    moved += size(data.map((x, i) => x - (before[i] as number)));
    before = data;
    // The record has nine digits.
    return twice * unit * ((t + 2) * size(data) + chain * moved) + 5e-9;
  });
}

/** Step by step with the recorded gradients. */
export function followMatrix<S>(one: Recorded, transform: GradientTransform<S>, chain?: number): Followed<S> {
  const params = { w: matrix(one.init) };
  let state = transform.init(params);
  const states = [state];
  const differences = one.grads.map((g, t) => {
    const [updates, next] = transform.update({ w: matrix(g) }, state, params);
    applyUpdates(params, updates);
    state = next;
    states.push(state);
    const expected = one.weights[t]?.data ?? [];
    return Math.max(...Array.from(params.w.dataSync(), (x, i) => Math.abs(x - (expected[i] as number))));
  });
  return { differences, limits: limitsOf(one, chain), states };
}

/**
 * The same for a pair, whose gradients are those of B·A where the recorded ones are of W: ∇A = BᵀG and ∇B = GAᵀ, both at
 * the factors before the step.
 */
export function followPair<S>(one: Recorded, transform: GradientTransform<S>, chain?: number): Followed<S> {
  if (!one.pair) throw new Error(`${one.name} records no pair`);
  const { init, steps, gradientScale } = one.pair;
  const params = { 'lora.A': matrix(init.A), 'lora.B': matrix(init.B) };
  let state = transform.init(params);
  const states = [state];
  const differences = one.grads.map((recorded, t) => {
    const G = matrix(recorded).mul(gradientScale);
    const { 'lora.A': A, 'lora.B': B } = params;
    const grads = { 'lora.A': B.transpose().matmul(G), 'lora.B': G.matmul(A.transpose()) };
    const [updates, next] = transform.update(grads, state, params);
    applyUpdates(params, updates);
    state = next;
    states.push(state);
    const off = (x: Tensor, expected: readonly number[] = []): number =>
      Math.max(...Array.from(x.dataSync(), (value, i) => Math.abs(value - (expected[i] as number))));
    return Math.max(off(A, steps[t]?.A.data), off(B, steps[t]?.B.data));
  });
  const [ofA, ofB] = (['A', 'B'] as const).map((factor) =>
    limitsOf({ ...one, init: init[factor], weights: steps.map((step) => step[factor]) }, chain),
  ) as [number[], number[]];
  return { differences, limits: ofA.map((limit, t) => Math.max(limit, ofB[t] as number)), states };
}
