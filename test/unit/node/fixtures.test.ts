import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadModel } from '../../../src/cli/model-file';
import type { TrainOutput } from '../../../src/cli/train/output';
import { setBackend, wasmBackend } from '../../../src/index';
import { sizesOf } from '../../../src/io/gpt';
import { loadCheckpoint, loadNpy, loadNpz, loadPeft, loadSafetensors } from '../../../src/node';
import { adapterRows } from '../../fixtures/adapters';
import { nextSteps } from '../../fixtures/next-steps';
import { numbersOf, runOptions } from '../../fixtures/run';
import { stateRows, stepsBefore } from '../../fixtures/states';
import { captured, workFolder } from '../cli/captured';

// What was saved once loads for good, and training goes on from it with the bits that it had (test/fixtures/README.md).
beforeAll(() => setBackend(wasmBackend({ build: 'baseline' })));

const root = 'test/fixtures';
const versions = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
const rows = { states: stateRows, adapters: adapterRows };

describe.each(versions.map(({ name }) => name))('what %s saved', (version) => {
  const at = (...names: string[]): string => join(root, version, ...names);
  const numbers = JSON.parse(readFileSync(at('numbers.json'), 'utf8')) as Readonly<Record<string, unknown>>;

  it.each(Object.entries(rows).flatMap(([kind, list]) => list.map((row) => [`${kind}/${row.name}`, row] as const)))(
    '%s takes the same next steps',
    async (path, row) => {
      const fresh = row.start();
      const like = { parameters: fresh.parameters, state: fresh.training.state };
      const saved = await loadCheckpoint(at(path), { kernels: 'any', like });
      expect([saved.steps, saved.keys, saved.position]).toEqual([
        stepsBefore,
        { data: [2467234628, 2098764677] },
        { at: [stepsBefore, null, 'x', Number.NaN] },
      ]);
      expect(await nextSteps(row.start(saved))).toEqual(numbers[path]);
    },
  );

  it('has a folder for every row, and a row for every folder', () => {
    const folders = Object.keys(rows).flatMap((kind) => readdirSync(at(kind)).map((name) => `${kind}/${name}`));
    const named = Object.entries(rows).flatMap(([kind, list]) => list.map(({ name }) => `${kind}/${name}`));
    expect(folders.sort()).toEqual(named.sort());
  });

  it('the runs of a command go on, and end as if they had not stopped', async () => {
    const cwd = workFolder();
    cpSync(at('run'), cwd, { recursive: true });
    const { stdout, status } = await captured(cwd, [
      'train',
      ...runOptions,
      '--resume',
      'checkpoints',
      '--any-kernels',
      '--json',
      '-',
    ]);
    expect(status).toBe(0);
    expect(numbersOf(JSON.parse(stdout) as TrainOutput)).toEqual(numbers.run);
    const { model, vocabulary } = await loadModel('model.safetensors', cwd);
    expect(sizesOf(model)).toEqual({ vocabularySize: 28, context: 8, width: 8, heads: 2, layers: 1 });
    expect(vocabulary.characters).toEqual([...new Set(readFileSync(join(cwd, 'text.txt'), 'utf8'))].sort());
    // The last run of the command, whose checkpoint was completed above, is the one that was saved.
    const { parameters } = await loadCheckpoint(join(cwd, 'checkpoints/flora-rank-4-seed-0'), { kernels: 'any' });
    for (const [path, tensor] of Object.entries(model.parameters())) {
      expect(parameters[path]?.dataSync(), path).toEqual(tensor.dataSync());
    }
  });

  it.each(['F64', 'F32', 'F16', 'BF16', 'F8_E5M2', 'F8_E4M3'])('tensors stored as %s', async (type) => {
    await expectTensors(await loadSafetensors(at(`tensors.${type}.safetensors`)));
  });

  it('arrays', async () => {
    await expectTensors(await loadNpz(at('tensors.npz')));
    expect(await (await loadNpy(at('tensor.npy'))).array()).toEqual(floats);
  });

  it('an adapter for PEFT', async () => {
    const { params, ...settings } = await loadPeft(at('peft'));
    expect(settings).toEqual({
      rank: 2,
      alpha: 8,
      alphas: { embedding: 3 },
      rankStabilized: true,
      dropout: 0.25,
      embeddings: ['embedding'],
      base: 'a base',
    });
    expect(Object.entries(params).map(([path, { shape }]) => [path, shape])).toEqual([
      ['blocks.0.qkv.lora.A', [2, 3]],
      ['blocks.0.qkv.lora.B', [4, 2]],
      ['embedding.lora.A', [3, 5]],
      ['embedding.lora.B', [2, 3]],
    ]);
    expect(Array.from(params['blocks.0.qkv.lora.B']?.dataSync().subarray(0, 3) ?? [])).toEqual([
      -0.9002324938774109, -0.3422960340976715, 1.4727637767791748,
    ]);
  });
});

const floats = [
  [0.5, -1.25, 3],
  [0, -0, 2 ** -6],
];

async function expectTensors(tensors: Awaited<ReturnType<typeof loadSafetensors>>): Promise<void> {
  const found = await Promise.all(
    Object.entries(tensors).map(async ([path, x]) => [path, x.dtype, x.shape, await x.array()] as const),
  );
  expect(found).toEqual([
    ['floats', 'float32', [2, 3], floats],
    ['whole', 'int32', [5], [0, 1, 1, 0, 1]],
    ['empty', 'float32', [0, 3], []],
    ['a/b~c', 'float32', [], 7],
    ['__proto__x', 'float32', [1], [1]],
  ]);
}
