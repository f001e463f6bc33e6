// Lesson 7: random projections are unbiased, and not accurate
// Ten minutes. Before it: lesson 1, and what mean and variance are. You learn how a gradient can be kept in a fraction of
// its memory such that its mean is right, how far off one such copy is, and you write the way down and up.
import { eye, projectors, random, type Tensor, tensor } from 'floragrad';

// 1. A gradient G [n, d] has n·d numbers. A projection A is a random matrix [r, d], with r much smaller than d:
//
//     C = G·Aᵀ        [n, r]     down: r numbers a row in place of d
//     Ĝ = C·A         [n, d]     up
//
// So Ĝ = G·(AᵀA), and what matters is the matrix S = AᵀA [d, d]. With independent entries of mean 0 and variance 1/r,
//
//     E[Sᵢⱼ] = Σₖ E[Aₖᵢ·Aₖⱼ] = 1 if i = j, else 0
//
// because each of the r terms is 1/r on the diagonal, and a product of independent numbers of mean 0 beside it. E[S] = I
// means E[Ĝ] = G for every G: the way down and up is *unbiased*. Six draws of one entry on the diagonal and one beside it,
// r = 8:
const { gaussian } = projectors;
const roundTrip = (G: Tensor, rank: number, draw: number): Tensor => {
  const projection = gaussian.sample(random.fold(random.key(0), draw), G.shape, rank);
  return gaussian.up(projection, gaussian.down(projection, G));
};
const S = await Promise.all(Array.from({ length: 6 }, (_, draw) => roundTrip(eye(32), 8, draw).array(2)));
console.log(S.map((s) => s[0]?.[0]?.toFixed(2)).join(' '));
console.log(S.map((s) => s[0]?.[1]?.toFixed(2)).join(' '));
// prints
//   0.40 0.81 0.71 0.63 0.99 1.01
//   0.21 -0.11 0.17 -0.31 -0.06 -0.21

// 2. They are around 1 and 0, and far from them. How far is Ĝ from G? For entries from N(0, 1/r) there is an exact answer,
// which does not depend on G:
//
//     E‖Ĝ − G‖²/‖G‖² = (d + 1)/r
//
const G = random.normal(random.key(1), [32, 32]);
const squares = (t: Tensor): Promise<number> => t.square().sum().item();
const size = await squares(G);
for (const rank of [4, 8, 16, 32]) {
  let error = 0;
  for (let draw = 0; draw < 200; draw++) error += (await squares(roundTrip(G, rank, draw).sub(G))) / size / 200;
  console.log(`r = ${rank}: squared error ${error.toFixed(2)}, theory ${(33 / rank).toFixed(2)}`);
}
// prints
//   r = 4: squared error 8.24, theory 8.25
//   r = 8: squared error 4.08, theory 4.13
//   r = 16: squared error 2.06, theory 2.06
//   r = 32: squared error 1.04, theory 1.03

// Even with r = d, where nothing is saved, the error is as large as G itself. One Ĝ is mostly noise.

// 3. What helps is a mean. Errors of independent draws are as often too high as too low: the mean of N of them has 1/N of the
// squared error. A bias would not go away like that. Flora does not average draws, but gradients over steps: see lesson 8.
let sum = tensor(0);
let before = 0;
for (const draws of [1, 10, 100, 1000]) {
  for (let draw = before; draw < draws; draw++) sum = sum.add(roundTrip(G, 8, draw));
  before = draws;
  const error = (await squares(sum.div(draws).sub(G))) / size;
  console.log(`mean of ${draws}: ${error.toPrecision(2)}, theory ${(33 / 8 / draws).toPrecision(2)}`);
}
// prints
//   mean of 1: 6.6, theory 4.1
//   mean of 10: 0.48, theory 0.41
//   mean of 100: 0.038, theory 0.041
//   mean of 1000: 0.0038, theory 0.0041

// Exercise. Draw A for a key (`random.normal(key, shape)` has variance 1) and go down and up, by hand and without
// `projectors`: return both C [n, r] and Ĝ [n, d]. The same key gives the same A.
export interface RoundTrip {
  /** C [n, r]. */
  readonly compressed: Tensor;
  /** Ĝ [n, d], from C and A alone. */
  readonly restored: Tensor;
}

export function downAndUp(key: ReturnType<typeof random.key>, gradient: Tensor, rank: number): RoundTrip {
  throw new Error(`your turn: a gradient [${gradient.shape}] at rank ${rank}, with an A from the key ${key}`);
}
