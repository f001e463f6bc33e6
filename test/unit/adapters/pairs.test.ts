import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  adam,
  factorPairs,
  type GradientTransform,
  Linear,
  lora,
  MLP,
  mseLoss,
  mul,
  type Params,
  random,
  sum,
  type Tensor,
  type TrainerOptions,
  tensor,
  trainer,
} from '../../../src/index';
import { altLora } from '../../methods/alt-lora';
import { loraRite } from '../../methods/lora-rite';
import { expectNear, numbers } from './cases';

describe('factorPairs', () => {
  it('finds both factors of each adapter, and nothing else', () => {
    const leaves = ['lora.A', 'lora.B', 'b.lora.B', 'x.lora.A', 'c.0.lora.A', 'c.0.lora.B', 'clora.A', 'clora.B', 'w'];
    expect(factorPairs(Object.fromEntries(leaves.map((path) => [path, null])))).toEqual([
      { path: '', A: 'lora.A', B: 'lora.B' },
      { path: 'c.0', A: 'c.0.lora.A', B: 'c.0.lora.B' },
    ]);
  });
});

interface Recorded {
  readonly shape: number[];
  readonly data: number[];
}
interface Case {
  readonly name: string;
  readonly sequence: string;
  readonly options: {
    readonly lr: number;
    readonly betas: number[];
    readonly reg: number;
    readonly weight_decay: number;
  };
  readonly init: { readonly A: Recorded; readonly B: Recorded };
  readonly steps: readonly { readonly A: Recorded; readonly B: Recorded }[];
}
// Of the authors' programs; the file names the commits.
const golden = JSON.parse(readFileSync('test/golden/adapters.json', 'utf8')) as {
  readonly sequences: Readonly<Record<string, { readonly grads: readonly Recorded[] }>>;
  readonly altlora: readonly Case[];
};
const of = ({ shape, data }: Recorded): Tensor => tensor(data, { shape });

type Method = Pick<TrainerOptions<unknown, undefined>, 'transform' | 'gradients'>;

/** Weights s·B·A of two factorings of one model, after each step of a regression. */
function trajectories(method: () => Method, steps: number): number[][][] {
  const x = random.normal(random.key(1), [20, 6]);
  const y = random.normal(random.key(2), [20, 5]);
  const A = random.normal(random.key(3), [2, 6]).mul(0.5);
  const B = random.normal(random.key(4), [5, 2]).mul(0.5);
  const t = tensor([
    [2, 0.5],
    [-0.5, 0.25],
  ]);
  const inverse = tensor([
    [0.25, -0.5],
    [0.5, 2],
  ]).mul(1 / 0.75);
  const factorings = [
    { A, B },
    { A: inverse.matmul(A), B: B.matmul(t) },
  ];
  return factorings.map((factors) => {
    const layer = new Linear(6, 5, { bias: false, key: random.key(0) });
    lora(layer, { rank: 2, alpha: 2 });
    layer.load({ weight: layer.weight, 'lora.A': factors.A, 'lora.B': factors.B });
    const training = trainer({ model: layer, ...method(), loss: () => mseLoss(layer.forward(x), y), seed: 0 });
    return Array.from({ length: steps }, () => {
      training.step(undefined);
      const params = layer.parameters();
      return numbers((params['lora.B'] as Tensor).matmul(params['lora.A'] as Tensor));
    });
  });
}
const distance = ([a, b]: number[][][]): number =>
  Math.max(...(a as number[][]).flatMap((values, i) => values.map((v, j) => Math.abs(v - (b?.[i]?.[j] as number)))));

