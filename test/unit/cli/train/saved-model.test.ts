import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, test } from 'vitest';
import { loadModel } from '../../../../src/cli/model-file';
import type { TrainOutput } from '../../../../src/cli/train/output';
import { CharVocabulary } from '../../../../src/data/char-vocabulary';
import { TextDataset } from '../../../../src/data/text-dataset';
import { crossEntropy, noGrad, random, tensor } from '../../../../src/index';
import { sizesOf } from '../../../../src/io/gpt';
import { captured, tinyTraining, workFolder, writeText } from '../captured';

const cwd = workFolder();
const text = readFileSync(writeText(cwd), 'utf8');
const vocabulary = new CharVocabulary(text);

/** The loss on the validation text, of a model that is a file. */
async function lossOf(file: string): Promise<number> {
  const { model, vocabulary } = await loadModel(file, cwd);
  const tokens = Int32Array.from(text, (character) => vocabulary.characters.indexOf(character));
  const dataset = new TextDataset(tokens, { batch: 2, context: model.context });
  const losses: number[] = [];
  for (const { ids, targets } of dataset.validationBatches())
    losses.push(await noGrad(() => crossEntropy(model.forward(ids), targets)).item());
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
}

/** Character by character: the first whose share of the probability up to it passes the draw. */
async function textOf(file: string, length: number, seed: number): Promise<string> {
  const { model, vocabulary } = await loadModel(file, cwd);
  const { characters } = vocabulary;
  const draws = await random.uniform(random.fold(random.key(seed), 'sample'), [length]).data();
  const ids = [characters.indexOf('\n')];
  for (const draw of draws) {
    const window = ids.slice(-model.context);
    const logits = await noGrad(() => model.forward(tensor([window], { dtype: 'int32' }))).data();
    const last = [...logits.slice(-characters.length)].map((logit) => Math.exp(logit / 0.8));
    let rest = draw * last.reduce((sum, p) => sum + p, 0);
    const next = last.findIndex((p) => {
      rest -= p;
      return rest < 0;
    });
    ids.push(next);
  }
  return ids
    .slice(1)
    .map((id) => characters[id])
    .join('');
}

test.each([
  ['flora,adafactor', ''],
  ['adamw,sgd', ''],
  ['sgd,adamw', ''],
  ['flora', ''],
  ['flora,adamw', '--rank=4,2 --seeds=2 --seed=5'],
])('--save of %s keeps the model with the lowest loss, which writes the sample', async (optimizers, more) => {
  const options = ['--optimizer', optimizers, '--save', 'model.safetensors', '--json', 'out.json'];
  const others = ['--learning-rate', '0.1', ...more.split(' ').filter((word) => word !== '')];
  const { status, stdout } = await captured(cwd, [
    'train',
    '--data',
    'text.txt',
    ...tinyTraining,
    ...options,
    ...others,
  ]);
  expect(status).toBe(0);
  const output = JSON.parse(readFileSync(join(cwd, 'out.json'), 'utf8')) as TrainOutput;
  const name = ({ optimizer, rank, seed }: TrainOutput['writer']): string =>
    `${optimizer}${rank === null ? '' : ` rank ${rank}`}${more === '' ? '' : `, seed ${seed}`}`;
  const [best] = output.runs.toSorted((a, b) => a.validationLoss - b.validationLoss) as [TrainOutput['runs'][number]];
  const writer = name(best);
  expect(name(output.writer)).toBe(writer);
  const loss = await lossOf('model.safetensors');
  for (const run of output.runs) {
    // Equal to the last bits that a file keeps of its run, and of no other.
    expect(Math.abs(run.validationLoss - loss) < 1e-6, name(run)).toBe(name(run) === writer);
  }
  expect(await textOf('model.safetensors', 12, output.runs[0]?.seed as number)).toBe(output.sample);
  expect(stdout).toContain(`Text written by ${writer}, which has the lowest loss\n`);
  expect(stdout).toContain(
    `Weights: model.safetensors, of ${writer}, validation loss ${best.validationLoss.toFixed(3)}`,
  );
  expect(readFileSync(join(cwd, 'report.html'), 'utf8')).toContain(`<h2>Text written by ${writer}</h2>`);
});

it('says in its help whose text and weights they are', async () => {
  const help = (await captured(cwd, ['train', '--help'])).stdout.replaceAll(/\s+/g, ' ');
  expect(help).toContain('characters of text that the model with the lowest validation loss writes');
  expect(help).toContain('write the model with the lowest validation loss here');
});

test('--save writes all that the model needs', async () => {
  const { model, vocabulary: saved } = await loadModel('model.safetensors', cwd);
  expect(saved.characters).toEqual(vocabulary.characters);
  expect(sizesOf(model)).toEqual({ vocabularySize: vocabulary.size, context: 8, width: 8, heads: 2, layers: 1 });
  expect(noGrad(() => model.forward(tensor([[0, 1, 2]], { dtype: 'int32' }))).shape).toEqual([1, 3, vocabulary.size]);
  writeFileSync(join(cwd, 'else.safetensors'), Buffer.from('0200000000000000' + '7b7d', 'hex'));
  await expect(loadModel('else.safetensors', cwd)).rejects.toThrow(/model\/kind/);
  await expect(loadModel('nothing.safetensors', cwd)).rejects.toThrow(/file\/read/);
});
