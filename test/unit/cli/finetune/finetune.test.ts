import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { methodNames, methods as methodRows } from '../../../../src/cli/finetune/methods';
import { finetuneOptions } from '../../../../src/cli/finetune/options';
import type { FineTuneOutput } from '../../../../src/cli/finetune/summary';
import { loadModel } from '../../../../src/cli/model-file';
import type { Typed } from '../../../../src/cli/values';
import { type TextBatch, TextDataset } from '../../../../src/data/text-dataset';
import {
  Adapter,
  adamw,
  add,
  altLora,
  attachAdapters,
  crossEntropy,
  flora,
  type GradientTransform,
  gradientSvd,
  lora,
  loraRite,
  lors,
  matmul,
  mul,
  ones,
  periodicLora,
  prune,
  random,
  schedules,
  type Tensor,
  tanh,
} from '../../../../src/index';
import type { GPT } from '../../../../src/nn';
import type { Chart } from '../../../../src/report/page';
import { type TrainerOptions, trainer } from '../../../../src/training';
import { captured, tinyTraining, workFolder, writeText } from '../captured';

const cwd = workFolder();
writeText(cwd);
writeFileSync(join(cwd, 'other.txt'), 'pack my box with five dozen liquor jugs, über alles\n'.repeat(20));
const methods = 'full,lora,plora,lors,flora,sqft,sp-lora,spp';
const tiny = '--rank 2 --steps 6 --stages 3 --batch 2 --threads 1'.split(' ');
const finetune = (...more: string[]) => captured(cwd, ['finetune', 'base.safetensors', '--data', 'other.txt', ...more]);
const run = async (...more: string[]): Promise<FineTuneOutput> => {
  const { stdout, stderr } = await finetune(...tiny, '--json', '-', ...more);
  expect(stderr).not.toMatch(/floragrad: /);
  return JSON.parse(stdout) as FineTuneOutput;
};

beforeAll(async () => {
  const options = ['--data', 'text.txt', ...tinyTraining, '--optimizer', 'adamw', '--save', 'base.safetensors'];
  expect((await captured(cwd, ['train', ...options])).status).toBe(0);
});

