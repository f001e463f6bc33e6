import { resolve } from 'node:path';
import type { Entrant } from '../entrants';
import { ContestantProcess } from './contestant-process';
import { type Machine, nodeFlags } from './machine';

/** The programs that contestants run in. */
export interface Programs {
  readonly machine: Machine;
  /** Path of the Node that is measured; it may be another one than runs the harness. */
  readonly node: string;
  /** Path of a Python with PyTorch. */
  readonly python: string;
}

const worker = resolve('bench/dist/worker.mjs');

export function launch({ module, cores }: Entrant, { machine, node, python }: Programs): ContestantProcess {
  const program = module.endsWith('.py')
    ? [python, resolve(module)]
    : [node, ...nodeFlags(machine), worker, resolve(module)];
  const pinned = cores === 1 && machine.pinnedTo !== null;
  return new ContestantProcess(pinned ? ['taskset', '-c', String(machine.pinnedTo), ...program] : program);
}
