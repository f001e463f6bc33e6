import { fold } from '../../base/key';
import {
  checkArgument,
  choice,
  number,
  optional,
  readOptionsOf,
  refuseExtra,
  type SpecificationOf,
} from '../../base/options';
import { randomizedSvd } from '../../tensor/linalg/randomized-svd';
import { fromArray } from '../../tensor/ops/create';
import { div } from '../../tensor/ops/elementwise/div';
import { mul } from '../../tensor/ops/elementwise/mul';
import { sqrt } from '../../tensor/ops/elementwise/sqrt';
import { gather } from '../../tensor/ops/movement/gather';
import { transpose } from '../../tensor/ops/movement/transpose';
import { permute } from '../../tensor/ops/random/random';
import { mean } from '../../tensor/ops/reductions/sum';
import { runInScope } from '../../tensor/scope';
import type { Tensor } from '../../tensor/tensor';
import type { AdapterSite, Factors } from './first-factors';
import { checkBatches, type GradientSource, leading, source } from './mean-gradient';

/** How LoRA-GA makes factors of singular vectors. */
export interface LoraGaOptions<Batch> extends GradientSource<Batch> {
  /**
   * Which of the 2r leading singular vectors: `ArB2r` (default) the first r right ones for A and the next r left ones for
   * B, `A2rBr` the other way round, `ArBr` the second, fourth, … for A and the first, third, … for B, `random` a random split.
   */
  readonly direction?: 'ArB2r' | 'A2rBr' | 'ArBr' | 'random';
  /**
   * How large they are. `stable` (default): times out^¼/√γ; `gd`: over s; `weight`: as large as the weight asks for, see
   * `form`; `none`: as they are.
   */
  readonly scaling?: 'stable' | 'gd' | 'weight' | 'none';
  /**
   * `authors` (default): singular vectors without their values, both factors scaled; `weight` is the mean of √(σ_i(W)/s)
   * over i ≤ r. `peft`: B has the singular values of the gradient too, and the scale is B's alone but for `gd`; `weight`
   * makes its first column as long as σ₁(W).
   */
  readonly form?: 'authors' | 'peft';
  /** γ of `stable` (default 16). */
  readonly gamma?: number;
}

const loraGaOptions = {
  ...source,
  direction: optional(choice('ArB2r', 'A2rBr', 'ArBr', 'random'), 'ArB2r'),
  scaling: optional(choice('stable', 'gd', 'weight', 'none'), 'stable'),
  form: optional(choice('authors', 'peft'), 'authors'),
  gamma: optional(number({ low: Number.MIN_VALUE }), 16),
} satisfies SpecificationOf<LoraGaOptions<unknown>>;

/**
 * LoRA-GA's start: both factors are singular vectors of the mean gradient of the weight, and s·B·A is taken out of the
 * weight, so that the function stays. Needs 2·rank ≤ min(out, in). The program of the authors and PEFT's differ in how large
 * factors are: `form`.
 * @throws OptionError `gradient-init/batches`, `options/…`
 * @see LoRA-GA, arXiv 2407.05000.
 * @example
 * const model = new MLP({ sizes: [8, 8], key: random.key(0) });
 * const loss = (x: Tensor) => mean(square(model.forward(x)));
 * lora(model, { rank: 2, init: loraGa({ loss, batches: [ones([4, 8])] }) });
 */
export function loraGa<Batch>(options: LoraGaOptions<Batch>): (site: AdapterSite) => Factors {
  if (arguments.length > 1) refuseExtra('loraGa', arguments, 1);
  const { loss, batches, direction, ...sizes } = readOptionsOf<LoraGaOptions<Batch>, typeof loraGaOptions>(
    'loraGa',
    loraGaOptions,
    options,
  );
  checkBatches('loraGa', batches);
  return (site) =>
    runInScope('loraGa', () => {
      const { u, s, vt } = leading('loraGa', site, { loss, batches }, 2 * site.rank);
      const [ofA, ofB] = directions[direction](site);
      const [A, up] = [gather(vt, ofA), transpose(gather(transpose(u), ofB))]; // [r, in], [out, r]
      const values = gather(s, ofB); // [r]
      const [ofDown, ofUp] = scalesOf(site, sizes, values);
      return { A: mul(A, ofDown), B: mul(sizes.form === 'peft' ? mul(up, values) : up, ofUp) };
    });
}

type Sizes = Required<Pick<LoraGaOptions<unknown>, 'scaling' | 'form' | 'gamma'>>;

/** What A and B are multiplied by; `values` [r]: the singular values of the gradient that go with the columns of B. */
function scalesOf(
  site: AdapterSite,
  { scaling, form, gamma }: Sizes,
  values: Tensor,
): [number | Tensor, number | Tensor] {
  const { weight, scale, rank, key } = site;
  const peft = form === 'peft';
  if (scaling === 'none') return [1, 1];
  if (scaling === 'gd') return [1 / scale, 1 / scale];
  if (scaling === 'stable') {
    const stable = (weight.shape[0] as number) ** 0.25 / Math.sqrt(gamma);
    return [peft ? 1 : stable, stable];
  }
  const width = Math.min(4 * rank, ...weight.shape);
  const ofWeight = randomizedSvd(weight, { rank, width, key: fold(key, 'weight') }).s; // [r]
  const first = fromArray(Int32Array.of(0), []);
  if (peft) return [1, div(gather(ofWeight, first), gather(values, first))];
  checkArgument('loraGa', 's, of α and the rank', number({ low: Number.MIN_VALUE }), scale);
  const both = mean(sqrt(mul(ofWeight, 1 / scale)));
  return [both, both];
}

/** Which of the 2r vectors A gets, and which B. */
const directions = {
  ArB2r: ({ rank }: AdapterSite) => [from(rank, 0, 1), from(rank, rank, 1)] as const,
  A2rBr: ({ rank }: AdapterSite) => [from(rank, rank, 1), from(rank, 0, 1)] as const,
  ArBr: ({ rank }: AdapterSite) => [from(rank, 1, 2), from(rank, 0, 2)] as const,
  random({ rank, key }: AdapterSite) {
    const order = permute(fold(key, 'direction'), 2 * rank);
    return [order.slice(0, rank), order.slice(rank)].map((list) => fromArray(list, [rank])) as [Tensor, Tensor];
  },
};

/** start, start + step, … int32 [count] */
function from(count: number, start: number, step: number): Tensor {
  return fromArray(
    Int32Array.from({ length: count }, (_, i) => start + step * i),
    [count],
  );
}
