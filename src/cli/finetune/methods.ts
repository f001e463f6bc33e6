import type { MethodRow } from './method-row';
import { controlRows } from './rows/controls';
import { noiseRows } from './rows/noise';
import { pairRows } from './rows/pairs';
import { rankRows } from './rows/ranks';
import { sparseRows } from './rows/sparse';
import { squareRows } from './rows/square';
import { startsRows } from './rows/starts';
import { usualRows } from './rows/usual';

/** Everything that `--method` may be, in the order in which help has it: one row each, in the file of its family. */
const rows = [
  ...usualRows,
  ...sparseRows,
  ...pairRows,
  ...squareRows,
  ...startsRows,
  ...noiseRows,
  ...rankRows,
  ...controlRows,
] as const satisfies readonly MethodRow[];

export type MethodName = (typeof rows)[number]['name'];
export type Method = MethodRow<MethodName>;

/** The names, in the order in which help has them. */
export const methodNames: readonly MethodName[] = rows.map(({ name }) => name);

export const methods = Object.fromEntries(rows.map((row) => [row.name, row])) as Readonly<Record<MethodName, Method>>;

const all: readonly Method[] = rows;
const usual = all.filter((row) => [row.baselineOf, row.trains, row.family].every((mark) => mark === undefined));

/** What is compared unless it is told otherwise. */
export const usualMethods: readonly MethodName[] = usual.map(({ name }) => name);

/** What is pruned before, each with the methods that it is compared with. */
export const sparseMethods = usual
  .filter(({ sparse }) => sparse)
  .map(({ name }) => ({ name, baselines: all.filter((row) => row.baselineOf === name).map((row) => row.name) }));

/** What trains adapters of another method, as sentences have it. */
export const otherTrainings = all.flatMap(({ name, trains }) => (trains ? [name] : []));

/** What is not trained, to be held against. */
export const untrained = all.flatMap(({ name, learningRate }) => (learningRate === null ? [name] : []));

/** What evaluates its loss more than once in a step. */
export const twiceEvaluated: readonly MethodName[] = all.flatMap(({ name, twice }) => (twice ? [name] : []));

/** What learns an adapter that can be saved alone. */
export const adapterMethods = all.flatMap(({ name, adapter }) => (adapter ? [name] : []));

/** What has stages. */
export const stagedMethods = all.flatMap(({ name, staged }) => (staged ? [name] : []));

/** What projects, as sentences have it. */
export const projecting = all.flatMap(({ projects }) => projects ?? []).join(' and ');
