import { loraLinear } from '../../../src/adapters/methods/lora-linear';
import { lorsLinear } from '../../../src/adapters/methods/lors-linear';
import { spLoraLinear, sqftLinear } from '../../../src/adapters/methods/masked-linear';
import {
  backend,
  memory,
  random,
  scope,
  setBackend,
  sum,
  type Tensor,
  valueAndGrad,
  wasmBackend,
  where,
} from '../../../src/index';
import { less } from '../../../src/tensor/ops/elementwise/compare';

/** One layer [size, size] and the tokens that pass through it. */
export interface Layer {
  readonly tokens: number;
  readonly size: number;
  readonly rank: number;
}

const methods = {
  LoRS: lorsLinear,
  'SP-LoRA': spLoraLinear,
  SQFT: sqftLinear,
  'LoRA, dense': (x: Tensor, weight: Tensor, change: Parameters<typeof lorsLinear>[2]) =>
    loraLinear(x, x, weight, change, null),
};
export const layerMethods = Object.keys(methods) as (keyof typeof methods)[];

/** What a step of one layer, forward and backward, costs. */
export interface LayerCost {
  /** The most that it holds beyond inputs, weight, output and its cotangent, and the gradients, over one weight. */
  readonly held: number;
  /** Multiply-adds of all its products. */
  readonly multiplyAdds: number;
}

/** Half of the weight is zero. The count is by the calls of the backend, so that it is of what runs. */
export function layerCost({ tokens, size, rank }: Layer, method: keyof typeof methods): LayerCost {
  const usual = backend();
  const base = wasmBackend({ build: 'baseline' });
  let multiplyAdds = 0;
  setBackend({
    ...base,
    matmul(a, b, transposeA, transposeB, shape, bias) {
      multiplyAdds += elements(shape) * (a.shape.at(transposeA ? -2 : -1) as number);
      return base.matmul(a, b, transposeA, transposeB, shape, bias);
    },
    addOnSupport(weight, b, a) {
      multiplyAdds += elements(weight.shape) * (a.shape[0] as number);
      return base.addOnSupport(weight, b, a);
    },
  });
  try {
    return scope(() => {
      const draw = (seed: number, shape: number[]): Tensor => random.normal(random.key(seed), shape);
      const x = draw(1, [tokens, size]);
      const weight = where(less(random.uniform(random.key(2), [size, size]), 0.5), 0, draw(3, [size, size]));
      const factors = { A: draw(4, [rank, size]), B: draw(5, [size, rank]) };
      const { bytes } = memory();
      backend().resetPeak();
      scope(() =>
        valueAndGrad(() => sum(methods[method](x, weight, { ...factors, scale: 0.5 }, null)), { x, ...factors }),
      );
      const results = 4 * (3 * tokens * size + 2 * rank * size);
      return { held: (memory().peakBytes - bytes - results) / (4 * size * size), multiplyAdds };
    });
  } finally {
    setBackend(usual);
  }
}

function elements(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}
