import type { MethodRow } from './method-row';
import { pairRows } from './rows/pairs';
import { rankRows } from './rows/ranks';
import { sparseRows } from './rows/sparse';
import { usualRows } from './rows/usual';

/** Everything that `--method` may be, in the order in which help has it: one row each, in the file of its family. */
const rows = [...usualRows, ...sparseRows, ...pairRows, ...rankRows] as const satisfies readonly MethodRow[];

export type MethodName = (typeof rows)[number]['name'];
export type Method = MethodRow<MethodName>;

/** The names, in the order in which help has them. */
export const methodNames: readonly MethodName[] = rows.map(({ name }) => name);

export const methods = Object.fromEntries(rows.map((row) => [row.name, row])) as Readonly<Record<MethodName, Method>>;

const all: readonly Method[] = rows;
const usual = all.filter(({ baselineOf, trains, family }) => (baselineOf ?? trains ?? family) === undefined);

/** What is compared unless it is told otherwise. */
export const usualMethods: readonly MethodName[] = usual.map(({ name }) => name);

/** What is pruned before, each with the methods that it is compared with. */
export const sparseMethods = usual
  .filter(({ sparse }) => sparse)
  .map(({ name }) => ({ name, baselines: all.filter((row) => row.baselineOf === name).map((row) => row.name) }));

/** What trains adapters of another method, as sentences have it. */
export const otherTrainings = all.flatMap(({ name, trains }) => (trains ? [name] : []));

/** What learns an adapter that can be saved alone. */
export const adapterMethods = all.flatMap(({ name, adapter }) => (adapter ? [name] : []));

/** What has stages, and what projects, as sentences have it. */
export const stagedMethods = all.flatMap(({ name, staged }) => (staged ? [name] : [])).join(' and ');
export const projecting = all.flatMap(({ projects }) => projects ?? []).join(' and ');
