import type { Replay } from '../replay';
import { apolloReplays } from './apollo';
import { firaReplays } from './fira';
import { frugalReplays } from './frugal';
import { galoreReplays } from './galore';
import { lozoReplays } from './lozo';
import { qGaloreReplays } from './qgalore';
import { subsetNormReplays } from './subset-norm';
import { vlorpReplays } from './vlorp';

/** Every recorded run of the methods that are here: a line for each file. */
export const replays: readonly Replay[] = [
  ...firaReplays,
  ...frugalReplays,
  ...galoreReplays,
  ...apolloReplays,
  ...vlorpReplays,
  ...subsetNormReplays,
  ...lozoReplays,
  ...qGaloreReplays,
];
