import type { Row } from '../harness';
import { creation } from './creation';
import { optim } from './optim';

/** One row for each public function; a test compares them with the exports. */
export const rows: readonly Row[] = [...creation, ...optim];