describe('floragrad finetune', () => {
  it('compares methods from one start on the same batches', async () => {
    const { runs, replaced, backend } = await run('--method', methods);
    expect(replaced).toBe(20 * 2); // a comma and an umlaut a line
    expect(backend.threads).toBe(1); // as it was told
    const of = (name: string) => {
      const found = runs.find(({ method }) => method === name);
      if (!found) throw new Error(`no run of ${name}`);
      return found;
    };
    const dense = ['full', 'lora', 'plora', 'flora'].map(of);
    const sparse = ['lors', 'sqft', 'sp-lora', 'spp'].map(of);
    expect(new Set(dense.map(({ startLoss }) => startLoss)).size).toBe(1);
    for (const { startLoss } of sparse) expect(startLoss).toBeCloseTo(sparse[0]?.startLoss as number, 5);
    for (const result of dense) expect([result.sparsityBefore, result.sparsityAfter]).toEqual([0, 0]);
    for (const result of sparse) expect([result.sparsityBefore, result.sparsityAfter]).toEqual([0.5, 0.5]);
    for (const { trainLoss } of runs) expect(trainLoss.length).toBe(6);
    const blockWeights = 8 * (24 + 8 + 32 + 32);
    const factors = 2 * (24 + 8 + (8 + 8) + (32 + 8) + (8 + 32));
    expect(of('lora').trainable).toBe(factors);
    expect(of('plora').trainable).toBe(factors);
    expect(of('lors').trainable).toBe(factors);
    expect(of('full').trainable).toBeGreaterThan(blockWeights);
    expect(of('lora').stateBytes).toBe(2 * 4 * factors);
    expect(of('plora').stateBytes).toBe(2 * 4 * factors);
    expect(of('lora').updateRank).toBe(2);
    expect(of('plora').updateRank).toBe(6); // three stages of rank 2
    expect(of('full').updateRank).toBe(8);
  });

  it('repeats itself for the same seed, and differs for another', async () => {
    const numbers = ({ runs }: FineTuneOutput): unknown =>
      runs.map(({ seed, trainLoss, validationLoss }) => [seed, trainLoss, validationLoss]);
    const two = await run('--method', 'lora,plora', '--seeds', '2');
    expect(numbers(await run('--method', 'lora,plora', '--seeds', '2'))).toEqual(numbers(two));
    const [first, , second] = two.runs;
    expect([first?.seed, second?.seed]).toEqual([0, 1]);
    expect(first?.trainLoss).not.toEqual(second?.trainLoss);
  });

  it('runs the second of two seeds as that seed alone', async () => {
    const two = await run('--method', 'lora', '--seeds', '2', '--seed', '3');
    const alone = await run('--method', 'lora', '--seed', '4');
    const numbers = (one: FineTuneOutput['runs'][number] | undefined) => [
      one?.seed,
      one?.trainLoss,
      one?.validationLoss,
    ];
    expect(numbers(two.runs[1])).toEqual(numbers(alone.runs[0]));
    expect(two.runs[0]?.trainLoss).not.toEqual(two.runs[1]?.trainLoss);
  });

  it('shows every method the same batches, and no batch twice', async () => {
    // At this rate no weight moves, so that a loss says which batch it is of.
    const { runs } = await run('--method', 'full,lora,flora', '--learning-rate', '1e-37');
    for (const { trainLoss } of runs) expect(trainLoss).toEqual(runs[0]?.trainLoss);
    expect(new Set(runs[0]?.trainLoss).size).toBe(6);
  });

  it.each([
    ['lora', '--alpha', '4'],
    ['lora', '--rank', '3'],
    ['lora', '--learning-rate', '0.01'],
    ['plora', '--stages', '2'],
    ['lors', '--sparsity', '0.25'],
    ['flora', '--rank', '4'],
    ['full', '--batch', '3'],
  ])('%s with %s %s is another run than without', async (method, option, value) => {
    const { runs, settings, learningRates } = await run('--method', method, option, value);
    const [plain] = (await run('--method', method)).runs;
    expect(runs[0]?.trainLoss).not.toEqual(plain?.trainLoss);
    if (option === '--learning-rate') expect(learningRates).toEqual({ [method]: 0.01 });
    else if (option !== '--batch') expect(settings).toMatchObject({ [option.slice(2)]: Number(value) });
    if (option === '--sparsity') expect(runs[0]?.sparsityBefore).toBeCloseTo(0.25, 2);
  });

  it('trains the adapters of LoRA in other ways, from the same start', async () => {
    const names = ['lora', 'lora-plus', 'lora-rite', 'alt-lora', 'alt-lora-plus', 'riemannian-lora'];
    const { runs } = await run('--method', names.join(','));
    const factors = runs[0]?.trainable as number;
    for (const { method, startLoss, trainLoss, trainable, validationLoss, updateRank } of runs) {
      expect([startLoss, trainLoss[0], trainable], method).toEqual([
        runs[0]?.startLoss,
        runs[0]?.trainLoss[0],
        factors,
      ]);
      expect(validationLoss, method).toBeLessThan(startLoss);
      expect(updateRank, method).toBe(2);
    }
    expect(new Set(runs.map(({ validationLoss }) => validationLoss)).size).toBe(names.length);
    const kept = Object.fromEntries(runs.map(({ method, stateBytes }) => [method, stateBytes]));
    expect([kept['lora-plus'], kept['riemannian-lora']]).toEqual([kept.lora, kept.lora]);
    expect(kept['alt-lora']).toBeLessThan(kept.lora as number);
  });

  it('measures the base as it is, without a step', async () => {
    const { runs, learningRates } = await run('--method', 'none,lora', '--learning-rate', '0.01');
    const [none, tuned] = runs;
    expect(none).toMatchObject({
      steps: 0,
      trainLoss: [],
      trainable: 0,
      stateBytes: 0,
      mergeable: null,
      updateRank: 0,
    });
    expect(none?.validationLoss).toBe(none?.startLoss);
    expect(none?.startLoss).toBe(tuned?.startLoss);
    expect(tuned).toMatchObject({ steps: 6, mergeable: true });
    expect(learningRates).toEqual({ none: null, lora: 0.01 });
  });

  it('draws what is not trained as a level, and no chart of nothing', async () => {
    const { stdout } = await finetune(...tiny, '--method', 'lora,none', '--seeds', '2', '--report', 'level.html');
    expect(stdout).toMatch(/^none .*\s0\s+0 B/m);
    const drawn = readFileSync(join(cwd, 'level.html'), 'utf8');
    const [chart] = JSON.parse(/id="charts">(.*?)<\/script>/s.exec(drawn)?.[1] ?? '[]') as Chart[];
    expect(chart?.series.map(({ label }) => label)).toEqual(['lora, seed 0', 'lora, seed 1']);
    const { runs } = await run('--method', 'none');
    expect(chart?.levels).toEqual([{ label: 'none', y: runs[0]?.validationLoss }]);
    await finetune(...tiny, '--method', 'none', '--report', 'still.html');
    const still = readFileSync(join(cwd, 'still.html'), 'utf8');
    expect(still).toMatch(/Ways to fine-tune compared/);
    expect(still).not.toContain('id="charts"');
  });

  it('saves the base again where nothing was trained, and no adapter of it', async () => {
    expect((await finetune(...tiny, '--method', 'none', '--save', 'again.safetensors')).status).toBe(0);
    const [again, base] = [await loadModel('again.safetensors', cwd), await loadModel('base.safetensors', cwd)];
    expect(again.model.head.weight.dataSync()).toEqual(base.model.head.weight.dataSync());
    const refused = await finetune(...tiny, '--method', 'none', '--save-adapter', 'adapter');
    expect([refused.status, refused.stderr]).toEqual([2, expect.stringMatching(/cli\/save/)]);
  });

  it('says in how many stages only of what has some', async () => {
    const { stdout } = await finetune(...tiny, '--method', 'lora,plora');
    expect(stdout).toContain('6 steps; plora in 3 stages.');
    expect((await finetune(...tiny, '--method', 'lora')).stdout).toContain('6 steps. Adapters');
  });

  describe('a method whose adapters are no change of a weight', () => {
    class Halved extends Adapter {
      gain = ones([1]);
      readonly additive = false;
      forward(x: Tensor, weight: Tensor, bias: Tensor | null): Tensor {
        const y = matmul(tanh(x), weight, { transposeB: true });
        return mul(bias ? add(y, bias) : y, this.gain);
      }
    }
    const was = methodRows.lora.prepare;
    const replaced = methodRows.lora as { prepare: typeof was };
    beforeAll(() => {
      replaced.prepare = (model, { learningRate }) => {
        attachAdapters(model, { make: () => new Halved(), match: 'blocks' });
        return adamw({ learningRate });
      };
    });
    afterAll(() => {
      replaced.prepare = was;
    });

    it('is measured beside its weights, and has no rank of change', async () => {
      const { runs } = await run('--method', 'lora');
      expect(runs[0]).toMatchObject({ mergeable: false, updateRank: null, steps: 6 });
      expect(runs[0]?.validationLoss).not.toBe(runs[0]?.startLoss);
      expect((await finetune(...tiny, '--method', 'lora')).stdout).toMatch(/^lora .* s\s+–/m);
    });

    it('cannot be saved, which is said before a step is taken', async () => {
      const { status, stderr, stdout } = await finetune(...tiny, '--method', 'lora', '--save', 'none.safetensors');
      expect([status, stderr]).toEqual([2, expect.stringMatching(/cli\/save/)]);
      expect(stdout).not.toMatch(/step/);
      expect(existsSync(join(cwd, 'none.safetensors'))).toBe(false);
    });
  });

  it('knows every method by one name, and all of them by one word', () => {
    expect(new Set(methodNames).size).toBe(methodNames.length);
    const { read } = finetuneOptions.method.typed as Typed<readonly string[]>;
    expect(read('method', 'all')).toEqual(methodNames);
    expect(read('method', 'full,none')).toEqual(['full', 'none']);
    expect(finetuneOptions.method.otherwise).not.toContain('none');
  });

  type Loss = (batch: TextBatch) => Tensor;
  type Trained = Pick<TrainerOptions<unknown, TextBatch>, 'transform' | 'gradients'>;
  const rate = (peak: number, steps: number) => schedules.warmupCosine({ peak, warmup: 1, steps });
  const decayed = (peak: number, steps = 6) => adamw({ learningRate: rate(peak, steps), weightDecay: 0 });
  const [rank, alpha, match, seed] = [2, 4, 'blocks', 2];
  const byHand: Record<
    string,
    (model: GPT, loss: Loss, batches: readonly TextBatch[]) => GradientTransform<unknown> | Trained
  > = {
    full: () => decayed(0.0005),
    lora(model) {
      lora(model, { rank, alpha, match, seed });
      return decayed(0.004);
    },
    'lora-rite'(model) {
      lora(model, { rank, alpha, match, seed });
      return loraRite({ learningRate: rate(0.004, 6), scale: 2 });
    },
    'alt-lora'(model) {
      lora(model, { rank, alpha, match, seed });
      return altLora({ learningRate: rate(0.1, 6), beta1: 0.9, weightDecay: 0, scale: 2 }) as Trained;
    },
    plora: (model) =>
      periodicLora(model, { rank, alpha, match, seed, stageSteps: 3, inner: decayed(0.004, 3) }).transform,
    'xgb-lora': (model) =>
      periodicLora(model, { rank: 1, alpha: 2, match, seed, stageSteps: 3, inner: decayed(0.004, 3) }).transform,
    'lora-cyclic'(model) {
      lora(model, { rank, alpha, match, seed });
      const stage = rate(0.004, 3);
      return adamw({ learningRate: (step) => stage(step % 3), weightDecay: 0 });
    },
    lors(model, loss, batches) {
      prune(model, { sparsity: 0.5, match });
      lors(model, { rank, alpha, rankStabilized: false, match, seed, init: gradientSvd({ loss, batches }) });
      return decayed(0.002);
    },
    flora: () =>
      flora({
        learningRate: rate(0.01, 6),
        rank,
        refreshEvery: 100,
        beta: 0.9,
        seed,
        filter: (path, { ndim }) => (path.startsWith('blocks.') && ndim === 2) || 'no weight of a block',
      }),
  };
  it.each(Object.keys(byHand))('measures of %s what a program with the library measures', async (method) => {
    const { runs } = await run('--method', method, '--alpha', '4', '--seed', '2', '--stages', '2');
    const { model, vocabulary } = await loadModel('base.safetensors', cwd);
    const { characters } = vocabulary;
    const text = Array.from(readFileSync(join(cwd, 'other.txt'), 'utf8'), (one) =>
      characters.includes(one) ? one : ' ',
    );
    const tokens = Int32Array.from(text, (one) => characters.indexOf(one));
    const dataset = new TextDataset(tokens, { batch: 2, context: 8 });
    const key = random.fold(random.key(seed), 'finetune');
    const loss: Loss = ({ ids, targets }) => crossEntropy(model.forward(ids), targets);
    const batches = Array.from({ length: 8 }, (_, i) => dataset.trainBatch(random.fold(key, 'start', i)));
    const transform = (byHand[method] as (typeof byHand)[string])(model, loss, batches);
    const training = trainer({ model, ...('update' in transform ? { transform } : transform), loss, seed });
    const trainLoss: number[] = [];
    for (let step = 1; step <= 6; step++)
      trainLoss.push(await training.step(dataset.trainBatch(random.fold(key, 'batch', step))).loss);
    expect(runs[0]?.trainLoss).toEqual(trainLoss);
  });

  it('draws in its report what its JSON says', async () => {
    const { runs } = await run('--method', 'full,lora', '--seeds', '2', '--report', 'drawn.html');
    const page = readFileSync(join(cwd, 'drawn.html'), 'utf8');
    const [chart] = JSON.parse(/id="charts">(.*?)<\/script>/s.exec(page)?.[1] ?? '[]') as Chart[];
    expect(chart?.series.map(({ label, colour, values, mark }) => ({ label, colour, values, mark }))).toEqual(
      runs.map(({ method, seed, trainLoss, validationLoss }) => ({
        label: `${method}, seed ${seed}`,
        colour: ['full', 'lora'].indexOf(method),
        values: trainLoss.map((loss) => Number(loss.toPrecision(5))),
        mark: { x: 6, y: validationLoss },
      })),
    );
  });

  it('writes a table and a report', async () => {
    const { stdout, status } = await finetune(...tiny, '--method', 'lora,lors', '--report', 'ft.html');
    expect(status).toBe(0);
    expect(stdout).toMatch(/lors .*50\.0 % → 50\.0 %/);
    expect(existsSync(join(cwd, 'ft.html'))).toBe(true);
    expect(readFileSync(join(cwd, 'ft.html'), 'utf8')).toMatch(/Ways to fine-tune compared[\s\S]*Repeat this/);
  });

  it.each([
    [2, /cli\/base/, ['finetune']],
    [2, /cli\/base/, ['finetune', '--data', 'other.txt']],
    [2, /cli\/choice/, ['finetune', 'base.safetensors', '--method', 'lorra']],
    [2, /cli\/number/, ['finetune', 'base.safetensors', '--sparsity', '1']],
    [1, /file\/read/, ['finetune', 'none.safetensors', '--data', 'other.txt']],
    [1, /safetensors\//, ['finetune', 'other.txt', '--data', 'other.txt']],
  ])('ends with %s and %s for %j', async (status, message, argv) => {
    const result = await captured(cwd, argv);
    expect(result.status).toBe(status);
    expect(result.stderr).toMatch(message);
  });

  it('has a help', async () => {
    const { stdout } = await captured(cwd, ['finetune', '--help']);
    expect(stdout).toMatch(/--sparsity X/);
    const words = stdout.replaceAll(/\s+/g, ' ');
    expect(words).toContain('lors and its baselines sqft, sp-lora and spp prune it first.');
    expect(words).toContain('[full,lora,plora,flora,lors]');
  });
});
