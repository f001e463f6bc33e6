import { type AttentionSpec, type HeadLayout, headLayouts } from '../attention-spec';
import type { Attention } from '../contract';
import { floatsOf, type ReferenceDevice } from './device';

/** softmax(scale·q·kᵀ)·v head by head, with plain loops. */
export const attention = (device: ReferenceDevice) =>
  ({
    attention([q, k, v], spec) {
      const { out, normalizers } = attend(floatsOf(q), floatsOf(k), floatsOf(v), spec);
      return [device.made(out), device.made(normalizers)] as const;
    },
    /**
     * With P the softmax and D = Σ g ⊙ out of each query: dV = Pᵀ·g, dS = P ⊙ (g·vᵀ − D), dQ = scale·dS·k,
     * dK = scale·dSᵀ·q. Written into arrays like q, k and v, which are one and the same where these are packed.
     */
    attentionGrad(cotangent, qkv, _out, _normalizers, spec) {
      const [g, q, k, v] = [cotangent, ...qkv].map(floatsOf) as [
        Float32Array,
        Float32Array,
        Float32Array,
        Float32Array,
      ];
      const { width, valueWidth, packed, scale } = spec;
      const layout = headLayouts(spec);
      const { out } = attend(q, k, v, spec);
      const dq = new Float64Array(q.length);
      const [dk, dv] = packed ? [dq, dq] : [new Float64Array(k.length), new Float64Array(v.length)];
      forQueries(spec, (b, h, t, keys) => {
        const [atQ, atOut] = [at(layout.q, b, h, t), at(layout.out, b, h, t)];
        const { weights } = softmaxOf(Array.from({ length: keys }, (_, s) => score(q, k, layout, spec, b, h, t, s)));
        let dot = 0;
        for (let j = 0; j < valueWidth; j++) dot += (g[atOut + j] as number) * (out[atOut + j] as number);
        for (let s = 0; s < keys; s++) {
          const [atK, atV] = [at(layout.k, b, h, s), at(layout.v, b, h, s)];
          const p = weights[s] as number;
          let slope = 0;
          for (let j = 0; j < valueWidth; j++) {
            slope += (g[atOut + j] as number) * (v[atV + j] as number);
            (dv[atV + j] as number) += p * (g[atOut + j] as number);
          }
          const ds = scale * p * (slope - dot);
          for (let i = 0; i < width; i++) {
            (dq[atQ + i] as number) += ds * (k[atK + i] as number);
            (dk[atK + i] as number) += ds * (q[atQ + i] as number);
          }
        }
      });
      return (packed ? [dq] : [dq, dk, dv]).map((grad) => device.made(Float32Array.from(grad)));
    },
  }) satisfies Required<Attention>;

function attend(
  q: Float32Array,
  k: Float32Array,
  v: Float32Array,
  spec: AttentionSpec,
): { out: Float32Array; normalizers: Float32Array } {
  const { batch, heads, queries, valueWidth } = spec;
  const layout = headLayouts(spec);
  const out = new Float32Array(batch * heads * queries * valueWidth);
  const normalizers = new Float32Array(batch * heads * queries);
  forQueries(spec, (b, h, t, keys) => {
    const { weights, normalizer } = softmaxOf(
      Array.from({ length: keys }, (_, s) => score(q, k, layout, spec, b, h, t, s)),
    );
    normalizers[(b * heads + h) * queries + t] = normalizer;
    for (let j = 0; j < valueWidth; j++) {
      let sum = 0;
      weights.forEach((p, s) => {
        sum += p * (v[at(layout.v, b, h, s) + j] as number);
      });
      out[at(layout.out, b, h, t) + j] = sum;
    }
  });
  return { out, normalizers };
}

/** exp(x)/Σ exp(x), by the peak and what is left of it: ln Σ exp(x) of large scores may round to the peak alone. */
function softmaxOf(scores: readonly number[]): { weights: number[]; normalizer: number } {
  const peak = scores.reduce((a, x) => Math.max(a, x), -Infinity);
  const mass = scores.reduce((sum, x) => sum + Math.exp(x - peak), 0);
  return { weights: scores.map((x) => Math.exp(x - peak) / mass), normalizer: peak + Math.log(mass) };
}

/** Every query, with the number of keys that it sees. */
function forQueries(
  { batch, heads, queries, keys, causal }: AttentionSpec,
  visit: (b: number, h: number, t: number, keys: number) => void,
): void {
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      for (let t = 0; t < queries; t++) visit(b, h, t, causal ? keys - queries + t + 1 : keys);
    }
  }
}

/** scale·q·k of query t and key s. */
function score(
  q: Float32Array,
  k: Float32Array,
  layout: { q: HeadLayout; k: HeadLayout },
  { width, scale }: AttentionSpec,
  b: number,
  h: number,
  t: number,
  s: number,
): number {
  const [atQ, atK] = [at(layout.q, b, h, t), at(layout.k, b, h, s)];
  let sum = 0;
  for (let i = 0; i < width; i++) sum += (q[atQ + i] as number) * (k[atK + i] as number);
  return scale * sum;
}

/** Where row `row` of a head begins. */
function at(layout: HeadLayout, b: number, h: number, row: number): number {
  return layout.start(b, h) + row * layout.row;
}
