import { StateError } from '../base/errors';
import { callable, checkArgument, number, type OptionsOf, readOptions, refuseExtra, required } from '../base/options';
import { mapParams } from '../optim/transform';
import { noGrad } from '../tensor/derivatives/no-grad';
import { axpby } from '../tensor/ops/elementwise/axpby';
import { runInScope } from '../tensor/scope';
import type { Params, Tensor } from '../tensor/tensor';
import type { FitCallback } from './fit-callback';
import { assignValues } from './load-values';
import { Residents } from './residents';

const averageOptions = {
  /** β in [0, 1), the weight of the past: about 1/(1 − β) steps count, 1000 for 0.999. */
  decay: required(number({ low: 0, high: 1 })),
};

/** How long the memory is. */
export interface AverageParametersOptions extends OptionsOf<typeof averageOptions> {}

/** A callback that has averages of the parameters. */
export interface AverageParameters extends FitCallback {
  /** The averages by path, the same tensors in every step; empty before the training. */
  readonly values: Params;
  /** Give the model the averages, and keep its parameters in their place; twice is nothing, to the bit. */
  swap(): void;
  /** Run `fn`, which may be asynchronous, while the model has the averages. */
  during<T>(fn: () => T | Promise<T>): Promise<T>;
}

/**
 * Exponential moving average of the parameters, which often generalises better than the last ones: after each step of `fit`
 * m ← β·m + (1 − β)·w, beginning with the parameters before the first. It costs the memory of the parameters once more.
 * Buffers are not averaged. The training itself does not see it; validate with
 * `validate: () => average.during(() => validate(loss, batches))`, and `average.swap()` after the training.
 * @throws StateError `fit/not-started` for a swap before the training
 * @see Polyak and Juditsky, "Acceleration of stochastic approximation by averaging", 1992; the exponential form is
 *   `torch.optim.swa_utils.get_ema_multi_avg_fn`.
 * @example
 * const w = tensor([1]);
 * const average = averageParameters({ decay: 0.5 });
 * const loss = () => w.sum(); // of gradient 1
 * await fit({ params: { w }, transform: sgd({ learningRate: 1 }), loss, data: [0, 0], callbacks: [average] });
 * console.log(await w.array(), await average.values.w?.array()); // prints [ -1 ] [ -0.25 ]
 */
export function averageParameters(options: AverageParametersOptions): AverageParameters {
  if (arguments.length > 1) refuseExtra('averageParameters', arguments, 1);
  const { decay } = readOptions('averageParameters', averageOptions, options);
  let parameters: Params | undefined;
  let residents = new Residents();
  let values: Params = {};
  const write = (next: () => Params): void => {
    values = runInScope('averageParameters', () => noGrad(() => residents.write(next())));
  };
  const average: AverageParameters = {
    name: 'averageParameters',
    get values() {
      return values;
    },
    start(run) {
      parameters = run.parameters;
      residents = new Residents();
      write(() => ({ ...run.parameters }));
    },
    event({ kind }, run) {
      if (kind !== 'step') return;
      write(() => mapParams(values, (m, path) => axpby(decay, m, 1 - decay, run.parameters[path] as Tensor)));
    },
    swap() {
      if (arguments.length > 0) refuseExtra('swap', arguments, 0);
      if (!parameters) throw notStarted();
      const pairs = Object.entries(parameters).map(([path, w]) => [w, values[path] as Tensor] as const);
      assignValues(pairs.flatMap(([w, m]) => [[w, m] as const, [m, w] as const]));
    },
    async during(fn) {
      if (arguments.length > 1) refuseExtra('during', arguments, 1);
      checkArgument('during', 'fn', callable('without arguments'), fn);
      average.swap();
      try {
        return await fn();
      } finally {
        average.swap();
      }
    },
    state: () => ({ values }),
    load(state) {
      write(() => (state as { values: Params }).values);
    },
  };
  return average;
}

function notStarted(): StateError {
  return new StateError({
    code: 'fit/not-started',
    got: 'swap was called before the training',
    expected: 'averages, which begin with the training',
    fix: 'pass it to fit as one of its callbacks first',
  });
}
