import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkpointsOf } from '../../../../src/cli/train/checkpoint';
import type { TrainSettings } from '../../../../src/cli/train/options';
import type { TrainOutput } from '../../../../src/cli/train/output';
import { planRuns, type RunPlan } from '../../../../src/cli/train/plan';
import { trainRun } from '../../../../src/cli/train/run';
import { train as command } from '../../../../src/cli/train/train';
import { CharVocabulary } from '../../../../src/data/char-vocabulary';
import { TextDataset } from '../../../../src/data/text-dataset';
import { loadCheckpoint } from '../../../../src/node';
import { captured, tinyTraining, workFolder, writeText } from '../captured';

const cwd = workFolder();
const text = readFileSync(writeText(cwd), 'utf8');
const tiny = [
  '--data',
  'text.txt',
  ...tinyTraining,
  '--steps',
  '7',
  '--optimizer',
  'adamw,flora',
  '--refresh-every',
  '3',
];
const train = (...more: string[]) => captured(cwd, ['train', ...tiny, ...more]);
const vocabulary = new CharVocabulary(text);
const tokens = vocabulary.encode(text);

/** What must not depend on being interrupted: everything but times and memory. */
const numbersOf = (output: TrainOutput): unknown => [
  output.sample,
  output.runs.map(({ optimizer, rank, seed, steps, trainLoss, validationLoss, stateBytes }) => {
    return { optimizer, rank, seed, steps, trainLoss, validationLoss, stateBytes };
  }),
];

/** Train the runs of a command line one after the other, until one reaches a step and the process dies. */
async function interrupted(argv: readonly string[], run: number, step: number): Promise<void> {
  const settings = command.read(argv) as TrainSettings;
  const dataset = new TextDataset(tokens, { batch: settings.batch, context: settings.context });
  for (const [i, plan] of planRuns(settings).entries()) {
    const die = (at: number): void => {
      if (i === run && at === step) throw new Error('killed');
    };
    const checkpoints = checkpointsOf(plan, settings, text, cwd);
    const data = { dataset, vocabularySize: vocabulary.size };
    const done = await trainRun(plan, settings, data, die, { checkpoints }).catch(() => 'killed');
    if (done === 'killed') return;
  }
}

