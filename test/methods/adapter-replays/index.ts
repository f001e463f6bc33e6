import type { AdapterReplay } from '../adapter-replay';
import { diagReplays } from './diag';

/** Every recorded case of the adapters that are here: a line for each family. */
export const adapterReplays: readonly AdapterReplay[] = [...diagReplays];
