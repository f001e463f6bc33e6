import type { AdapterRow } from '../../../src/laws';

/** A row of the adapters, which has its name from the record that it is in. */
export type Row = Omit<AdapterRow, 'name'>;
