import type { Arrays } from '../contestant';
import { ours, plainLoop } from '../entrants';
import type { Case } from './case';
import { normal } from './numbers';

function arraysOf(shapes: readonly (readonly number[])[]): Arrays {
  return Object.fromEntries(
    shapes.flatMap((shape, i) => [
      [`parameter.${i}`, normal(2 * i + 1, shape)],
      [`gradient.${i}`, normal(2 * i + 2, shape)],
    ]),
  );
}

function optimizer(
  name: string,
  shapes: readonly (readonly number[])[],
  rest: Pick<Case, 'entrants' | 'tolerance'>,
): Case {
  const elements = shapes.reduce((sum, shape) => sum + shape.reduce((product, n) => product * n, 1), 0);
  return {
    group: 'optimizers',
    name,
    task: { kind: 'optimizer', shapes },
    arrays: () => arraysOf(shapes),
    work: { amount: elements, unit: 'elements/ns' },
    ...rest,
  };
}

/** The weights of one block of GPT medium, D 256. */
const block = [
  [768, 256],
  [256, 256],
  [1024, 256],
  [256, 1024],
];

export const optimizers: readonly Case[] = [
  optimizer('Adam step, 1024×1024', [[1024, 1024]], {
    entrants: [ours('floragrad', { optimizer: 'adam' }), plainLoop],
    tolerance: 1e-6,
  }),
  optimizer('Adafactor and Flora step, a block of GPT medium', block, {
    entrants: [
      ours('Adafactor, dense momentum', { optimizer: 'adafactor' }),
      ours('Flora, rank 64', { optimizer: 'flora' }),
    ],
    tolerance: Number.POSITIVE_INFINITY, // two optimizers: nothing to agree on
  }),
];
