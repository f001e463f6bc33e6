import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { CharVocabulary } from '../../../../src/data/char-vocabulary';
import { type TextBatch, TextDataset } from '../../../../src/data/text-dataset';
import {
  adamw,
  crossEntropy,
  decodeSafetensors,
  encodeSafetensors,
  projectors,
  random,
  safetensorsMetadata,
  schedules,
  type Tensor,
  tensor,
  valueAndGrad,
} from '../../../../src/index';
import { GPT } from '../../../../src/nn';
import { type ErrorRow, projectionError } from '../../../../src/study';
import { trainer } from '../../../../src/training';
import { captured, tinyTraining, workFolder, writeText } from '../captured';

const cwd = workFolder();
const text = readFileSync(writeText(cwd), 'utf8');
const train = (...more: string[]) =>
  captured(cwd, ['train', '--data', 'text.txt', ...tinyTraining, '--optimizer', 'adamw', '--seed', '3', ...more]);

/** The gradients of a run by a program with the library alone: those of step n are taken before its update. */
function gradientsByHand(steps: number): Record<string, Float32Array>[] {
  const vocabulary = new CharVocabulary(text);
  const dataset = new TextDataset(vocabulary.encode(text), { batch: 2, context: 8 });
  const sizes = { vocabularySize: vocabulary.size, context: 8, width: 8, heads: 2, layers: 1 };
  const model = new GPT({ ...sizes, key: random.fold(random.key(3), 'model') });
  const learningRate = schedules.warmupCosine({ peak: 0.002, warmup: 1, steps });
  const loss = ({ ids, targets }: TextBatch): Tensor => crossEntropy(model.forward(ids), targets);
  const training = trainer({ model, transform: adamw({ learningRate, weightDecay: 0.01 }), loss, seed: 3 });
  return Array.from({ length: steps }, (_, step) => {
    const batch = dataset.trainBatch(random.fold(random.fold(random.key(3), 'batches'), step + 1));
    const { grads } = valueAndGrad(() => loss(batch), model.parameters());
    const values = Object.entries(grads).map(([path, g]) => [path, g.dataSync()] as [string, Float32Array]);
    training.step(batch);
    return Object.fromEntries(values);
  });
}

describe('train --capture', () => {
  it('writes the true gradients of every second step, with path and step, and trains as without it', async () => {
    const without = await train('--json', '-');
    const wanted = ['--capture', 'g.safetensors', '--every', '2', '--parameters', 'blocks.*weight'];
    const { status, stdout, stderr } = await train('--json', '-', ...wanted);
    expect([status, stderr]).toEqual([0, expect.stringContaining('gradients: g.safetensors')]);
    const losses = (json: string): unknown => JSON.parse(json).runs[0].trainLoss;
    expect(losses(stdout)).toEqual(losses(without.stdout));
    const bytes = readFileSync(join(cwd, 'g.safetensors'));
    const found = decodeSafetensors(bytes);
    const byHand = gradientsByHand(4);
    const paths = Object.keys(byHand[0] as object).filter((path) => /^blocks\..*weight$/.test(path));
    expect(Object.keys(found).sort()).toEqual(paths.flatMap((path) => [`${path}@0`, `${path}@2`]).sort());
    for (const [name, gradient] of Object.entries(found)) {
      const [path, step] = name.split('@') as [string, string];
      expect(gradient.dataSync(), name).toEqual(byHand[Number(step)]?.[path]);
    }
    expect(safetensorsMetadata(bytes)).toMatchObject({
      kind: 'gradients captured by floragrad',
      optimizer: 'adamw',
      seed: '3',
      data: 'text.txt',
      command: expect.stringContaining('--capture g.safetensors'),
    });
  });

  it('takes every 50th step and all parameters by default', async () => {
    expect((await train('--capture', 'all.safetensors')).status).toBe(0);
    const names = Object.keys(decodeSafetensors(readFileSync(join(cwd, 'all.safetensors'))));
    expect(names.every((name) => name.endsWith('@0'))).toBe(true);
    expect(names.length).toBe(Object.keys(gradientsByHand(1)[0] as object).length);
  });

  it.each([
    [['--optimizer', 'adamw,sgd'], /cli\/capture.*2 runs/],
    [['--seeds', '2'], /cli\/capture.*2 runs/],
    [['--parameters', 'block*.bais'], /cli\/capture.*"block\*\.bais"/],
  ])('refuses %j before it trains', async (more, message) => {
    const { status, stderr } = await train('--capture', 'no.safetensors', ...more);
    expect([status, stderr]).toEqual([2, expect.stringMatching(message)]);
    expect(stderr).not.toContain('step');
  });

  it('is needed by its options, and is not written over what is read', async () => {
    expect((await train('--every', '2')).stderr).toMatch(/cli\/needs.*--capture/);
    expect((await train('--parameters', '*')).stderr).toMatch(/cli\/needs.*--capture/);
    expect((await train('--capture', 'text.txt')).stderr).toMatch(/cli\/same-file/);
  });
});

