import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { knownWords } from '../../../../src/cli/sample';
import { optimizerNames } from '../../../../src/cli/train/optimizers';
import type { TrainOutput } from '../../../../src/cli/train/output';
import { CharVocabulary } from '../../../../src/data/char-vocabulary';
import { bigramEntropy, unigramEntropy } from '../../../../src/data/entropy';
import { type TextBatch, TextDataset } from '../../../../src/data/text-dataset';
import {
  adafactor,
  adam,
  adamw,
  apollo,
  crossEntropy,
  flora,
  type GradientTransform,
  galore,
  noGrad,
  projectors,
  random,
  type Schedule,
  schedules,
  sgd,
  stateBytes,
} from '../../../../src/index';
import { GPT } from '../../../../src/nn';
import { methods } from '../../../../src/study';
import { trainer } from '../../../../src/training';
import { captured, workFolder, writeText } from '../captured';

const cwd = workFolder();
const text = readFileSync(writeText(cwd), 'utf8');
const steps = 6;
const tiny = `--data text.txt --steps ${steps} --batch 2 --context 8 --width 8 --heads 2 --layers 1 --rank 4 --sample 0 --seeds 1 --seed 0 --momentum 0.9 --ordering paper`;

async function train(...options: string[]): Promise<TrainOutput> {
  const { status, stdout } = await captured(cwd, ['train', ...tiny.split(' '), ...options, '--json', '-']);
  expect(status).toBe(0);
  return JSON.parse(stdout) as TrainOutput;
}
type Run = TrainOutput['runs'][number];
/** What a run came to, apart from its name, times and memory. */
const numbersOf = ({ trainLoss, validationLoss, stateBytes }: Run): unknown => ({
  trainLoss,
  validationLoss,
  stateBytes,
});

const vocabulary = new CharVocabulary(text);
const tokens = vocabulary.encode(text);
const dataset = new TextDataset(tokens, { batch: 2, context: 8 });
const key = (seed: number, name: string) => random.fold(random.key(seed), name);

/** A program with the library alone, which does what a run of the command should. */
async function byHand(transform: GradientTransform<unknown>, seed: number): Promise<unknown> {
  const sizes = { vocabularySize: vocabulary.size, context: 8, width: 8, heads: 2, layers: 1 };
  const model = new GPT({ ...sizes, key: key(seed, 'model') });
  const loss = ({ ids, targets }: TextBatch) => crossEntropy(model.forward(ids), targets);
  const training = trainer({ model, transform, loss, seed });
  const trainLoss: number[] = [];
  for (let step = 1; step <= steps; step++)
    trainLoss.push(await training.step(dataset.trainBatch(random.fold(key(seed, 'batches'), step))).loss);
  const losses = [...dataset.validationBatches()].map((batch) => noGrad(() => loss(batch)));
  let validationLoss = 0;
  for (const one of losses) validationLoss += await one.item();
  return { trainLoss, validationLoss: validationLoss / losses.length, stateBytes: stateBytes(training.state) };
}

const fourfold = projectors.countSketch({ nonzeros: 4 });

/** Up in one step, then down along a cosine. */
const rate = (peak: number): Schedule => schedules.warmupCosine({ peak, warmup: 1, steps });
const filter = (path: string): true | string =>
  (path.startsWith('blocks.') && /(qkv|proj|fc|out)\w*\.weight$/.test(path)) || 'no weight of a block';
const floraOf = (more: Partial<Parameters<typeof flora>[0]>, peak = 0.05, seed = 0) =>
  flora({ learningRate: rate(peak), rank: 4, refreshEvery: 100, beta: 0.9, seed, filter, ...more });

