import { fillRow } from '../base/distribution';
import { normalCdf } from '../base/erf';
import { OptionError, ShapeError } from '../base/errors';
import { fold, type Key, keyKind } from '../base/key';
import { checkArgument, choice, number, type OptionsOf, optional, readOptions, refuseExtra } from '../base/options';
import { checkShape, type Shape, show, sizeOf } from '../base/shape';
import { noGrad } from '../tensor/derivatives/no-grad';
import { fromArray } from '../tensor/ops/create';
import { mul } from '../tensor/ops/elementwise/mul';
import { sub } from '../tensor/ops/elementwise/sub';
import { random } from '../tensor/ops/random/random';
import type { Tensor } from '../tensor/tensor';
import { deviation } from './options';

const gainOptions = {
  /** Factor of the standard deviation (default 1). */
  gain: optional(deviation, 1),
};

const kaimingOptions = {
  /** Slope of the leaky ReLU that follows, below 0 (default 0: a ReLU). */
  slope: optional(number(), 0),
  /** Keep the variance of the forward pass ('fanIn', the default) or of the backward pass ('fanOut'). */
  mode: optional(choice('fanIn', 'fanOut'), 'fanIn'),
};

/** What follows the layer, and which pass keeps its variance. */
export interface KaimingOptions extends OptionsOf<typeof kaimingOptions> {}

const truncatedNormalOptions = {
  /** Mean before the truncation (default 0). */
  mean: optional(number(), 0),
  /** Standard deviation before the truncation (default 1). */
  std: optional(deviation, 1),
  /** Least value (default −2). */
  low: optional(number({ low: -Infinity, high: Infinity }), -2),
  /** Largest value (default 2). */
  high: optional(number({ low: -Infinity, high: Infinity }), 2),
};

/**
 * First values of parameters, as functions of a key: the laws of `torch.nn.init`, in PyTorch's layout [out, in, …].
 */
export const initializers = {
  /** U(−bound, bound). */
  uniform(key: Key, shape: Shape, bound: number): Tensor {
    if (arguments.length > 3) refuseExtra('initializers.uniform', arguments, 3);
    checkDraw('initializers.uniform', key, shape);
    checkArgument('initializers.uniform', 'bound', deviation, bound);
    return noGrad(() => mul(sub(random.uniform(key, shape), 0.5), 2 * bound));
  },

  /** N(0, std²). */
  normal(key: Key, shape: Shape, std: number): Tensor {
    if (arguments.length > 3) refuseExtra('initializers.normal', arguments, 3);
    checkDraw('initializers.normal', key, shape);
    checkArgument('initializers.normal', 'std', deviation, std);
    return noGrad(() => mul(random.normal(key, shape), std));
  },

  /**
   * U(−a, a), a = gain·√(6/(fanIn + fanOut)): a compromise between forward and backward pass.
   * @throws ShapeError `init/fans` for fewer than two axes
   * @see Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks" (2010), eq. 16.
   */
  xavierUniform(key: Key, shape: Shape, options: OptionsOf<typeof gainOptions> = {}): Tensor {
    if (arguments.length > 3) refuseExtra('initializers.xavierUniform', arguments, 3);
    return initializers.uniform(
      key,
      shape,
      Math.sqrt(3) * xavierStd('initializers.xavierUniform', key, shape, options),
    );
  },

  /** N(0, 2·gain²/(fanIn + fanOut)). @throws ShapeError `init/fans` */
  xavierNormal(key: Key, shape: Shape, options: OptionsOf<typeof gainOptions> = {}): Tensor {
    if (arguments.length > 3) refuseExtra('initializers.xavierNormal', arguments, 3);
    return initializers.normal(key, shape, xavierStd('initializers.xavierNormal', key, shape, options));
  },

  /**
   * U(−a, a), a = √(6/((1 + slope²)·fan)): keeps the variance through layers with (leaky) ReLUs.
   * @throws ShapeError `init/fans` for fewer than two axes
   * @see He et al., "Delving deep into rectifiers", arXiv 1502.01852, eq. 15.
   */
  kaimingUniform(key: Key, shape: Shape, options: KaimingOptions = {}): Tensor {
    if (arguments.length > 3) refuseExtra('initializers.kaimingUniform', arguments, 3);
    return initializers.uniform(
      key,
      shape,
      Math.sqrt(3) * kaimingStd('initializers.kaimingUniform', key, shape, options),
    );
  },

  /** N(0, 2/((1 + slope²)·fan)). @throws ShapeError `init/fans` */
  kaimingNormal(key: Key, shape: Shape, options: KaimingOptions = {}): Tensor {
    if (arguments.length > 3) refuseExtra('initializers.kaimingNormal', arguments, 3);
    return initializers.normal(key, shape, kaimingStd('initializers.kaimingNormal', key, shape, options));
  },

  /**
   * N(mean, std²) given that it lies in [low, high] (defaults −2 and 2, which are values and not multiples of std, as in
   * PyTorch). Numbers outside are drawn again, on the host.
   * @throws OptionError `init/interval` for an interval that fewer than one normal number in a thousand meets
   */
  truncatedNormal(key: Key, shape: Shape, options: OptionsOf<typeof truncatedNormalOptions> = {}): Tensor {
    if (arguments.length > 3) refuseExtra('initializers.truncatedNormal', arguments, 3);
    checkDraw('initializers.truncatedNormal', key, shape);
    const { mean, std, low, high } = readOptions('initializers.truncatedNormal', truncatedNormalOptions, options);
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

function checkDraw(where: string, key: Key, shape: Shape): void {
  checkArgument(where, 'key', keyKind, key);
  checkShape(where, shape);
}

function xavierStd(where: string, key: Key, shape: Shape, options: OptionsOf<typeof gainOptions>): number {
  checkDraw(where, key, shape);
  const { gain } = readOptions(where, gainOptions, options);
  const { fanIn, fanOut } = fans(where, shape);
  return gain * Math.sqrt(2 / (fanIn + fanOut));
}

function kaimingStd(where: string, key: Key, shape: Shape, options: KaimingOptions): number {
  checkDraw(where, key, shape);
  const { slope, mode } = readOptions(where, kaimingOptions, options);
  return Math.sqrt(2 / ((1 + slope ** 2) * fans(where, shape)[mode]));
}

/** How many inputs an output has and the reverse: [out, in, …], where a kernel counts with all its pixels. */
function fans(where: string, shape: Shape): { fanIn: number; fanOut: number } {
  const [outputs, inputs, ...kernel] = shape;
  if (outputs === undefined || inputs === undefined) {
    throw new ShapeError({
      code: 'init/fans',
      got: `${where} got the shape ${show(shape)}`,
      expected: 'at least two axes, [out, in, …]',
      fix: 'start a vector with zeros, or with initializers.uniform',
    });
  }
  return { fanIn: inputs * sizeOf(kernel), fanOut: outputs * sizeOf(kernel) };
}

function rarelyMet(low: number, high: number): OptionError {
  return new OptionError({
    code: 'init/interval',
    got: `initializers.truncatedNormal got the interval from ${low} to ${high}`,
    expected: 'low < high, and at least one normal number in a thousand between them',
    fix: 'move the interval towards the mean, or raise std',
  });
}
