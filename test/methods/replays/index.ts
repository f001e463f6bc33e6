import type { Replay } from '../replay';
import { apolloReplays } from './apollo';
import { coapReplays } from './coap';
import { firaReplays } from './fira';
import { frugalReplays } from './frugal';
import { galoreReplays } from './galore';
import { ldadamReplays } from './ldadam';
import { lozoReplays } from './lozo';
import { muonReplays } from './muon';
import { sinkGDReplays } from './sink-gd';
import { subsetNormReplays } from './subset-norm';
import { subtrackReplays } from './subtrack';
import { vlorpReplays } from './vlorp';

/** Every recorded run of the methods that are here: a line for each file. */
export const replays: readonly Replay[] = [
  ...apolloReplays,
  ...coapReplays,
  ...firaReplays,
  ...frugalReplays,
  ...galoreReplays,
  ...ldadamReplays,
  ...lozoReplays,
  ...muonReplays,
  ...sinkGDReplays,
  ...subsetNormReplays,
  ...subtrackReplays,
  ...vlorpReplays,
];
