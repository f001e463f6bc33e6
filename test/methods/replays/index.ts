import type { Replay } from '../replay';
import { altLoraReplays } from './altlora';
import { apolloReplays } from './apollo';
import { galoreReplays } from './galore';
import { loraRiteReplays } from './lorarite';

/** Every recorded run of the methods that are here: a line for each file. */
export const replays: readonly Replay[] = [...galoreReplays, ...apolloReplays, ...loraRiteReplays, ...altLoraReplays];
