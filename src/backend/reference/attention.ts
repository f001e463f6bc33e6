import { type AttentionShape, type HeadLayout, headLayouts } from '../attention-layout';

/** softmax(scale·q·kᵀ)·v head by head, with plain loops. */
export function attend(
  q: Float32Array,
  k: Float32Array,
  v: Float32Array,
  shape: AttentionShape,
  scale: number,
  causal: boolean,
): { out: Float32Array; normalizers: Float32Array } {
  const { batch, heads, queries, valueWidth } = shape;
  const layout = headLayouts(shape);
  const out = new Float32Array(batch * heads * queries * valueWidth);
  const normalizers = new Float32Array(batch * heads * queries);
  forQueries(shape, causal, (b, h, t, keys) => {
    const { weights, normalizer } = softmaxOf(
      Array.from({ length: keys }, (_, s) => scale * score(q, k, layout, shape, b, h, t, s)),
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

/**
 * With P the softmax and D = Σ g ⊙ out of each query: dV = Pᵀ·g, dS = P ⊙ (g·vᵀ − D), dQ = scale·dS·k,
 * dK = scale·dSᵀ·q. Written into arrays like q, k and v, which are one and the same where these are packed.
 */
export function attendGrad(
  g: Float32Array,
  q: Float32Array,
  k: Float32Array,
  v: Float32Array,
  shape: AttentionShape,
  scale: number,
  causal: boolean,
): { dq: Float64Array; dk: Float64Array; dv: Float64Array } {
  const { width, valueWidth, packed } = shape;
  const layout = headLayouts(shape);
  const { out } = attend(q, k, v, shape, scale, causal);
  const dq = new Float64Array(q.length);
  const [dk, dv] = packed ? [dq, dq] : [new Float64Array(k.length), new Float64Array(v.length)];
  forQueries(shape, causal, (b, h, t, keys) => {
    const [atQ, atOut] = [at(layout.q, b, h, t), at(layout.out, b, h, t)];
    const { weights } = softmaxOf(
      Array.from({ length: keys }, (_, s) => scale * score(q, k, layout, shape, b, h, t, s)),
    );
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
  return { dq, dk, dv };
}

/** exp(x)/Σ exp(x), by the peak and what is left of it: ln Σ exp(x) of large scores may round to the peak alone. */
function softmaxOf(scores: readonly number[]): { weights: number[]; normalizer: number } {
  const peak = scores.reduce((a, x) => Math.max(a, x), -Infinity);
  const mass = scores.reduce((sum, x) => sum + Math.exp(x - peak), 0);
  return { weights: scores.map((x) => Math.exp(x - peak) / mass), normalizer: peak + Math.log(mass) };
}

/** Every query, with the number of keys that it sees. */
function forQueries(
  { batch, heads, queries, keys }: AttentionShape,
  causal: boolean,
  visit: (b: number, h: number, t: number, keys: number) => void,
): void {
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      for (let t = 0; t < queries; t++) visit(b, h, t, causal ? keys - queries + t + 1 : keys);
    }
  }
}

function score(
  q: Float32Array,
  k: Float32Array,
  layout: { q: HeadLayout; k: HeadLayout },
  { width }: AttentionShape,
  b: number,
  h: number,
  t: number,
  s: number,
): number {
  const [atQ, atK] = [at(layout.q, b, h, t), at(layout.k, b, h, s)];
  let sum = 0;
  for (let i = 0; i < width; i++) sum += (q[atQ + i] as number) * (k[atK + i] as number);
  return sum;
}

/** Where row `row` of a head begins. */
function at(layout: HeadLayout, b: number, h: number, row: number): number {
  return layout.start(b, h) + row * layout.row;
}
