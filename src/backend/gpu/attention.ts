import * as text from '../../../kernels/gpujs/attention';
import { BackendError } from '../../base/errors';
import type { AttentionSpec } from '../attention-spec';
import type { Attention, Operand, QueriesKeysValues, Storage } from '../contract';
import { products } from './products';
import { type GpuRunner, operandOf, type Seen, seen } from './runner';

/** Scores [z, T, S] exist while they are needed, one launch for each step. */
export const attention = (on: GpuRunner) => {
  const { matmul } = products(on);
  /** q·kᵀ [z, T, S], not scaled. */
  const scoresOf = ([q, k]: Three, { batch, heads, queries, keys }: AttentionSpec): Operand => {
    const shape = [batch * heads, queries, keys];
    return operandOf(matmul(q, k, false, true, shape, null), shape);
  };
  return {
    attention(qkv, spec) {
      const { heads, queries, valueWidth } = spec;
      const z = spec.batch * heads;
      if (z * queries === 0) return [on.host(new Float32Array(0)), on.host(new Float32Array(0))];
      const { parts, made } = headsOf(on, qkv, spec);
      const scores = scoresOf(parts, spec);
      const normalizers = normalizersOf(on, scores, spec);
      const weights = weightsOf(on, scores, operandOf(normalizers), spec);
      const out = matmul(weights, parts[2], false, false, [z, queries, valueWidth], null);
      on.free(scores.storage, weights.storage, ...made);
      if (heads === 1 || out.size === 0) return [out, normalizers];
      const joined = on.launch(
        { source: text.joinHeads },
        [heads * valueWidth, queries, spec.batch],
        [seen(operandOf(out), [valueWidth, queries, z]), heads, valueWidth],
      );
      on.free(out);
      return [joined, normalizers];
    },
    /**
     * With P the softmax and D = Σ g ⊙ out of each query: dv = Pᵀ·g, dS = scale·P ⊙ (g·vᵀ − D), dq = dS·k, dk = dSᵀ·q.
     * P is made again from the normalizers.
     */
    attentionGrad(g, qkv, out, normalizers, spec) {
      const { batch, heads, queries, keys, width, valueWidth, packed } = spec;
      const z = batch * heads;
      const operands = packed ? [qkv[0]] : qkv;
      // If there are no queries, or no values, all gradients are zero.
      if (z * queries * valueWidth === 0) return operands.map(({ storage }) => on.host(new Float32Array(storage.size)));
      fits(on, valueWidth);
      const { parts, made } = headsOf(on, qkv, spec);
      const [query, key, value] = parts;
      const slope = heads === 1 ? { ...g, shape: [z, queries, valueWidth] } : headOf(on, g, spec, 0, 1);
      const scores = scoresOf(parts, spec);
      const weights = weightsOf(on, scores, normalizers, spec);
      const rows = [heads * valueWidth, queries, batch] as const;
      const dots = on.launch(
        { source: text.dots },
        [queries, 1, z],
        [seen(g, rows), seen(out, rows), heads, valueWidth],
      );
      const slopes = matmul(slope, value, false, true, [z, queries, keys], null);
      const extents = [keys, queries, z] as const;
      const changes = on.launch({ source: text.scoreGrads }, extents, [
        seen(weights, extents),
        seen(operandOf(slopes), extents),
        seen(operandOf(dots), [queries, 1, z]),
        ...sight(spec),
        spec.scale,
      ]);
      const change = operandOf(changes, [z, queries, keys]);
      const dq = matmul(change, key, false, false, [z, queries, width], null);
      const dk = matmul(change, query, true, false, [z, keys, width], null);
      const dv = matmul(weights, slope, true, false, [z, keys, valueWidth], null);
      on.free(scores.storage, weights.storage, dots, slopes, changes, ...made);
      if (slope.storage !== g.storage) on.free(slope.storage);
      if (!packed) return [dq, dk, dv];
      const head = [width, queries, z] as const;
      const joined = on.launch(
        { source: text.joinThree },
        [3 * heads * width, queries, batch],
        [...[dq, dk, dv].map((grad): Seen => seen(operandOf(grad), head)), heads, width],
      );
      on.free(dq, dk, dv);
      return [joined];
    },
  } satisfies Required<Attention>;
};

