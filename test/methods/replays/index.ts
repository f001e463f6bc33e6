import type { Replay } from '../replay';
import { apolloReplays } from './apollo';
import { firaReplays } from './fira';
import { frugalReplays } from './frugal';
import { galoreReplays } from './galore';
import { muonReplays } from './muon';
import { sinkGDReplays } from './sink-gd';

/** Every recorded run of the methods that are here: a line for each file. */
export const replays: readonly Replay[] = [
  ...firaReplays,
  ...frugalReplays,
  ...galoreReplays,
  ...apolloReplays,
  ...muonReplays,
  ...sinkGDReplays,
];
