import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { saveAdapter } from '../../src/cli/adapter-file';
import type { FineTuneOutput } from '../../src/cli/finetune/summary';
import type { GenerateOutput } from '../../src/cli/generate/generate';
import { type TextBatch, TextDataset } from '../../src/data/text-dataset';
import { crossEntropy, lora, mergeAdapters, random, removeAdapters } from '../../src/index';
import { loadGPT, loadPeft, saveGPT } from '../../src/node';
import { validate } from '../../src/training';
import { captured, tinyTraining, workFolder, writeText } from '../unit/cli/captured';

const cwd = workFolder();
writeText(cwd);
const tiny = '--rank 2 --alpha 5 --steps 4 --stages 2 --batch 2 --threads 1 --learning-rate 0.02'.split(' ');
const ran = async (...argv: string[]): Promise<string> => {
  const { stdout, stderr, status } = await captured(cwd, argv);
  expect([status, stderr]).toEqual([0, '']);
  return stdout;
};
const finetune = (...more: string[]) =>
  ran('finetune', 'base.safetensors', '--data', 'text.txt', ...tiny, '--json', 'out.json', ...more);
const generate = async (model: string, ...more: string[]): Promise<string> => {
  await ran('generate', model, '--prompt', 'the ', '--length', '60', '--json', 'text.json', ...more);
  return (JSON.parse(readFileSync(join(cwd, 'text.json'), 'utf8')) as GenerateOutput).text;
};

beforeAll(async () => {
  await ran('train', '--data', 'text.txt', ...tinyTraining, '--optimizer', 'adamw', '--save', 'base.safetensors');
});

describe('finetune', () => {
  it.each(['full', 'lora', 'plora', 'lors', 'spp'])(
    '--save keeps what %s has learned: the model of the loss that is reported',
    async (method) => {
      const stdout = await finetune('--method', method, '--save', `${method}.safetensors`);
      expect(stdout).toContain(`Weights: ${method}.safetensors, of ${method}\n`);
      const { runs } = JSON.parse(readFileSync(join(cwd, 'out.json'), 'utf8')) as FineTuneOutput;
      const { model, vocabulary } = await loadGPT(join(cwd, `${method}.safetensors`));
      const tokens = vocabulary.encode(readFileSync(join(cwd, 'text.txt'), 'utf8'));
      const dataset = new TextDataset(tokens, { batch: 2, context: model.context });
      const loss = ({ ids, targets }: TextBatch) => crossEntropy(model.forward(ids), targets);
      expect(await validate(loss, dataset.validationBatches())).toBe(runs[0]?.validationLoss);
      expect(runs[0]?.validationLoss).not.toBe(runs[0]?.startLoss);
    },
  );

  it.each(['lora', 'lora-rite'])('--save-adapter of %s, put on the base, is the tuned model', async (method) => {
    const files = ['--save', 'tuned.safetensors', '--save-adapter', 'adapter'];
    const stdout = await finetune('--method', method, ...files);
    expect(stdout).toContain(`Adapter: adapter, of ${method}\n`);
    const text = await generate('tuned.safetensors');
    expect(await generate('base.safetensors', '--adapter', 'adapter')).toBe(text);
    expect(await generate('base.safetensors')).not.toBe(text);
    const { rank, alpha, base, params } = await loadPeft(join(cwd, 'adapter'));
    expect([rank, alpha, base, Object.keys(params).length]).toEqual([2, 5, 'base.safetensors', 8]);
    expect(JSON.parse(readFileSync(join(cwd, 'text.json'), 'utf8'))).toMatchObject({ adapter: null });
  });

  it('an adapter that PEFT has no place for is saved in the library’s own format, and one of them is in a folder', async () => {
    const [folder, names] = [join(cwd, 'own'), () => readdirSync(join(cwd, 'own')).sort()];
    const tuned = async (mask: boolean): Promise<string> => {
      const { model, vocabulary } = await loadGPT(join(cwd, 'base.safetensors'));
      lora(model, { rank: 2, mask, match: 'blocks' });
      const values = Object.entries(model.state()).map(([path, x], i) => {
        return [path, path.endsWith('lora.B') ? random.normal(random.key(i), x.shape) : x] as const;
      });
      model.load(Object.fromEntries(values));
      await saveAdapter(folder, model, 'base.safetensors');
      mergeAdapters(model);
      removeAdapters(model);
      await saveGPT(join(cwd, 'own.safetensors'), model, { vocabulary });
      return generate('own.safetensors');
    };
    for (const mask of [false, true, false]) {
      const text = await tuned(mask);
      expect(names()).toEqual(mask ? ['adapters.safetensors'] : ['adapter_config.json', 'adapter_model.safetensors']);
      expect(await generate('base.safetensors', '--adapter', 'own')).toBe(text);
    }
    expect(await generate('base.safetensors')).not.toBe(await tuned(true));
  });

  it.each<[RegExp, string[]]>([
    [/cli\/save.*--save for 2 runs/, ['--method', 'lora,full', '--save', 'x']],
    [/cli\/save.*--save for 2 runs/, ['--method', 'lora', '--seeds', '2', '--save', 'x']],
    [/cli\/save.*--save for 5 runs/, ['--save', 'x']],
    [/cli\/save.*--save-adapter for 2 runs/, ['--method', 'lora', '--seeds', '2', '--save-adapter', 'x']],
    [/cli\/save.*plora.*lora, lora-plus/, ['--method', 'plora', '--save-adapter', 'x']],
    [/cli\/save.*full/, ['--method', 'full', '--save-adapter', 'x']],
    [/cli\/same-file/, ['--method', 'full', '--save', 'base.safetensors']],
    [/cli\/same-file/, ['--method', 'lora', '--save-adapter', 'x', '--json', 'x/adapter_config.json']],
  ])('refuses with %s what no file could hold, before it trains: %j', async (message, argv) => {
    const { status, stdout, stderr } = await captured(cwd, [
      'finetune',
      'base.safetensors',
      '--data',
      'text.txt',
      ...tiny,
      ...argv,
    ]);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
    expect(existsSync(join(cwd, 'x'))).toBe(false);
  });

  it('refuses an adapter folder that cannot be written, before it trains', async () => {
    const argv = [
      'finetune',
      'base.safetensors',
      '--data',
      'text.txt',
      '--method',
      'lora',
      '--save-adapter',
      'report.html/x',
    ];
    const { status, stderr } = await captured(cwd, argv);
    expect(status).toBe(1);
    expect(stderr).toMatch(/file\/write/);
  });

  it('of an adapter for another model says which layer does not fit', async () => {
    await finetune('--method', 'lora', '--save-adapter', 'adapter');
    const sizes = tinyTraining.join(' ').replace('--width 8', '--width 4').split(' ');
    await ran('train', '--data', 'text.txt', ...sizes, '--optimizer', 'sgd', '--save', 'other.safetensors');
    const { status, stderr } = await captured(cwd, ['generate', 'other.safetensors', '--adapter', 'adapter']);
    expect(status).toBe(1);
    expect(stderr).toMatch(/peft\/factors.*blocks\.0\.attention\.qkv.*\[24, 8\].*\[12, 4\]/);
  });
});
