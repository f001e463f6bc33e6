import { describe, expect, test } from 'vitest';
import {
  type Compared,
  compare,
  foundSection,
  gatesSection,
  stagesSection,
  sweepSection,
  taskSection,
} from '../../../../bench/adapters/comparison';
import type { Ask, Jobs } from '../../../../bench/adapters/jobs';
import { made, pageOf, printedSearch } from '../../../../bench/adapters/page';
import { setting, type Task } from '../../../../bench/adapters/setting';
import { type MethodName, methods } from '../../../../src/cli/finetune/methods';

const [limiting, free] = setting.tasks as [Task, Task];
const names: MethodName[] = ['full', 'lora', 'plora', 'xgb-lora', 'sqft', 'none', 'lora-cyclic'];

type Tune = Jobs['tune']['job'];
type Level = Readonly<Record<string, number | null>>;

/** What trainings would come to: a level by task and method, best at four times the row's own rate, a little more by seed. */
function asking(levels: Readonly<Record<string, Level>> = {}): { ask: Ask; jobs: Tune[] } {
  const jobs: Tune[] = [];
  const tune = (job: Tune) => {
    jobs.push(job);
    const name = job.rank === setting.higher ? 'higher' : job.method;
    const level = levels[job.task]?.[name] ?? usual[job.task]?.[name];
    if (levels[job.task]?.[name] === null) return null;
    const own = methods[job.method].learningRate;
    const off = job.rate === null || own === null ? 0 : Math.abs(Math.log2(job.rate / own) - 2) * 0.1;
    return {
      startLoss: 3,
      validationLoss: (level ?? 2.5) + off + job.seed * 1e-3,
      trainable: 100 * job.rank,
      stateBytes: 800 * job.rank,
      mergeable: job.method === 'none' || job.method === 'full' ? null : job.method !== 'plora',
      updateRank: job.method === 'plora' ? null : job.rank + job.seed,
    };
  };
  const ask = async (_: string, asked: readonly Tune[]) => asked.map(tune);
  return { ask: ask as unknown as Ask, jobs };
}

const usual: Readonly<Record<string, Level>> = {
  [limiting.name]: { none: 3, lora: 2.5, higher: 2.3, plora: 2.4, 'xgb-lora': 2.6, 'lora-cyclic': 2.45 },
  [free.name]: { none: 3, lora: 2.5, higher: 2.5, plora: 2.6, 'lora-cyclic': 2.55 },
};

const compared = (levels?: Readonly<Record<string, Level>>): Promise<Compared[]> =>
  compare(names, setting.tasks, 'base', setting, asking(levels).ask);

test('a rate is chosen for each row alone on the seed that does not count, and what is not trained has none', async () => {
  const { ask, jobs } = asking();
  const rows = await compare(names, setting.tasks, 'base', setting, ask);
  expect(rows).toHaveLength(2 * (names.length + 1));
  const { tuning, counted } = setting.seeds;
  for (const { contender, rate, losses, runs, sweep, task } of rows) {
    const own = jobs.filter(
      (job) => job.task === task && job.method === contender.method && job.rank === contender.rank,
    );
    const tried = own.filter(({ seed }) => seed === tuning);
    const { learningRate } = methods[contender.method];
    expect(rate).toBe(learningRate === null ? null : 4 * learningRate);
    expect(tried.length).toBe(learningRate === null ? 0 : 5);
    expect(sweep.length).toBe(tried.length);
    expect(own.filter(({ seed }) => seed !== tuning).map((job) => [job.seed, job.rate])).toEqual(
      counted.map((seed) => [seed, rate]),
    );
    expect(losses).toEqual(runs.map((run) => run?.validationLoss));
  }
  expect(
    jobs.every(
      ({ base, task, rank }) => base === 'base' && [setting.higher, task === free.name ? 8 : 2].includes(rank),
    ),
  ).toBe(true);
});

