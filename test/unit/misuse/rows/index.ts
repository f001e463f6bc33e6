import type { Row } from '../harness';
import { compressRows } from './compress';
import { engineRows } from './engine';
import { optim } from './optim';
import { tensorRows } from './tensors';

/** One row for each public function; a test compares them with the exports. */
export const rows: readonly Row[] = [...optim, ...tensorRows, ...engineRows, ...compressRows];
