import type { AdapterReplay } from '../adapter-replay';
import { ranksReplays } from './ranks';

/** Every recorded case of the adapters that are here: a line for each family. */
export const adapterReplays: readonly AdapterReplay[] = [...ranksReplays];