describe('study --gradient captured:FILE', () => {
  beforeAll(() => train('--capture', 'g.safetensors', '--every', '2', '--parameters', 'blocks.*weight'));
  const study = (...more: string[]) =>
    captured(cwd, ['study', '--projector', 'haar', '--rank', '2', '--trials', '200', '--json', '-', ...more]);

  it('projects the gradients of the file, those that are named', async () => {
    const named = ['--gradient', 'captured:g.safetensors', '--parameters', '*qkv.weight'];
    const { status, stdout } = await study(...named);
    expect(status).toBe(0);
    const { rows } = JSON.parse(stdout) as { rows: ErrorRow[] };
    const found = decodeSafetensors(readFileSync(join(cwd, 'g.safetensors')));
    const names = Object.keys(found).filter((name) => name.includes('qkv.weight@'));
    expect(names.length).toBe(2);
    for (const [i, name] of names.entries()) {
      const gradient = found[name] as Tensor;
      const row = await projectionError({ projector: projectors.haar, gradient, rank: 2, trials: 200, seed: 0 });
      expect(rows[i]).toEqual({ gradient: name, ...row });
    }
  });

  it('and families of random ones, each of every shape', async () => {
    const { stdout } = await study('--gradient', 'sparse,zero', '--shape', '6x8,5x4');
    expect((JSON.parse(stdout) as { rows: ErrorRow[] }).rows.map(({ gradient }) => gradient)).toEqual([
      'sparse 6x8',
      'sparse 5x4',
      'zero 6x8',
      'zero 5x4',
    ]);
  });

  it.each([
    ['captured:nothing.safetensors', /file\/read/],
    ['captured:plain.safetensors', /captured\/kind.*is no file of captured gradients/],
    ['captured:vector.safetensors', /captured\/kind.*has no matrix/],
    ['captured:nan.safetensors', /captured\/values.*NaN in w@0/],
    ['captured:', /cli\/choice/],
    ['gausian', /cli\/choice.*write gaussian/],
  ])('refuses %s', async (source, message) => {
    const kind = 'gradients captured by floragrad';
    const write = async (name: string, params: Record<string, Tensor>, metadata: Record<string, string>) =>
      writeFileSync(join(cwd, name), await encodeSafetensors(params, metadata));
    await write('plain.safetensors', { 'w@0': tensor([[1, 2]]) }, {});
    await write('vector.safetensors', { 'w@0': tensor([1, 2]) }, { kind });
    await write('nan.safetensors', { 'w@0': tensor([[1, Number.NaN]]) }, { kind });
    const { status, stderr } = await study('--gradient', source);
    expect([status > 0, stderr]).toEqual([true, expect.stringMatching(message)]);
  });

  it('refuses a rank above the smaller side of what it finds, and says of which', async () => {
    const { stderr } = await study('--gradient', 'captured:g.safetensors', '--rank', '9');
    expect(stderr).toMatch(/cli\/rank.*gradient blocks\.0\..*weight@0 of/);
  });
});
