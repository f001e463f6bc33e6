import { type Filter, matrixFilter } from 'floragrad';
import type { Task } from './task';

/** The matrices that a task lets methods compress, as far as a projection of this rank fits them. */
export function compressible(task: Task, rank: number): Filter {
  const matrices = matrixFilter({ rank });
  return (path, tensor) => (task.compresses(path) ? matrices(path, tensor) : 'not compressed in this task');
}
