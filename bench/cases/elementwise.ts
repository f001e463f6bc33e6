import type { TaskOf } from '../contestant';
import { floragradBuilds, jax, plainLoop, pytorch, tfjs } from '../entrants';
import type { Case } from './case';
import { normal } from './numbers';

const shape = [1024, 1024];

const elementwise = (op: TaskOf<'elementwise'>['op']): Case => ({
  group: 'elementwise',
  name: `${op} of 1024×1024 elements`,
  task: { kind: 'elementwise', op },
  arrays: () => ({ x: normal(1, shape), y: normal(2, shape) }),
  entrants: [...floragradBuilds, plainLoop, tfjs, jax, pytorch],
  tolerance: 1e-6,
  work: { amount: 1024 * 1024, unit: 'elements/ns' },
});

export const elementwises: readonly Case[] = (['add', 'mul', 'exp', 'tanh', 'gelu'] as const).map(elementwise);
