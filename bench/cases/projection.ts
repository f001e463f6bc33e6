import type { TaskOf } from '../contestant';
import { ours } from '../entrants';
import type { Case } from './case';
import { normal } from './numbers';

const size = 1024;

function projection(rank: number, way: TaskOf<'projection'>['way']): Case {
  const product = way === 'down' ? 'G·Aᵀ' : 'C·A';
  return {
    group: 'projection',
    name: `projection ${product}, G ${size}×${size}, rank ${rank}`,
    task: { kind: 'projection', size, rank, way },
    arrays: () => ({ x: normal(1, [size, way === 'down' ? size : rank]) }),
    entrants: [
      ours('a ready A', { how: 'ready' }),
      ours('A generated inside the product', { how: 'fused' }),
      ours('A generated, then the product', { how: 'generated' }),
    ],
    tolerance: 1e-5,
    work: { amount: 2 * size * size * rank, unit: 'GFLOP/s' },
  };
}

export const projections: readonly Case[] = [16, 64, 256].flatMap((rank) => [
  projection(rank, 'down'),
  projection(rank, 'up'),
]);
