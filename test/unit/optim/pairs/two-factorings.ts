import { type Params, random, type Tensor, type TrainerOptions, tensor, trainer } from '../../../../src/index';
import { singularValues } from '../../../support/singular-values';

export type Method = Pick<TrainerOptions<unknown, undefined>, 'transform' | 'gradients'>;

export const numbers = (t: Tensor | undefined): number[] => Array.from((t as Tensor).dataSync());
export const factors = (params: Params): { A: Tensor; B: Tensor } => ({
  A: params['lora.A'] as Tensor,
  B: params['lora.B'] as Tensor,
});

/** Largest distance of two lists. */
export const apart = (a: readonly number[], b: readonly number[]): number =>
  Math.max(...a.map((x, i) => Math.abs(x - (b[i] as number))));

/** Largest over smallest of the r singular values that a factor has. */
function condition(x: Tensor): number {
  const values = singularValues(numbers(x), x.shape as [number, number]);
  return (values[0] as number) / (values.at(-1) as number);
}

export const start = (): { A: Tensor; B: Tensor } => ({
  A: random.normal(random.key(3), [2, 6]).mul(0.5),
  B: random.normal(random.key(4), [5, 2]).mul(0.5),
});

/** (B·T, T⁻¹·A), the same product. */
export function refactored({ A, B }: { A: Tensor; B: Tensor }): { A: Tensor; B: Tensor } {
  const t = tensor([
    [2, 0.5],
    [-0.5, 0.25],
  ]);
  const inverse = tensor([
    [0.25, -0.5],
    [0.5, 2],
  ]).mul(1 / 0.75);
  return { A: inverse.matmul(A), B: B.matmul(t) };
}

/** The path of s·B·A in a regression, and the largest condition of a factor on it. */
export function path(method: () => Method, { A, B }: { A: Tensor; B: Tensor }, { steps = 30, scale = 1 } = {}) {
  const x = random.normal(random.key(1), [20, 6]);
  const y = random.normal(random.key(2), [20, 5]);
  const params = { 'lora.A': A.mul(1), 'lora.B': B.mul(1) };
  const weight = (): Tensor => params['lora.B'].matmul(params['lora.A']).mul(scale);
  const loss = (): Tensor => x.matmul(weight().transpose()).sub(y).square().mean();
  const training = trainer({ params, ...method(), loss, seed: 0 });
  let worst = 1;
  const weights = Array.from({ length: steps }, () => {
    worst = Math.max(worst, condition(params['lora.A']), condition(params['lora.B']));
    training.step(undefined);
    return numbers(weight());
  });
  return { weights, condition: worst };
}

/** How far the paths of two factorings of one weight come apart, how far they lead, and their worst condition. */
export function comparePaths(method: () => Method, steps = 30) {
  const [one, other] = [start(), refactored(start())].map((given) => path(method, given, { steps })) as [
    ReturnType<typeof path>,
    ReturnType<typeof path>,
  ];
  const from = numbers(start().B.matmul(start().A));
  const lengths = one.weights.map((weight, t) => apart(weight, one.weights[t - 1] ?? from));
  return {
    apart: Math.max(...one.weights.map((weight, t) => apart(weight, other.weights[t] as number[]))),
    length: lengths.reduce((a, b) => a + b),
    moved: apart(from, one.weights.at(-1) as number[]),
    size: Math.max(...one.weights.flat().map(Math.abs)),
    condition: Math.max(one.condition, other.condition),
  };
}