describe('LoRA-RITE, a transform that pairs the factors', () => {
  it('moves both factorings of one weight alike, where Adam does not', () => {
    const rite = trajectories(() => ({ transform: loraRite({ learningRate: 0.05 }) }), 12);
    const far = distance(trajectories(() => ({ transform: adam({ learningRate: 0.05 }) }), 12));
    const first = rite[0] as number[][];
    expect(Math.max(...(first[11] as number[]).map((v, i) => Math.abs(v - (first[0]?.[i] as number))))).toBeGreaterThan(
      0.1,
    );
    // Equal but for float32: factors of condition 8, inverted and multiplied in each of twelve steps.
    expect(distance(rite)).toBeLessThan(1e-4);
    expect(far).toBeGreaterThan(0.05);
  });

  it('starts from B = 0: B moves first, A stays for a step', () => {
    const model = new MLP({ sizes: [4, 5, 3], key: random.key(0) });
    lora(model, { rank: 2 });
    const x = random.normal(random.key(1), [6, 4]);
    const y = random.normal(random.key(2), [6, 3]);
    const transform: GradientTransform<unknown> = loraRite({ learningRate: 0.05 });
    const training = trainer({ model, transform, loss: () => mseLoss(model.forward(x), y), seed: 0 });
    const read = (): Record<string, number[]> =>
      Object.fromEntries(Object.entries(training.parameters).map(([path, p]) => [path, numbers(p)]));
    const before = read();
    const first = training.step(undefined).loss;
    const after = read();
    for (const { A, B } of factorPairs(model.parameters())) {
      expect(after[A]).toEqual(before[A]);
      expect(after[B]).not.toEqual(before[B]);
    }
    for (let step = 0; step < 30; step++) training.step(undefined);
    expect(training.step(undefined).loss).toBeLessThan(first as number);
  });
});

describe('AltLoRA, which evaluates the loss twice in a step', () => {
  it.each(golden.altlora)(
    "one evaluation, as the authors' program does: $name",
    ({ sequence, options, init, steps }) => {
      const { lr: learningRate, betas, reg: damping, weight_decay: weightDecay } = options;
      const params: Params = { 'lora.A': of(init.A), 'lora.B': of(init.B) };
      const { transform } = altLora({ learningRate, beta: betas[0] as number, damping, weightDecay });
      const loss = (g: Recorded): Tensor =>
        sum(mul(of(g), (params['lora.B'] as Tensor).matmul(params['lora.A'] as Tensor)));
      const training = trainer({ params, transform, loss, seed: 0 });
      for (const [i, gradient] of (golden.sequences[sequence]?.grads ?? []).entries()) {
        training.step(gradient);
        // Each step inverts r×r matrices of condition some tens in float32: 3e-6 of the largest factor after eight.
        expectNear(numbers(params['lora.A'] as Tensor), steps[i]?.A.data as number[], 24);
        expectNear(numbers(params['lora.B'] as Tensor), steps[i]?.B.data as number[], 24);
      }
    },
  );

  it('with η = 1 and no momentum solves for each factor in turn, so that one step fits a target of its rank', () => {
    const target = random.normal(random.key(7), [5, 2]).matmul(random.normal(random.key(8), [2, 6]));
    const lossAfter = (twice: boolean): number => {
      const params: Params = {
        'lora.A': random.normal(random.key(5), [2, 6]),
        'lora.B': random.normal(random.key(6), [5, 2]),
      };
      const { transform, gradients } = altLora({ learningRate: 1, beta: 0, damping: 0 });
      const product = (): Tensor => (params['lora.B'] as Tensor).matmul(params['lora.A'] as Tensor);
      const loss = (): Tensor => sum(product().sub(target).square()).mul(0.5);
      const training = trainer({ params, transform, loss, seed: 0, ...(twice && { gradients }) });
      training.step(undefined);
      return Math.sqrt(2 * (loss().dataSync()[0] as number));
    };
    const size = Math.sqrt(numbers(target).reduce((sum, x) => sum + x * x, 0));
    expect(lossAfter(true)).toBeLessThan(1e-4 * size); // the second gradient is taken where A has been solved for
    expect(lossAfter(false)).toBeGreaterThan(0.1 * size);
  });

  it('moves both factorings of one weight alike', () => {
    const runs = trajectories(() => altLora({ learningRate: 0.1, damping: 0 }) as Method, 10);
    expect(distance(runs)).toBeLessThan(1e-4);
  });
});