describe('what train measures is what a program with the library measures', () => {
  const base = byHand(floraOf({}), 0);

  it.each<[options: string, transform: GradientTransform<unknown>, seed?: number]>([
    ['--optimizer flora', floraOf({})],
    ['--optimizer flora --ordering flora-opt', floraOf({ ordering: 'flora-opt' })],
    ['--optimizer flora --projector haar', floraOf({ projector: projectors.haar })],
    [`--optimizer flora --projector ${fourfold.name}`, floraOf({ projector: fourfold })],
    ['--optimizer flora --refresh-every 2', floraOf({ refreshEvery: 2 })],
    ['--optimizer flora --rank 2', floraOf({ rank: 2 })],
    ['--optimizer flora --learning-rate 0.02', floraOf({}, 0.02)],
    ['--optimizer flora --seed 7', floraOf({ seed: 7 }, 0.05), 7],
    ['--optimizer flora --momentum 0.5', floraOf({ beta: 0.5 })],
    ['--optimizer none', adafactor({ learningRate: rate(0.05) })],
    ['--optimizer adafactor', adafactor({ learningRate: rate(0.05), momentum: 0.9 })],
    ['--optimizer adafactor --momentum 0.5', adafactor({ learningRate: rate(0.05), momentum: 0.5 })],
    ['--optimizer adamw', adamw({ learningRate: rate(0.002), weightDecay: 0.01 })],
    ['--optimizer adam', adam({ learningRate: rate(0.002) })],
    ['--optimizer adam --learning-rate 0.01', adam({ learningRate: rate(0.01) })],
    ['--optimizer sgd', sgd({ learningRate: rate(0.3), momentum: 0.9 })],
    ['--optimizer sgd --momentum 0.5', sgd({ learningRate: rate(0.3), momentum: 0.5 })],
  ])('with %s', async (options, transform, seed = 0) => {
    const { runs } = await train(...options.split(' '));
    const numbers = numbersOf(runs[0] as Run);
    expect(numbers).toEqual(await byHand(transform, seed));
    // And an option is worth something: without it the numbers are others.
    if (options !== '--optimizer flora') expect(numbers).not.toEqual(await base);
  });
});

describe('what train does with a method of the catalogue', () => {
  const settings = { learningRate: rate(0.01), rank: 4, refreshEvery: 100, seed: 0, filter };
  const own = ['flora', 'adafactor', 'none', 'adamw', 'adam', 'sgd'];
  const typed = (name: string) => name.replace(/(.)([A-Z]+)/g, '$1-$2').toLowerCase();
  const rows = Object.entries(methods).filter(([name, { trains }]) => trains === undefined && !own.includes(name));

  it('which train a whole model: each is an optimizer, once', () => {
    expect(optimizerNames).toEqual([...own, ...rows.map(([name]) => typed(name))]);
  });

  it.each<[options: string, transform: GradientTransform<unknown>]>([
    ['galore', galore({ ...settings, learningRate: rate(methods.galore.learningRate) })],
    ['galore --learning-rate 0.02', galore({ ...settings, learningRate: rate(0.02) })],
    ['apollo --learning-rate 0.01', apollo(settings)],
    ['apollo --learning-rate 0.01 --projector haar --ordering flora-opt --momentum 0.5', apollo(settings)],
  ])('a program with the library does, with --optimizer %s', async (options, transform) => {
    const { runs } = await train('--optimizer', ...options.split(' '));
    expect(numbersOf(runs[0] as Run)).toEqual(await byHand(transform, 0));
  });

  it.each(rows)('it hands rate, rank, interval, seed and filter on to %s', async (name, method) => {
    const { learningRate, ranked, make } = method;
    const options = `--optimizer ${typed(name)} --rank 2,3 --refresh-every 2 --seed 3`;
    const { runs } = await train(...options.split(' '));
    expect(runs.map(({ rank }) => rank)).toEqual(ranked ? [2, 3] : [null]);
    const last = runs.at(-1) as Run;
    const given = { learningRate: rate(learningRate), rank: last.rank ?? 1, refreshEvery: 2, seed: 3, filter };
    expect(numbersOf(last)).toEqual(await byHand(make(given), 3));
  });
});

