import { fillRow } from '../base/distribution';
import { normalCdf } from '../base/erf';
import { checkNumber, checkOptions, OptionError, ShapeError } from '../base/errors';
import { fold, type Key } from '../base/key';
import { checkShape, type Shape, show, sizeOf } from '../base/shape';
import { noGrad } from '../tensor/no-grad';
import { fromArray } from '../tensor/ops/create';
import { mul } from '../tensor/ops/mul';
import { random } from '../tensor/ops/random';
import { sub } from '../tensor/ops/sub';
import type { Tensor } from '../tensor/tensor';

/** What follows the layer, and which pass keeps its variance. */
export interface KaimingOptions {
  /** Slope of the leaky ReLU that follows, below 0 (default 0: a ReLU). */
  readonly slope?: number;
  /** Keep the variance of the forward pass ('fanIn', the default) or of the backward pass ('fanOut'). */
  readonly mode?: 'fanIn' | 'fanOut';
}

/**
 * First values of parameters, as functions of a key: the laws of `torch.nn.init`, in PyTorch's layout [out, in, …].
 */
export const init = {
  /** U(−bound, bound). */
  uniform(key: Key, shape: Shape, bound: number): Tensor {
    return noGrad(() => mul(sub(random.uniform(key, shape), 0.5), 2 * bound));
  },

  /** N(0, std²). */
  normal(key: Key, shape: Shape, std: number): Tensor {
    checkNumber('init.normal', 'std', std, { low: 0 });
    return noGrad(() => mul(random.normal(key, shape), std));
  },

  /**
   * U(−a, a), a = gain·√(6/(fanIn + fanOut)): a compromise between forward and backward pass.
   * @throws ShapeError `init/fans` for fewer than two axes
   * @see Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks" (2010), eq. 16.
   */
  xavierUniform(key: Key, shape: Shape, options: { gain?: number } = {}): Tensor {
    return init.uniform(key, shape, Math.sqrt(3) * xavierStd('init.xavierUniform', shape, options));
  },

  /** N(0, 2·gain²/(fanIn + fanOut)). @throws ShapeError `init/fans` */
  xavierNormal(key: Key, shape: Shape, options: { gain?: number } = {}): Tensor {
    return init.normal(key, shape, xavierStd('init.xavierNormal', shape, options));
  },

  /**
   * U(−a, a), a = √(6/((1 + slope²)·fan)): keeps the variance through layers with (leaky) ReLUs.
   * @throws ShapeError `init/fans` for fewer than two axes
   * @see He et al., "Delving deep into rectifiers", arXiv 1502.01852, eq. 15.
   */
  kaimingUniform(key: Key, shape: Shape, options: KaimingOptions = {}): Tensor {
    return init.uniform(key, shape, Math.sqrt(3) * kaimingStd('init.kaimingUniform', shape, options));
  },

  /** N(0, 2/((1 + slope²)·fan)). @throws ShapeError `init/fans` */
  kaimingNormal(key: Key, shape: Shape, options: KaimingOptions = {}): Tensor {
    return init.normal(key, shape, kaimingStd('init.kaimingNormal', shape, options));
  },

  /**
   * N(mean, std²) given that it lies in [low, high] (defaults −2 and 2, which are values and not multiples of std, as in
   * PyTorch). Numbers outside are drawn again, on the host.
   * @throws OptionError `init/interval` for an interval that fewer than one normal number in a thousand meets
   */
  truncatedNormal(
    key: Key,
    shape: Shape,
    options: { mean?: number; std?: number; low?: number; high?: number } = {},
  ): Tensor {
    checkOptions('init.truncatedNormal', options, ['mean', 'std', 'low', 'high']);
    checkShape('init.truncatedNormal', shape);
    const { mean = 0, std = 1, low = -2, high = 2 } = options;
    checkNumber('init.truncatedNormal', 'std', std, { low: 0 });
    if (!(normalCdf((high - mean) / std) - normalCdf((low - mean) / std) > 1e-3)) throw rarelyMet(low, high);
    const values = new Float32Array(sizeOf(shape));
    let missing = Array.from(values.keys());
    for (let round = 0; missing.length > 0; round++) {
      const draws = new Float32Array(missing.length);
      fillRow('normal', fold(key, 'round', round), 0, 0, draws);
      missing = missing.filter((at, i) => {
        const x = Math.fround(mean + std * (draws[i] as number));
        values[at] = x;
        return x < low || x > high;
      });
    }
    return fromArray(values, shape);
  },
};

function xavierStd(where: string, shape: Shape, options: { gain?: number }): number {
  checkOptions(where, options, ['gain']);
  const { gain = 1 } = options;
  checkNumber(where, 'gain', gain, { low: 0 });
  const { fanIn, fanOut } = fans(where, shape);
  return gain * Math.sqrt(2 / (fanIn + fanOut));
}

function kaimingStd(where: string, shape: Shape, options: KaimingOptions): number {
  checkOptions(where, options, ['slope', 'mode']);
  const { slope = 0, mode = 'fanIn' } = options;
  checkNumber(where, 'slope', slope);
  if (mode !== 'fanIn' && mode !== 'fanOut') {
    throw new OptionError({
      code: 'options/choice',
      got: `${where} got mode = ${String(mode)}`,
      expected: "'fanIn' or 'fanOut'",
      fix: "leave it out for 'fanIn'",
    });
  }
  return Math.sqrt(2 / ((1 + slope ** 2) * fans(where, shape)[mode]));
}

/** How many inputs an output has and the reverse: [out, in, …], where a kernel counts with all its pixels. */
function fans(where: string, shape: Shape): { fanIn: number; fanOut: number } {
  checkShape(where, shape);
  const [outputs, inputs, ...kernel] = shape;
  if (outputs === undefined || inputs === undefined) {
    throw new ShapeError({
      code: 'init/fans',
      got: `${where} got the shape ${show(shape)}`,
      expected: 'at least two axes, [out, in, …]',
      fix: 'start a vector with zeros, or with init.uniform',
    });
  }
  return { fanIn: inputs * sizeOf(kernel), fanOut: outputs * sizeOf(kernel) };
}

function rarelyMet(low: number, high: number): OptionError {
  return new OptionError({
    code: 'init/interval',
    got: `init.truncatedNormal got the interval from ${low} to ${high}`,
    expected: 'low < high, and at least one normal number in a thousand between them',
    fix: 'move the interval towards the mean, or raise std',
  });
}
