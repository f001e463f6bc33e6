import type { Replay } from '../replay';
import { altLoraReplays } from './altlora';
import { apolloReplays } from './apollo';
import { coapReplays } from './coap';
import { firaReplays } from './fira';
import { frugalReplays } from './frugal';
import { galoreReplays } from './galore';
import { ldadamReplays } from './ldadam';
import { loraRiteReplays } from './lorarite';
import { lozoReplays } from './lozo';
import { muonReplays } from './muon';
import { qGaloreReplays } from './qgalore';
import { sinkGDReplays } from './sink-gd';
import { subsetNormReplays } from './subset-norm';
import { subtrackReplays } from './subtrack';
import { vlorpReplays } from './vlorp';

/** Every recorded run of the methods that are here: a line for each file. */
export const replays: readonly Replay[] = [
  ...altLoraReplays,
  ...apolloReplays,
  ...coapReplays,
  ...firaReplays,
  ...frugalReplays,
  ...galoreReplays,
  ...ldadamReplays,
  ...loraRiteReplays,
  ...lozoReplays,
  ...muonReplays,
  ...qGaloreReplays,
  ...sinkGDReplays,
  ...subsetNormReplays,
  ...subtrackReplays,
  ...vlorpReplays,
];
