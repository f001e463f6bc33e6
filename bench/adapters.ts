// Every method of `floragrad finetune` on the same terms: docs/adapters.md.
//   npm run adapters                           everything, at most twenty minutes on two quiet cores; says how the page would change
//   npm run adapters -- --slice                records, and a training a task: seconds; fails where the page says something else
//   npm run adapters -- --write                and write the page
//   npm run adapters -- --only plora,xgb-lora  these methods and the references, printed
//   npm run adapters -- --task backwards       one task, printed
//   npm run adapters -- --workers N            processes with one thread each (default 2): the results are the same
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type MethodName, methodNames, methods } from '../src/cli/finetune/methods';
import { optionalFile } from '../src/cli/output-file';
import {
  compare,
  foundSection,
  gatesSection,
  references,
  stagesSection,
  sweepSection,
  taskSection,
} from './adapters/comparison';
import { type Ask, type Jobs, performer } from './adapters/jobs';
import { differences, made, pageOf, printedSearch } from './adapters/page';
import { limitsSection, recordedSection } from './adapters/recorded';
import { setting, type Task } from './adapters/setting';
import { fixed } from './reproduce/format';
import { asking } from './reproduce/kinds';
import { Workers, work } from './reproduce/workers';

const path = 'docs/adapters.md';
const started = performance.now();

if (process.env.REPRODUCE_WORKER) work([performer]);
else await main();

async function main(): Promise<void> {
  const { names, tasks, trial, slice, write, workers: count } = optionsGiven();
  const file = write ? await optionalFile(path, process.cwd()) : null;
  const folder = mkdtempSync(join(tmpdir(), 'floragrad-adapters-'));
  const workers = new Workers(count);
  const ask = asking<Jobs>(workers, {
    name: performer.name,
    onDone: (kind, done, jobs) => kind === 'tune' && say(`${done} of ${jobs} runs`),
  });
  try {
    const page = existsSync(path) ? readFileSync(path, 'utf8') : '';
    const [sections, trained] = slice
      ? await Promise.all([quickSections(ask), sliceDifferences(page, folder, ask)])
      : [await allSections(names, tasks, folder, ask), []];
    if (!slice) for (const section of sections.values()) console.log(section, '\n');
    say('done');
    if (file) return await file.write(pageOf(sections));
    if (trial) return;
    const found = [...differences(page, sections), ...trained];
    if (found.length === 0) return say(`${path} says the same`);
    console.error(`${path} says something else:\n${found.join('\n')}\nMend what changed, or write the page: --write.`);
    process.exitCode = 1;
  } finally {
    workers.stop();
    rmSync(folder, { recursive: true });
  }
}

async function allSections(
  names: readonly MethodName[],
  tasks: readonly Task[],
  folder: string,
  ask: Ask,
): Promise<Map<string, string>> {
  const rows = await compare(names, tasks, await baseIn(folder, ask), setting, ask);
  return made({
    gates: gatesSection(rows, tasks, setting),
    found: foundSection(rows, tasks),
    ...Object.fromEntries(tasks.map((task) => [task.name, taskSection(rows, task)])),
    stages: stagesSection(rows, tasks),
    limits: limitsSection(),
    recorded: await recordedSection(ask),
    sweep: sweepSection(rows, tasks, setting),
  });
}

/** The file of the base, which is trained now. */
async function baseIn(folder: string, ask: Ask): Promise<string> {
  const file = join(folder, 'base.safetensors');
  await ask('base', [{ file }]);
  say('the base is trained');
  return file;
}

/** Nothing of it is trained. */
async function quickSections(ask: Ask): Promise<Map<string, string>> {
  return made({ limits: limitsSection(), recorded: await recordedSection(ask) });
}

/** LoRA on each task, with the rate of the page on the seed that rates are chosen on. */
async function sliceDifferences(page: string, folder: string, ask: Ask): Promise<string[]> {
  const method = 'lora';
  const own = methods[method].learningRate as number;
  const base = await baseIn(folder, ask);
  const { seeds, tasks } = setting;
  const compared = await Promise.all(
    tasks.map(async (task): Promise<string[]> => {
      const printed = printedSearch(page, task, method);
      if (!printed) return [`${task.name}: the page has no rate of ${method}`];
      const rate = own * printed.multiple;
      const [run] = await ask('tune', [{ base, task: task.name, method, rank: task.rank, rate, seed: seeds.tuning }]);
      const now = run ? fixed(4)(run.validationLoss) : 'diverged';
      return printed.loss === now ? [] : [`${task.name}, ${method}: the page says ${printed.loss}, now ${now}`];
    }),
  );
  return compared.flat();
}

function say(text: string): void {
  console.error(`${((performance.now() - started) / 1000).toFixed(0).padStart(5)} s  ${text}`);
}

function optionsGiven() {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      task: { type: 'string' },
      slice: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      workers: { type: 'string', default: '2' },
    },
  });
  const { slice, write, task } = values;
  const only = values.only?.split(',') as MethodName[] | undefined;
  const unknown = only?.find((name) => !methodNames.includes(name));
  if (unknown !== undefined) throw new Error(`no method is called ${unknown}: there are ${methodNames.join(', ')}`);
  const tasks = setting.tasks.filter(({ name }) => task === undefined || name === task);
  if (tasks.length === 0)
    throw new Error(`no task is called ${task}: there are ${setting.tasks.map(({ name }) => name).join(', ')}`);
  const trial = only !== undefined || task !== undefined;
  if (slice && (trial || write))
    throw new Error('--slice chooses what it compares with the page: leave out --only, --task and --write');
  if (trial && write) throw new Error('--write needs everything: leave out --only and --task');
  const workers = Number(values.workers);
  if (!Number.isInteger(workers) || workers < 1) throw new Error('--workers takes a whole number of at least 1');
  const names = only ? methodNames.filter((name) => references.includes(name) || only.includes(name)) : methodNames;
  return { names, tasks, trial, slice, write, workers };
}
