import type { FullBackend } from '../../src/index';
import { backendLaws, type Law, opLaws } from '../../src/laws';
import { agreement } from '../laws/composed';
import { layerRows } from '../laws/layers';
import { composedRows, kernelRows, rows } from '../laws/ops';
import { edgeLaws } from './edges';
import { faultLaws } from './faults';
import { longLaws } from './long';
import { longProducts } from './products';
import { trainingLaws } from './training';
import { gpuTraps } from './traps';

/**
 * Largest number of random cases a law. A CPU that imitates a GPU needs 0.1 ms for an op and up to 160 ms for a new
 * program: so each driver takes a minute or two. The other backends run all cases of the same laws.
 */
export const runs = { backend: 3, ops: 1 };

/**
 * What is run on every driver, in Node and in pages: the traps of drivers, the laws of backends and of ops, training, faults. The backend is
 * only asked for when a law runs. To be run in this order, with the backend as the current one.
 */
export function suite(device: () => FullBackend, open: () => Promise<FullBackend>): Law[] {
  return [
    ...gpuTraps(device),
    ...computing(device),
    ...longProducts(device),
    ...longLaws(device),
    ...edgeLaws(device),
    ...trainingLaws(device, open),
    ...faultLaws(device),
  ];
}

/** The part of it that any backend owes. */
export function computing(device: () => FullBackend): Law[] {
  return [
    ...backendLaws(device, { runs: runs.backend }),
    ...kernelRows.flatMap((row) => opLaws(row, { runs: runs.ops })),
    ...[...rows.filter((row) => !kernelRows.includes(row)), ...composedRows, ...layerRows].flatMap(agreement),
  ];
}