describe('the gates', () => {
  const gates = async (levels?: Readonly<Record<string, Level>>) =>
    gatesSection(await compared(levels), setting.tasks, setting).join('\n');

  test('are open where rank 32 is lower by its whole interval on the one task, and not on the other', async () => {
    const text = await gates();
    expect(text).toMatch(/gate of _backwards_ is open: .* by 0\.2000 \[0\.2000, 0\.2000\], so the rank limits here\./);
    expect(text).toMatch(/gate of _lower-case_ is open: .* by 0\.0000 .*, so no limit by the rank is seen here\./);
    expect(text.match(/there is something to learn: .* by 0\.5000/g)).toHaveLength(2);
  });

  test('are closed otherwise', async () => {
    const text = await gates({
      [limiting.name]: { higher: 2.5, none: 2.5 },
      [free.name]: { higher: 2.4 },
    });
    expect(text).toMatch(/gate of _backwards_ is closed: .*nothing can be told/);
    expect(text).toMatch(/gate of _lower-case_ is closed: .*the rank limits here too/);
    expect(text).toMatch(/On _backwards_ nothing is seen to be learned/);
  });
});

test('a table has what a row takes, its spread over the seeds, and its difference from LoRA', async () => {
  const rows = await compared({ [limiting.name]: { 'xgb-lora': null } });
  const cells = (name: string): string[] => {
    const line = taskSection(rows, limiting).find((one) => one.startsWith(`| ${name} `)) ?? '';
    return line.split('|').map((cell) => cell.trim());
  };
  expect(cells('lora').slice(2, 10)).toEqual([
    'adapters',
    '200',
    '1,600',
    'yes',
    '4.0', // the mean over seeds 0 to 4 of rank + seed
    '2.5020 ± 0.0016',
    '–',
    '0.016',
  ]);
  expect(cells('plora').slice(2, 9)).toEqual([
    'adapters, in stages',
    '200',
    '1,600',
    'no',
    '–',
    '2.4020 ± 0.0016',
    '0.1000 [0.1000, 0.1000]',
  ]);
  expect(cells('none').slice(2, 9)).toEqual(expect.arrayContaining(['nothing', '-0.5000 [-0.5000, -0.5000]']));
  expect(cells('xgb-lora').slice(6, 10)).toEqual(['–', 'diverged', 'diverged', '–']);
  expect(cells('sqft')[2]).toBe('adapters, of a pruned base');
  expect(cells('lora, rank 32')[8]).toBe('0.2000 [0.2000, 0.2000]');
});

test('stages are held against LoRA and against LoRA with the same rate', async () => {
  const lines = stagesSection(await compared(), setting.tasks);
  const row = lines.find((line) => line.includes('backwards') && line.includes('plora')) ?? '';
  expect(row.split('|').map((cell) => cell.trim())).toEqual([
    '',
    limiting.name,
    'plora',
    '–',
    '0.1000 [0.1000, 0.1000]',
    '0.0500 [0.0500, 0.0500]',
    '',
  ]);
  const control = lines.find((line) => line.includes('backwards') && line.includes('| lora-cyclic')) ?? '';
  expect(control).toMatch(/0\.0500 \[0\.0500, 0\.0500\] +\| – +\|$/);
});

test('what is found is what stands out by whole intervals, references and pruned models left out', async () => {
  const text = foundSection(await compared({ [limiting.name]: { sqft: 1 } }), setting.tasks).join('\n');
  expect(text).toContain('- Lower than LoRA on both tasks: none.\n- Lower than LoRA on _backwards_ alone: plora.');
  expect(text).toContain(
    '- Higher than LoRA on _backwards_ alone: xgb-lora.\n- Higher than LoRA on _lower-case_ alone: plora.',
  );
});

test('the search is read back from the page', async () => {
  const rows = await compared({ [free.name]: { lora: 2.2 } });
  const page = pageOf(made({ sweep: sweepSection(rows, setting.tasks, setting) }));
  expect(printedSearch(page, limiting, 'lora')).toEqual({ multiple: 4, loss: '2.6000' });
  expect(printedSearch(page, free, 'lora')).toEqual({ multiple: 4, loss: '2.3000' });
  expect(printedSearch(page, free, 'none')).toBeNull();
});
