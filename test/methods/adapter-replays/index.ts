import type { AdapterReplay } from '../adapter-replay';
import { squareReplays } from './square';

/** Every recorded case of the adapters that are here: a line for each family. */
export const adapterReplays: readonly AdapterReplay[] = [...squareReplays];
