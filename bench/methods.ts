// The methods of the field: docs/methods.md.
//   npm run methods                          everything, at most twenty minutes on two quiet cores; says how the page would change
//   npm run methods -- --slice               what takes seconds, and one training of two methods: fails where the page says something else
//   npm run methods -- --write               and write the page
//   npm run methods -- --only galore,apollo  these methods and the references, printed; --steps N for a trial
//   npm run methods -- --workers N           processes with one thread each (default 2): all but times are the same
import { existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { optionalFile } from '../src/cli/output-file';
import { type MethodName, methods } from '../src/study';
import { apartSection } from './methods/apart';
import { catalogueSection } from './methods/catalogue';
import { compare, comparisonSection, sweepSection } from './methods/comparison';
import { type Contender, entrants, labelOf, references } from './methods/entrants';
import { type Ask, type Jobs, performer } from './methods/jobs';
import { differences, made as madeOf, pageOf, printedRow, type SectionName } from './methods/page';
import { recordedSection } from './methods/recorded';
import { type Setting, setting as usual } from './methods/setting';
import { timesSection } from './methods/times';
import { fixed } from './reproduce/format';
import { asking } from './reproduce/kinds';
import { Workers, work } from './reproduce/workers';

const path = 'docs/methods.md';
const started = performance.now();

if (process.env.REPRODUCE_WORKER) work([performer]);
else await main();

async function main(): Promise<void> {
  const { only, slice, write, workers: count, setting } = optionsGiven();
  const file = write ? await optionalFile(path, process.cwd()) : null;
  const workers = new Workers(count);
  try {
    const ask = asking<Jobs>(workers, {
      name: performer.name,
      alone: ['peak', 'times'],
      inNewProcess,
      onDone: (kind, done, jobs) => kind === 'train' && say(`${kind} ${done} of ${jobs}`),
    });
    const page = existsSync(path) ? readFileSync(path, 'utf8') : '';
    const made = slice ? await quickSections(setting, ask) : await allSections(only, setting, ask);
    if (!slice) for (const section of made.values()) console.log(section, '\n');
    say('done');
    if (file) return await file.write(pageOf(made));
    if (only) return;
    const found = [...differences(page, made), ...(slice ? await sliceDifferences(page, setting, ask) : [])];
    if (found.length === 0) return say(`${path} says the same`);
    console.error(`${path} says something else:\n${found.join('\n')}\nMend what changed, or write the page: --write.`);
    process.exitCode = 1;
  } finally {
    workers.stop();
  }
}

/** The contender of a method of the catalogue at equal rank; null for what trains no whole model. */
function contenderOf({ rank }: Setting, name: string): Contender | null {
  return name in entrants ? { name, rank: entrants[name]?.ranked ? rank : null } : null;
}

async function allSections(
  only: readonly MethodName[] | undefined,
  setting: Setting,
  ask: Ask,
): Promise<Map<SectionName, string>> {
  const chosen = only ?? (Object.keys(methods) as MethodName[]);
  const names = [...new Set([...Object.keys(references), ...chosen.filter((name) => name in entrants)])];
  const comparison = await compare(names, setting, ask);
  const sections = {
    catalogue: await catalogueSection(chosen, setting, ask, (name) => contenderOf(setting, name)),
    comparison: comparisonSection(comparison, setting),
    recorded: await recordedSection(ask),
    times: await timesSection(comparison.equalRank, setting, ask),
    sweep: sweepSection(comparison, setting),
    apart: apartSection(),
  } satisfies Record<SectionName, string[]>;
  return madeOf(sections);
}

/** Nothing of it is trained. */
async function quickSections(setting: Setting, ask: Ask): Promise<Map<SectionName, string>> {
  return madeOf({
    catalogue: await catalogueSection(Object.keys(methods) as MethodName[], setting, ask, (name) =>
      contenderOf(setting, name),
    ),
    recorded: await recordedSection(ask),
    apart: apartSection(),
  });
}

/** The first two methods of the catalogue, with the rates of the page on the first seed that counts. */
async function sliceDifferences(page: string, setting: Setting, ask: Ask): Promise<string[]> {
  const { seeds, width, batch, steps, refreshEvery } = setting;
  const seed = seeds.counted[0] as number;
  const contenders = Object.keys(entrants)
    .filter((name) => !(name in references))
    .flatMap((name) => contenderOf(setting, name) ?? [])
    .slice(0, 2);
  const compared = await Promise.all(
    contenders.map(async (one): Promise<string[]> => {
      const printed = printedRow(page, labelOf(one), seeds.counted.length);
      if (!printed) return [`${labelOf(one)}: the page has no rate of it`];
      const task = { width, batch, steps, refreshEvery };
      const [loss] = await ask('train', [{ ...task, ...one, rate: printed.rate, seed }]);
      const [said, now] = [printed.losses[0], typeof loss === 'number' ? fixed(3)(loss) : 'diverged'];
      return said === now ? [] : [`${labelOf(one)}, seed ${seed}: the page says ${said}, now ${now}`];
    }),
  );
  return compared.flat();
}

/** Memory and times are measured by a process that has done nothing else. */
async function inNewProcess(text: string): Promise<string> {
  const worker = new Workers(1);
  try {
    return (await worker.run(performer.name, [text], () => {}))[0] as string;
  } finally {
    worker.stop();
  }
}

function say(text: string): void {
  console.error(`${((performance.now() - started) / 1000).toFixed(0).padStart(5)} s  ${text}`);
}

function optionsGiven() {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      steps: { type: 'string' },
      slice: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      workers: { type: 'string', default: '2' },
    },
  });
  const { slice, write } = values;
  const only = values.only?.split(',');
  const unknown = only?.find((name) => !(name in methods));
  if (unknown !== undefined)
    throw new Error(`no method is called ${unknown}: there are ${Object.keys(methods).join(', ')}`);
  if (slice && (only || write))
    throw new Error('--slice chooses what it compares with the page: leave out --only and --write');
  if (values.steps !== undefined && !only) throw new Error('--steps is for a trial: add --only');
  if (only && write) throw new Error('--write needs every method: leave out --only');
  const [workers, steps] = [values.workers, values.steps ?? usual.steps].map(Number) as [number, number];
  if (![workers, steps].every((n) => Number.isInteger(n) && n >= 1))
    throw new Error('--workers and --steps take whole numbers of at least 1');
  return { slice, write, workers, only: only as MethodName[] | undefined, setting: { ...usual, steps } };
}
