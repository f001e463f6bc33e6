import type { AdapterReplay } from '../adapter-replay';
import { diagReplays } from './diag';
import { noiseReplays } from './noise';
import { prunedReplays } from './pruned';
import { ranksReplays } from './ranks';
import { squareReplays } from './square';
import { startsReplays } from './starts';

/** Every recorded case of the adapters that are here: a line for each family. */
export const adapterReplays: readonly AdapterReplay[] = [
  ...diagReplays,
  ...noiseReplays,
  ...prunedReplays,
  ...ranksReplays,
  ...squareReplays,
  ...startsReplays,
];
