// Lesson 6: attention from its parts
// Ten minutes. Before it: lesson 1. You learn what attention computes, why there is a √d in it and where the mask goes, and
// you write causal attention from a product, a softmax and another product.
import { attention, ones, random, softmax, type Tensor, tensor, tril, where } from 'floragrad';

// 1. T words, each with a query q, a key k and a value v, rows of [T, d]. Word t asks every word s how well its key fits:
//
//     scores = q·kᵀ/√d               [T, T]
//     P = softmax(scores)            each row is positive and adds up to 1
//     out = P·v                      [T, d]: a mean of values, weighted by how well their keys fit
//
// Two words; the first looks for what the second offers:
const q = tensor([
  [0, 4],
  [0, 0],
]);
const k = tensor([
  [1, 0],
  [0, 1],
]);
const v = tensor([
  [10, 10],
  [20, 60],
]);
const weights = softmax(q.matmul(k, { transposeB: true }).div(Math.sqrt(2)));
const rounded = async (t: Tensor): Promise<string> =>
  (await t.array(2)).map((row) => row.map((x) => x.toFixed(2)).join(' ')).join(' | ');
console.log(await rounded(weights)); // prints 0.06 0.94 | 0.50 0.50
console.log(await rounded(weights.matmul(v))); // prints 19.44 57.21 | 15.00 35.00

// 2. Why √d? Each score is a sum of d products. For random entries of variance 1 its standard deviation is √d, and a
// softmax of large numbers puts all weight on one word, where its derivative is nearly 0: nothing would be learned. For d =
// 64:
const [queries, keys] = ['q', 'k'].map((name) => random.normal(random.fold(random.key(0), name), [256, 64]));
const scores = (queries as Tensor).matmul(keys as Tensor, { transposeB: true });
const most = async (t: Tensor): Promise<string> => (await softmax(t).max({ axis: -1 }).mean().item()).toFixed(2);
console.log(`standard deviation ${(await scores.square().mean().sqrt().item()).toFixed(1)}, theory 8`); // prints standard deviation 7.9, theory 8
console.log(`largest of 256 weights: ${await most(scores)}, with √d ${await most(scores.div(8))}`);
// prints
//   largest of 256 weights: 0.74, with √d 0.04

// 3. A language model that predicts the next word must not look at it. The *causal* mask takes the scores of later words
// out before the softmax, by −∞ or a number so low that its exponential is 0. Then each row still adds up to 1: setting
// weights to 0 after the softmax would not do, because later words would have taken their share of the sum.
const allowed = tril(ones([3, 3])).greater(0); // 1 where s ≤ t
console.log((await allowed.array(2)).join(' | ')); // prints 1,0,0 | 1,1,0 | 1,1,1
console.log(await rounded(softmax(where(allowed, ones([3, 3]), -1e9))));
// prints
//   1.00 0.00 0.00 | 0.50 0.50 0.00 | 0.33 0.33 0.33

// The library has all of it as one operation that never forms the [T, T] weights for the backward pass:
console.log(await rounded(attention(q, k, v, { causal: true }))); // prints 10.00 10.00 | 15.00 35.00

// Exercise. Causal attention from its parts: q, k, v [T, d] → [T, d]. Leave `attention` alone, which would be no exercise.
export function causalAttention(q: Tensor, k: Tensor, v: Tensor): Tensor {
  throw new Error(`your turn: queries [${q.shape}], keys [${k.shape}] and values [${v.shape}]`);
}
