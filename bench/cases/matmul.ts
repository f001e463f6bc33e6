import { floragradBuilds, gpujs, jax, pytorch, tfjs } from '../entrants';
import type { Case } from './case';
import { normal } from './numbers';

interface Product {
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly batch?: number;
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

function matmul({ m, k, n, batch = 1, transposeA = false, transposeB = false }: Product): Case {
  const stack = batch === 1 ? [] : [batch];
  const sizes = `${m}×${k}×${n}`;
  const transposes = `${transposeA ? ' Aᵀ' : ''}${transposeB ? ' Bᵀ' : ''}`;
  return {
    group: 'matmul',
    name: `matmul ${batch === 1 ? sizes : `${batch} × (${sizes})`}${transposes}`,
    task: { kind: 'matmul', batch, m, k, n, transposeA, transposeB },
    arrays: () => ({
      a: normal(1, [...stack, ...(transposeA ? [k, m] : [m, k])]),
      b: normal(2, [...stack, ...(transposeB ? [n, k] : [k, n])]),
    }),
    entrants: [...floragradBuilds, tfjs, jax, gpujs, pytorch],
    tolerance: 1e-5,
    work: { amount: 2 * batch * m * k * n, unit: 'GFLOP/s' },
  };
}

export const matmuls: readonly Case[] = [
  ...[128, 256, 512, 1024].map((n) => matmul({ m: n, k: n, n })),
  matmul({ m: 512, k: 512, n: 512, transposeB: true }),
  matmul({ m: 512, k: 512, n: 512, transposeA: true }),
  matmul({ m: 1024, k: 1024, n: 1024, transposeB: true }),
  matmul({ m: 1024, k: 1024, n: 1024, transposeA: true }),
  matmul({ m: 1024, k: 1024, n: 16 }),
  matmul({ m: 1024, k: 16, n: 1024 }),
  matmul({ batch: 32, m: 64, k: 32, n: 64, transposeB: true }),
];
