import type { Case } from './case';
import { dispatches } from './dispatch';
import { elementwises } from './elementwise';
import { matmuls } from './matmul';
import { optimizers } from './optimizers';
import { projections } from './projection';
import { trainings } from './training';

/** Everything that is measured, in the order of the tables. */
export const cases: readonly Case[] = [
  ...matmuls,
  ...elementwises,
  ...projections,
  ...optimizers,
  ...dispatches,
  ...trainings,
];
