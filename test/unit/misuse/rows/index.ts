import type { Row } from '../harness';
import { adapterRows } from './adapters';
import { compressRows } from './compress';
import { dataRows } from './data';
import { engineRows } from './engine';
import { fileRows } from './files';
import { loopRows } from './loops';
import { mpiRows } from './mpi';
import { nnRows } from './nn';
import { optim } from './optim';
import { studyRows } from './study';
import { tensorRows } from './tensors';

/** One row for each public function; a test compares them with the exports. */
export const rows: readonly Row[] = [
  ...optim,
  ...tensorRows,
  ...engineRows,
  ...compressRows,
  ...nnRows,
  ...adapterRows,
  ...fileRows,
  ...dataRows,
  ...loopRows,
  ...mpiRows,
  ...studyRows,
];
