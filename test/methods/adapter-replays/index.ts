import type { AdapterReplay } from '../adapter-replay';
import { noiseReplays } from './noise';

/** Every recorded case of the adapters that are here: a line for each family. */
export const adapterReplays: readonly AdapterReplay[] = [...noiseReplays];