describe('seeds of train', () => {
  const options = ['--optimizer', 'none,flora', '--refresh-every', '2'];

  it('are counted up from --seed: the second of two is that seed alone, and differs from the first', async () => {
    const two = (await train(...options, '--seeds', '2', '--seed', '4')).runs;
    expect(two.map(({ optimizer, seed }) => [optimizer, seed])).toEqual([
      ['none', 4],
      ['flora', 4],
      ['none', 5],
      ['flora', 5],
    ]);
    for (const [i, seed] of [4, 5].entries()) {
      const { runs, sample } = await train(...options, '--seed', String(seed), '--sample', '0');
      expect(sample).toBe('');
      expect(two.slice(2 * i, 2 * i + 2).map(numbersOf)).toEqual(runs.map(numbersOf));
    }
    for (const i of [0, 1]) expect(two[i]?.trainLoss[0]).not.toBe(two[i + 2]?.trainLoss[0]);
  });

  it('give the sample another text', async () => {
    const written = async (seed: string) =>
      (await train('--optimizer', 'sgd', '--sample', '40', '--seed', seed)).sample;
    const [first, second] = [await written('0'), await written('1')];
    expect([[...first].length, first === second]).toEqual([40, false]);
    expect(await written('0')).toBe(first);
  });
});

it('lets the model with the lowest validation loss write, of all runs', async () => {
  const { runs, writer, sample, words } = await train('--optimizer', 'adam,sgd', '--seeds', '3', '--sample', '60');
  const least = runs.reduce((best, run) => (run.validationLoss < best.validationLoss ? run : best));
  expect(writer).toEqual({ optimizer: least.optimizer, rank: null, seed: least.seed });
  const alone = ['--optimizer', least.optimizer, '--seed', String(least.seed), '--sample', '60'];
  expect(runs.indexOf(least)).not.toBe(runs.length - 1); // else the last run would do
  // The sample's own randomness is that of --seed, so it is written again where that is the run's.
  if (least.seed === 0) expect((await train(...alone)).sample).toBe(sample);
  expect(words).toEqual(knownWords(sample, text));
});

it.each([
  ['the fox jum', 'a fox jumps', 1, 1],
  ["x Don't DOG’S y", "don't dog’s", 2, 2],
  ['one two three four five', 'two four', 3, 2],
  ['one', 'one', 0, 0],
  ['', '', 0, 0],
])('of %j, whole words of %j are counted', (sample, of, count, known) => {
  expect(knownWords(sample, of)).toEqual({ count, known });
});

it('shows every optimizer the same batches, and no batch twice', async () => {
  // At this rate no weight moves, so that a loss says which batch it is of.
  const { runs } = await train('--optimizer', 'none,flora,adafactor,adamw,adam,sgd', '--learning-rate', '1e-37');
  const losses = runs.map(({ trainLoss }) => trainLoss);
  for (const each of losses) expect(each).toEqual(losses[0]);
  expect(new Set(losses[0]).size).toBe(steps);
});

it('takes the steps, sizes and batches that it is told, and says so', async () => {
  const sizes = '--steps 3 --batch 3 --context 6 --width 12 --heads 3 --layers 2'.split(' ');
  const { runs, model, task, command, backend } = await train('--optimizer', 'adam', ...sizes, '--threads', '1');
  const run = runs[0] as Run;
  expect([run.steps, run.trainLoss.length]).toEqual([3, 3]);
  expect(run.tokensPerSecond).toBeCloseTo((3 * 3 * 6) / run.seconds, 6);
  const gpt = new GPT({ vocabularySize: 28, context: 6, width: 12, heads: 3, layers: 2, key: random.key(0) });
  const parameters = Object.values(gpt.parameters()).reduce((sum, { size }) => sum + size, 0);
  expect(model).toEqual({ parameters, vocabularySize: 28, context: 6, width: 12, heads: 3, layers: 2 });
  expect(task).toEqual({
    data: 'text.txt',
    unigramEntropy: unigramEntropy(tokens),
    bigramEntropy: bigramEntropy(tokens),
  });
  expect(command).toBe(`floragrad train ${[tiny, '--optimizer adam', ...sizes, '--threads 1 --json -'].join(' ')}`);
  expect(backend.threads).toBe(1);
  expect(run.stateBytes).toBe(2 * 4 * parameters);
  expect(run.peakBytes).toBeGreaterThan(3 * 4 * parameters); // with the parameters
});
