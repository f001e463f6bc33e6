import { OptionError, ShapeError } from '../base/errors';
import type { Key } from '../base/key';
import { boolean, isThenable, type OptionsOf, optional, readOptions, refuseExtra } from '../base/options';
import { sameShape, show } from '../base/shape';
import { withValue } from '../tensor/assign';
import { checkParams } from '../tensor/check';
import { valueAndGrad } from '../tensor/derivatives/grad';
import { paramsKind } from '../tensor/kinds';
import { asyncScope, currentScope, moveTo, runInScope, type Scope } from '../tensor/scope';
import type { Params, Tensor } from '../tensor/tensor';
import { checkNow } from './trainer-errors';

const evaluateOptions = {
  /**
   * Parameters of the model that have other values in this evaluation, by path, frozen ones too; the model itself stays as
   * it is (default: none).
   */
  at: optional(paramsKind, {}),
  /** Take the gradients (default true); without them an evaluation costs a forward pass. */
  grads: optional(boolean, true),
};

/** Where the loss is evaluated, and what for. */
export interface EvaluateOptions extends OptionsOf<typeof evaluateOptions> {}

/**
 * The loss of a step on the step's own batch and key, so that dropout is the same in each evaluation, and its gradients
 * with respect to the parameters that are trained, at these values. Each loss must be finite, where that can be read at
 * once. Buffers move by the first evaluation alone.
 */
export type Evaluate = (options?: EvaluateOptions) => {
  /** The scalar. */
  readonly value: Tensor;
  /** By path; empty with `grads: false`. */
  readonly grads: Params;
};

/** What a step knows beside its parameters. */
export interface StepContext<S> {
  /** State of the transform before the step. */
  readonly state: S;
  /** Number of the step, from 0. */
  readonly step: number;
  /** The step's key, the one that the loss gets. */
  readonly key: Key;
}

/**
 * How the gradients of a step are taken, in place of one evaluation. What it returns by path is what the transform gets; a
 * parameter without a gradient is left alone. The loss of the step is that of the first evaluation.
 */
export type Gradients<S> = (evaluate: Evaluate, parameters: Params, context: StepContext<S>) => Params;

/** What the evaluations of a step are made of. */
export interface Evaluations {
  /** The loss; `first` is the evaluation that may move buffers. */
  loss(first: boolean): Tensor;
  readonly parameters: Params;
  /** All parameters that may have other values. */
  readonly owned: Params;
}

/**
 * Take the gradients of one step.
 * @throws OptionError `trainer/evaluate`, `trainer/gradients`
 * @throws ShapeError `trainer/evaluate`, `trainer/gradients`
 */
export function takeGradients<S>(
  gradients: Gradients<S>,
  { loss, parameters, owned }: Evaluations,
  context: StepContext<S>,
): { value: Tensor; grads: Params } {
  let first: Tensor | undefined;
  let open = true;
  const home = currentScope() as Scope;
  const evaluate: Evaluate = function (options = {}) {
    if (arguments.length > 1) refuseExtra('evaluate', arguments, 1);
    const { at, grads } = readOptions('evaluate', evaluateOptions, options);
    if (!open) throw afterwards();
    checkValues('evaluate', at, owned);
    const made = withValues(Object.entries(at), owned, () =>
      valueAndGrad(() => loss(first === undefined), grads ? parameters : {}),
    );
    checkNow(made.value, context.step);
    if (first === undefined) {
      moveTo(home, made.value.value); // in whatever scope the method evaluates, the step reads it in the end
      first = made.value;
    }
    return made;
  };
  try {
    return runInScope('gradients', () => {
      const grads = gradients(evaluate, parameters, context);
      if (isThenable(grads)) throw asyncScope('gradients');
      checkValues('gradients', grads, parameters);
      if (first === undefined) throw neverEvaluated();
      return { value: first, grads };
    });
  } finally {
    open = false;
  }
}

/** Run `fn` while parameters name other values. */
function withValues<T>(values: readonly (readonly [string, Tensor])[], owned: Params, fn: () => T): T {
  const [next, ...rest] = values;
  if (!next) return fn();
  const [path, { value }] = next;
  return withValue(owned[path] as Tensor, value, () => withValues(rest, owned, fn));
}

/** Tensors by path, each of the shape of a parameter: `at` of evaluate, or what gradients returned. */
function checkValues(where: 'evaluate' | 'gradients', given: unknown, owned: Params): void {
  checkParams(where, where === 'evaluate' ? 'at' : 'the result', given);
  const code = where === 'evaluate' ? 'trainer/evaluate' : 'trainer/gradients';
  for (const [path, { shape, dtype }] of Object.entries(given)) {
    const parameter = Object.hasOwn(owned, path) ? owned[path] : undefined;
    if (parameter && sameShape(shape, parameter.shape) && dtype === parameter.dtype) continue;
    const got = `${where} ${where === 'evaluate' ? 'got values' : 'returned a gradient'} for "${path}" ${show(shape)} of dtype ${dtype}`;
    const fix = 'take paths and shapes from the parameters that gradients gets';
    if (!parameter) throw new OptionError({ code, got, expected: `one of ${shown(owned)}`, fix });
    throw new ShapeError({ code, got, expected: `${show(parameter.shape)} of dtype ${parameter.dtype}`, fix });
  }
}

function shown(params: Params): string {
  const paths = Object.keys(params);
  return paths.slice(0, 5).join(', ') + (paths.length > 5 ? ', …' : '');
}

function neverEvaluated(): OptionError {
  return new OptionError({
    code: 'trainer/gradients',
    got: 'gradients returned without a call of evaluate',
    expected: 'at least one evaluation, the first of which gives the loss of the step',
    fix: 'call evaluate(), with { grads: false } where only the loss is needed',
  });
}

function afterwards(): OptionError {
  return new OptionError({
    code: 'trainer/evaluate',
    got: 'evaluate was called after the step that it belongs to',
    expected: 'calls while gradients runs',
    fix: 'return the gradients from it, and use the next step for what comes after',
  });
}