describe('floragrad train --checkpoint, killed and resumed', async () => {
  const whole = JSON.parse((await train('--json', '-')).stdout) as TrainOutput;

  it.each([
    [0, 1, 2],
    [0, 5, 2],
    [1, 3, 1],
    [1, 6, 4],
  ])('in run %i at step %i, saved every %i steps, gives the same numbers', async (run, step, every) => {
    const folder = `saves-${run}-${step}`;
    const save = ['--checkpoint', folder, '--checkpoint-every', String(every)];
    await interrupted([...tiny, ...save], run, step);
    const first = join(cwd, folder, 'adamw-seed-0');
    expect(existsSync(first)).toBe(step > every || run > 0);
    const isSaved = existsSync(first);
    const resumed = await train('--json', '-', ...(isSaved ? ['--resume', folder] : save));
    expect(resumed.status).toBe(0);
    // What was saved before it died; the other run begins, or goes on from its end.
    const steps = Math.floor((step - 1) / every) * every;
    const starts = isSaved ? [`goes on from step ${run === 0 ? steps : 7} of 7`] : [];
    if (run === 1) starts.push(steps > 0 ? `goes on from step ${steps} of 7` : `not saved in ${folder}: begins`);
    else if (isSaved) starts.push(`not saved in ${folder}: begins`);
    expect(resumed.stderr.match(/goes on .*|not saved .*/g) ?? []).toEqual(starts);
    expect(numbersOf(JSON.parse(resumed.stdout) as TrainOutput)).toEqual(numbersOf(whole));
    // What goes on is saved on, where it was saved before, to its end.
    expect((await loadCheckpoint(first)).steps).toBe(7);
    expect(readdirSync(join(cwd, folder)).sort()).toEqual(['adamw-seed-0', 'flora-rank-4-seed-0']);
    // Everything is done now: resuming once more trains nothing and says the same.
    const again = await train('--json', '-', '--resume', folder);
    expect(numbersOf(JSON.parse(again.stdout) as TrainOutput)).toEqual(numbersOf(whole));
  });

  it('is refused with other options, another text, or nothing saved', async () => {
    const plan = planRuns(command.read([...tiny]) as TrainSettings)[0] as RunPlan;
    expect(plan.optimizer).toBe('adamw');
    expect((await train('--checkpoint', 'saved')).status).toBe(0);
    const refused = async (...more: string[]) => {
      const { status, stderr } = await train(...more);
      expect(status).toBe(2);
      return stderr;
    };
    expect(await refused('--resume', 'saved', '--steps', '9')).toMatch(/cli\/resume.*--steps 7/);
    expect(await refused('--resume', 'saved', '--width', '16', '--learning-rate', '1')).toMatch(
      /cli\/resume.*--width 8, --learning-rate left out/,
    );
    const others = { batch: '3', context: '6', heads: '1', layers: '2', 'refresh-every': '4', projector: 'haar' };
    for (const [name, other] of Object.entries({ ...others, ordering: 'paper', momentum: '0.9' }))
      expect(await refused('--resume', 'saved', `--${name}`, other)).toMatch(
        new RegExp(`cli/resume.*saved with --${name} `),
      );
    expect(await refused('--resume', 'elsewhere')).toMatch(/cli\/resume.*elsewhere has no checkpoint of adamw-seed-0/);
    expect(await refused('--checkpoint-every', '5')).toMatch(/cli\/needs.*--checkpoint or --resume/);
    expect(await refused('--any-kernels')).toMatch(/cli\/needs/);
    writeFileSync(join(cwd, 'other.txt'), text.toUpperCase());
    expect(await refused('--resume', 'saved', '--data', 'other.txt')).toMatch(/cli\/resume.*--data of another text/);
  });

  it.each([
    ['galore', true],
    ['apollo-mini', true],
    ['adam', false],
  ])(
    'of %s goes on with options that it does not read, and an interval between projections is read: %s',
    async (name, reads) => {
      const one = ['--optimizer', name];
      expect((await train(...one, '--checkpoint', `of-${name}`)).status).toBe(0);
      const resumed = (...more: string[]) => train(...one, '--resume', `of-${name}`, ...more);
      const unread = ['--projector', 'haar', '--ordering', 'paper', '--momentum', '0.9'];
      expect((await resumed(...unread)).status).toBe(0);
      expect((await resumed('--refresh-every', '4')).status).toBe(reads ? 2 : 0);
    },
  );

  it('had momentum 0.9 where it was saved before there was an option for it', async () => {
    expect((await train('--checkpoint', 'older', '--momentum', '0.9')).status).toBe(0);
    const record = join(cwd, 'older/flora-rank-4-seed-0/checkpoint.json');
    const now = readFileSync(record, 'utf8');
    const older = now.replace(/\["momentum",0\.9\],?/, '');
    expect(older).not.toBe(now);
    writeFileSync(record, older);
    expect((await train('--resume', 'older')).stderr).toMatch(/cli\/resume.*saved with --momentum 0\.9;/);
    expect((await train('--resume', 'older', '--momentum', '0.9')).status).toBe(0);
  });

  it('adds up the time of all processes that it took, and keeps the largest memory', async () => {
    const one = ['--optimizer', 'adamw'];
    expect((await train(...one, '--checkpoint', 'timed')).status).toBe(0);
    const record = join(cwd, 'timed/adamw-seed-0/checkpoint.json');
    const slow = readFileSync(record, 'utf8')
      .replace(/(\["seconds",)[^\]]+/, '$11000')
      .replace(/(\["peakBytes",)[^\]]+/, `$1${2 ** 40}`);
    writeFileSync(record, slow);
    const { stdout } = await train(...one, '--resume', 'timed', '--json', '-');
    const [run] = (JSON.parse(stdout) as TrainOutput).runs;
    expect(run?.seconds).toBeGreaterThanOrEqual(1000);
    expect(run?.tokensPerSecond).toBeCloseTo((7 * 2 * 8) / (run?.seconds ?? 0), 9);
    expect(run?.peakBytes).toBe(2 ** 40);
  });

  it('needs the same kernels, or to be asked', async () => {
    const record = join(cwd, 'saved/adamw-seed-0/checkpoint.json');
    writeFileSync(record, readFileSync(record, 'utf8').replace(/("kernels":")[0-9a-f]{16}/, '$10123456789abcdef'));
    const refused = await train('--resume', 'saved');
    expect([refused.status, refused.stderr]).toEqual([
      1,
      expect.stringMatching(/checkpoint\/kernels.*0123456789abcdef/),
    ]);
    expect((await train('--resume', 'saved', '--any-kernels')).status).toBe(0);
  });
});