type Three = readonly [Operand, Operand, Operand];

/** Queries, keys and values as [z, rows, width]; what is packed is taken apart into memory of its own. */
function headsOf(
  on: GpuRunner,
  [q, k, v]: QueriesKeysValues,
  spec: AttentionSpec,
): { parts: Three; made: readonly Storage[] } {
  const { batch, queries, keys, width, valueWidth } = spec;
  if (!spec.packed) {
    const [dq, dk, dv] = [
      [batch, queries, width],
      [batch, keys, width],
      [batch, keys, valueWidth],
    ];
    return {
      parts: [
        { ...q, shape: dq },
        { ...k, shape: dk },
        { ...v, shape: dv },
      ],
      made: [],
    };
  }
  const part = (i: number): Operand => headOf(on, q, spec, i, 3);
  const parts = [part(0), part(1), part(2)] as const;
  return { parts, made: parts.map(({ storage }) => storage) };
}

/** Part `part` of `parts` in rows [batch, T, parts, heads, width], as [z, T, width]. */
function headOf(
  on: GpuRunner,
  x: Operand,
  { batch, heads, queries, width }: AttentionSpec,
  part: number,
  parts: number,
): Operand {
  const shape = [batch * heads, queries, width];
  if (width === 0) return operandOf(on.host(new Float32Array(0)), shape);
  const rows = seen(x, [parts * heads * width, queries, batch]);
  const numbers = [heads, part * heads * width, width];
  return operandOf(on.launch({ source: text.head }, [width, queries, batch * heads], [rows, ...numbers]), shape);
}

/** ln Σ exp(scale·score) over the keys that a query sees [z, T]; over several launches where they are many. */
function normalizersOf(on: GpuRunner, scores: Operand, spec: AttentionSpec): Storage {
  const { batch, heads, queries, keys } = spec;
  const z = batch * heads;
  const extents = [queries, 1, z] as const;
  const longest = Math.floor(on.device.limits.loop / 2); // its thread has two loops
  let all: Storage | null = null;
  for (let from = 0; from < keys; from += longest) {
    const numbers = [from, Math.min(longest, keys - from), ...sight(spec), spec.scale];
    const next = on.launch({ source: text.normalizer }, extents, [seen(scores, [keys, queries, z]), ...numbers]);
    if (all === null) {
      all = next;
      continue;
    }
    const both = [all, next].map((part) => seen(operandOf(part), extents));
    const joined: Storage = on.launch({ source: text.joinNormalizers }, extents, both);
    on.free(all, next);
    all = joined;
  }
  return all as Storage;
}

/** The softmax of the scores [z, T, S]. */
function weightsOf(on: GpuRunner, scores: Operand, normalizers: Operand, spec: AttentionSpec): Operand {
  const { batch, heads, queries, keys } = spec;
  const z = batch * heads;
  const extents = [keys, queries, z] as const;
  const made = on.launch({ source: text.weights }, extents, [
    seen(scores, extents),
    seen(normalizers, [queries, 1, z]),
    ...sight(spec),
    spec.scale,
  ]);
  return operandOf(made, [z, queries, keys]);
}

/** How many keys the first query sees, and how many more each later one. */
function sight({ queries, keys, causal }: AttentionSpec): readonly [visible: number, later: 0 | 1] {
  return causal ? [keys - queries + 1, 1] : [keys, 0];
}

/** One thread adds up the products of a query's gradient and result. @throws BackendError `gpu/too-large` */
function fits(on: GpuRunner, valueWidth: number): void {
  const { loop } = on.device.limits;
  if (valueWidth <= loop) return;
  throw new BackendError({
    code: 'gpu/too-large',
    got: `attention with values of width ${valueWidth}`,
    expected: `at most ${loop}, the terms that one thread of this device adds up`,
    fix: 'split the values into heads, or use the wasm backend',
  });
}
