import type { Replay } from '../replay';
import { apolloReplays } from './apollo';
import { coapReplays } from './coap';
import { galoreReplays } from './galore';
import { ldadamReplays } from './ldadam';
import { subtrackReplays } from './subtrack';

/** Every recorded run of the methods that are here: a line for each file. */
export const replays: readonly Replay[] = [
  ...galoreReplays,
  ...apolloReplays,
  ...ldadamReplays,
  ...subtrackReplays,
  ...coapReplays,
];
