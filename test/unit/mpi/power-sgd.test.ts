import { expect, it } from 'vitest';
import { random, type Tensor } from '../../../src/index';
import { powerSgd } from '../../../src/mpi';
import { twins } from './fakes';

type Matrix = number[][];
const product = (a: Matrix, b: Matrix): Matrix =>
  a.map((row) => (b[0] ?? []).map((_, j) => row.reduce((sum, x, k) => sum + x * (b[k]?.[j] as number), 0)));
const transposed = (a: Matrix): Matrix => (a[0] ?? []).map((_, j) => a.map((row) => row[j] as number));

/** Orthonormal columns of the span, by Gram and Schmidt in float64. */
function orthonormal(a: Matrix): Matrix {
  const columns: number[][] = [];
  for (const column of transposed(a)) {
    const rest = [...column];
    for (const one of columns) {
      const dot = one.reduce((sum, x, i) => sum + x * (rest[i] as number), 0);
      for (let i = 0; i < rest.length; i++) rest[i] = (rest[i] as number) - dot * (one[i] as number);
    }
    const norm = Math.hypot(...rest);
    columns.push(rest.map((x) => x / norm));
  }
  return transposed(columns);
}

const normal = (seed: number, shape: number[]): Tensor => random.normal(random.key(seed), shape);
const seen = async (x: Tensor | undefined): Promise<Matrix> => (await x?.array(2)) as Matrix;

it('gives the rank-r part of the mean of all ranks, of M·Q and Mᵀ·P that ranks have summed', async () => {
  // Rank 1 is played: its gradient is `other`, and what it would send is worked out in float64 from the numbers that rank 0
  // sends. Signs of P are those of rank 0's own, which it would have as well: P = orthonormal(ΣM·Q) on both.
  const [mine, other] = [normal(1, [6, 5]), normal(2, [6, 5])];
  const gradients = { w: mine };
  const rounds: Float32Array[] = [];
  const comm = twins(2, {
    sum(values) {
      const [m, o, q] = known as [Matrix, Matrix, Matrix];
      const own = product(m, q);
      if (rounds.length === 0) {
        own.flat().forEach((x, i) => {
          expect(values[i]).toBeCloseTo(x, 4);
        });
        product(o, q)
          .flat()
          .forEach((x, i) => {
            values[i] = (values[i] as number) + x;
          });
      } else {
        // Mᵀ·P of rank 0 tells the sign of each column of P.
        const p = orthonormal(product(plus(m, o), q));
        const mp = product(transposed(m), p);
        const signs = [0, 1].map((j) => Math.sign((values[j] as number) * (mp[0]?.[j] as number)));
        product(transposed(o), p).forEach((row, i) => {
          row.forEach((x, j) => {
            values[2 * i + j] = (values[2 * i + j] as number) + x * (signs[j] as number);
          });
        });
      }
      rounds.push(values.slice());
    },
  });
  const optimizer = powerSgd(comm, { rank: 2, seed: 7 });
  const state = optimizer.init(gradients);
  const known = [await seen(mine), await seen(other), await seen(state[0].inner.bases.w)] as const;
  const [{ w }, next] = optimizer.update(gradients, state, gradients);
  expect(rounds.length).toBe(2);

  const [m, o, q] = known;
  const mean = plus(m, o).map((row) => row.map((x) => x / 2));
  const p = orthonormal(product(mean, q));
  const expected = product(p, product(transposed(p), mean)); // P·Pᵀ·M, whatever the signs
  const found = await seen(w);
  const kept = await seen(next[0].errors.w);
  for (const [i, row] of expected.entries()) {
    for (const [j, x] of row.entries()) {
      expect(found[i]?.[j]).toBeCloseTo(x, 4);
      // What rank 0 keeps is what of its own gradient did not go out: the mean of both errors is the mean's.
      expect(kept[i]?.[j]).toBeCloseTo((m[i]?.[j] as number) - x, 4);
    }
  }
});

function plus(a: Matrix, b: Matrix): Matrix {
  return a.map((row, i) => row.map((x, j) => x + (b[i]?.[j] as number)));
}

it('leaves what is no matrix to the exact mean', async () => {
  const gradients = { w: normal(1, [6, 5]), b: normal(3, [5]) };
  const comm = twins(4);
  const optimizer = powerSgd(comm, { rank: 2 });
  const [{ b }] = optimizer.update(gradients, optimizer.init(gradients), gradients);
  expect(await b?.array()).toEqual(await gradients.b.array());
  expect(comm.calls.filter((call) => call.startsWith('sum'))).toEqual(['sum 12', 'sum 12', 'sum 8']); // 6·2, 5·2, 5: up to fours
});
