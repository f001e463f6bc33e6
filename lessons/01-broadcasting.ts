// Lesson 1: tensors and broadcasting
// Ten minutes. Before it: nothing. You learn what a tensor is, how the shapes of two tensors are matched, and how to work
// with all pairs of rows without a loop.
import { random, type Tensor, tensor } from 'floragrad';

// 1. A tensor is numbers in row-major order, and a shape. These are three readings of two instruments.
const readings = tensor([
  [1, 10],
  [2, 20],
  [6, 60],
]);
console.log(readings.shape, readings.size); // prints [ 3, 2 ] 6

// An operation returns at once, even where a GPU is still at work. Reading the numbers waits for it, so it is asynchronous.
console.log(await readings.mul(2).array()); // prints [ [ 2, 20 ], [ 4, 40 ], [ 12, 120 ] ]

// 2. A reduction takes an axis away. With keepDims the axis stays, with extent 1.
console.log((await readings.mean({ axis: 0 }).array(1)).join(' ')); // prints 3 30
const means = readings.mean({ axis: 0, keepDims: true });
console.log(means.shape); // prints [ 1, 2 ]

// 3. Broadcasting. Write two shapes under each other, aligned at the right. At every place the extents must be equal, or one
// of them must be 1 or missing: along that axis the tensor is used again and again, without a copy.
//
//     readings   [3, 2]
//     means      [1, 2]
//     result     [3, 2]     each row minus the same row of means
const centred = readings.sub(means);
console.log(await centred.array()); // prints [ [ -2, -20 ], [ -1, -10 ], [ 3, 30 ] ]

// 4. Where each of the two has a 1, both are used again, and all pairs appear: [4, 1] with [1, 5] makes [4, 5].
const column = tensor([1, 2, 3, 4]).reshape([4, 1]);
const row = tensor([1, 2, 3, 4, 5]).reshape([1, 5]);
for (const line of await column.mul(row).array(2)) console.log(line.join(' '));
// prints
//   1 2 3 4 5
//   2 4 6 8 10
//   3 6 9 12 15
//   4 8 12 16 20

// Shapes that do not fit are refused, with what to do about it. A mean over rows without keepDims is [3], and 3 is not 2:
try {
  readings.sub(readings.mean({ axis: 1 }));
} catch (error) {
  console.log((error as Error).message.replace('; ', '\n').replace('. ', '\n'));
}
// prints
//   [broadcast/mismatch] sub got a [3, 2] and b [3]
//   expected shapes that agree from the last axis on, or have 1 where they differ
//   Fix: reshape or unsqueeze one of them, for example x.reshape([n, 1]).

// 5. An experiment. The mean of n independent numbers of variance 1 has variance 1/n. Take 2000 means of 100 numbers each:
const draws = random.normal(random.key(1), [2000, 100]);
const spread = await draws.mean({ axis: 1 }).square().mean().item();
console.log(`variance of a mean of 100: ${spread.toFixed(3)}, theory 0.010`); // prints variance of a mean of 100: 0.010, theory 0.010

// Exercise. For points x [n, d] and y [m, d] (a point is a row), give the squared distance of every pair, [n, m]:
//
//     out[i, j] = Σₖ (x[i, k] − y[j, k])²
//
// without a loop. Part 4 has the idea: which shapes must x and y have, so that their difference has a place for every i, j
// and k? `reshape` gives a tensor another shape.
export function squaredDistances(x: Tensor, y: Tensor): Tensor {
  throw new Error(`your turn: all pairs of rows of x [${x.shape}] and y [${y.shape}]`);
}
