/*
 * Attention head by head: `heads` of each of a batch, z = batch·heads + head. Products do the heavy part: scores q·kᵀ
 * and weights·v. The kernels here go between them, over scores [z, T, S] or rows [z, T], and read and write each number
 * once. Query t sees the first `visible + later·t` keys: `later` is 1 for causal attention, else 0. No key is masked by
 * a large negative number: those beyond are not looked at.
 */

/** Head z of what is packed side by side in rows [batch, T, ...]: `width` columns from `start + head·width` on. */
export const head = /* js */ `
function (a, heads, start, width) {
  const batch = Math.floor((this.thread.z + 0.5) / heads);
  return a[batch][this.thread.y][start + (this.thread.z - batch * heads) * width + this.thread.x];
}`;

/** Heads [z, T, width] side by side again: [batch, T, heads·width]. */
export const joinHeads = /* js */ `
function (a, heads, width) {
  const h = Math.floor((this.thread.x + 0.5) / width);
  return a[this.thread.z * heads + h][this.thread.y][this.thread.x - h * width];
}`;

/** Heads of queries, keys and values side by side: three times [z, T, width] → [batch, T, 3·heads·width]. */
export const joinThree = /* js */ `
function (q, k, v, heads, width) {
  const all = Math.floor((this.thread.x + 0.5) / width);
  const part = Math.floor((all + 0.5) / heads);
  const z = this.thread.z * heads + all - part * heads;
  const x = this.thread.x - all * width;
  if (part < 0.5) { return q[z][this.thread.y][x]; }
  if (part < 1.5) { return k[z][this.thread.y][x]; }
  return v[z][this.thread.y][x];
}`;

/**
 * ln Σ exp(scale·score) over `count` keys from `from` on, as far as the query sees them: the largest first, so that no
 * exp overflows. One thread for a query; two reads of each score. What sees none of them gives −1e30, as good as ln 0.
 */
export const normalizer = /* js */ `
function (scores, from, count, visible, later, scale) {
  const z = this.thread.z;
  const t = this.thread.x;
  const n = Math.min(count, visible + later * t - from);
  let result = -1e30;
  if (n > 0.5) {
    let peak = scores[z][t][from] * scale;
    for (let i = 0; i < n; i++) {
      const score = scores[z][t][from + i] * scale;
      if (score > peak) { peak = score; }
    }
    let sum = 0;
    for (let j = 0; j < n; j++) {
      sum += Math.exp(scores[z][t][from + j] * scale - peak);
    }
    result = peak + Math.log(sum);
  }
  return result;
}`;

/** ln(exp(a) + exp(b)): the normalizer over both of two ranges of keys. */
export const joinNormalizers = /* js */ `
function (a, b) {
  const x = a[this.thread.z][0][this.thread.x];
  const y = b[this.thread.z][0][this.thread.x];
  let peak = x;
  if (y > x) { peak = y; }
  return peak + Math.log(Math.exp(x - peak) + Math.exp(y - peak));
}`;

/** The softmax of the scores: exp(scale·score − normalizer), 0 for keys that are not seen. One thread for a score. */
export const weights = /* js */ `
function (scores, normalizers, visible, later, scale) {
  let weight = 0;
  if (this.thread.x + 0.5 < visible + later * this.thread.y) {
    weight = Math.exp(scores[this.thread.z][this.thread.y][this.thread.x] * scale
                      - normalizers[this.thread.z][0][this.thread.y]);
  }
  return weight;
}`;

/** D = Σ g ⊙ out of each query [z, T]; both are [batch, T, heads·width]. */
export const dots = /* js */ `
function (g, out, heads, width) {
  const batch = Math.floor((this.thread.z + 0.5) / heads);
  const start = (this.thread.z - batch * heads) * width;
  let sum = 0;
  for (let i = 0; i < width; i++) {
    sum += g[batch][this.thread.x][start + i] * out[batch][this.thread.x][start + i];
  }
  return sum;
}`;

/** Gradients of the scores, scale·P ⊙ (g·vᵀ − D), from weights P and slopes g·vᵀ; 0 for keys that are not seen. */
export const scoreGrads = /* js */ `
function (weights, slopes, dots, visible, later, scale) {
  let grad = 0;
  if (this.thread.x + 0.5 < visible + later * this.thread.y) {
    grad = scale * weights[this.thread.z][this.thread.y][this.thread.x]
         * (slopes[this.thread.z][this.thread.y][this.thread.x] - dots[this.thread.z][0][this.thread.y]);
  }
  return grad;
}`;
