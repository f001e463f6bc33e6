import type { AdapterReplay } from '../adapter-replay';
import { squareReplays } from './square';
import { startsReplays } from './starts';

/** Every recorded case of the adapters that are here: a line for each family. */
export const adapterReplays: readonly AdapterReplay[] = [...squareReplays, ...startsReplays];
