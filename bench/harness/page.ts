import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cases } from '../cases';
import type { Result } from './contest';
import { type Footprint, footprintTable } from './footprint';
import type { Introduction } from './introduce';
import type { Machine } from './machine';
import { asMarkdown, summaryOf, tableOf } from './table';

/** Everything that one run found out. */
export interface Run {
  readonly machine: Machine;
  readonly introductions: readonly Introduction[];
  readonly results: readonly Result[];
  readonly footprints: readonly Footprint[];
}

const folder = 'bench/results';

export function describeMachine({ processor, cores, memoryBytes, platform, node, pinnedTo }: Machine): string {
  const memory = `${(memoryBytes / 2 ** 30).toFixed(0)} GiB`;
  const where =
    pinnedTo === null ? 'not pinned to a core: no taskset here' : `one thread runs pinned to core ${pinnedTo}`;
  return `Node ${node} on ${platform}, ${processor}, ${cores} cores, ${memory}; ${where}`;
}

/**
 * Write `bench/results/nodeN.json` and, from the files of all Nodes, `docs/benchmarks.md`. A run of some cases replaces
 * those and leaves the others as they were measured.
 */
export function writeResults(run: Run): void {
  const path = `${folder}/node${/^v(\d+)/.exec(run.machine.node)?.[1]}.json`;
  const before = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Run) : null;
  const known = new Map([...(before?.results ?? []), ...run.results].map((result) => [result.name, result]));
  const results = cases.flatMap(({ name }) => known.get(name) ?? []);
  const footprints = run.footprints.length > 0 ? run.footprints : (before?.footprints ?? []);
  mkdirSync(folder, { recursive: true });
  writeFileSync(path, `${JSON.stringify({ ...run, results, footprints }, null, 2)}\n`);
  writeFileSync('docs/benchmarks.md', page());
}

function page(): string {
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort();
  const runs = files.map((name) => JSON.parse(readFileSync(`${folder}/${name}`, 'utf8')) as Run);
  return [intro, ...runs.map(section)].join('\n');
}

const intro = `# Benchmarks

Written by \`npm run bench -- --write\`; [the guide](guides/benchmark.md) says how it measures. All contestants of a table
ran in one run, each in a process of its own, in rounds that went from one to the next. A time is the median of the
rounds. A ratio is the median over the rounds of one contestant's time divided by another's in the same round, with the
least and the largest of them in brackets. Above 1, the row is slower than what it is divided by.
`;

function section({ machine, introductions, results, footprints }: Run): string {
  const summary = summaryOf(results);
  return [
    `## Node ${/^v(\d+)/.exec(machine.node)?.[1]}`,
    '',
    `${describeMachine(machine)}.`,
    '',
    ...introductions.map(({ label, description }) => `- ${label}: ${description}`),
    '',
    ...(summary ? [asMarkdown(summary)] : []),
    ...results.map((result) => asMarkdown(tableOf(result))),
    ...(footprints.length > 0 ? [asMarkdown(footprintTable(footprints))] : []),
  ].join('\n');
}
