import { BackendError, OptionError, StateError } from '../base/errors';
import type { Module } from '../nn/module';
import type { Tensor } from '../tensor/tensor';

/** What made a trainer unusable. */
export interface Spoiled {
  readonly step: number;
  readonly error: unknown;
}

/** The value of a scalar, or null where the backend can only promise it. */
function readNow(scalar: Tensor): number | null {
  try {
    return scalar.dataSync()[0] as number;
  } catch (error) {
    if (error instanceof BackendError && error.code === 'read/sync') return null;
    throw error;
  }
}

/** Like `readNow`; a loss whose value is known must be finite. */
export function checkNow(loss: Tensor, step: number): number | null {
  const known = readNow(loss);
  return known === null ? null : checkLoss(known, step);
}

export function checkLoss(loss: number, step: number): number {
  if (Number.isFinite(loss)) return loss;
  throw new StateError({
    code: 'trainer/non-finite-loss',
    got: `the loss of step ${step} is ${loss}`,
    expected: 'a finite number',
    fix: 'lower the learning rate or clip the gradients; debug({ nonFinite: true }) names the first op that made it',
  });
}

export function oneOfBoth(): OptionError {
  return new OptionError({
    code: 'trainer/parameters',
    got: 'trainer got a model and params, or neither of them',
    expected: 'one of the two',
    fix: 'pass { model } to train its trainable parameters, or { params } to choose them',
  });
}

export function nothingToTrain(model: Module | undefined): OptionError {
  const count = model ? Object.keys(model.parameters()).length : 0;
  return new OptionError({
    code: 'trainer/parameters',
    got: `trainer got ${model ? 'a model' : 'params'} without any tensor to train${count > 0 ? `: all ${count} parameters are frozen` : ''}`,
    expected: 'at least one',
    fix:
      count > 0
        ? 'call model.unfreeze(…), or attach adapters'
        : 'keep weights and layers in fields of a Module, or in arrays, records and Maps there; #private fields are not found',
  });
}

export function unusable({ step, error }: Spoiled): StateError {
  const { code, got, message } = (error ?? {}) as { code?: string; got?: string; message?: string };
  const cause = got === undefined ? (message ?? String(error)) : `${code}: ${got}`;
  return new StateError(
    {
      code: 'trainer/unusable',
      got: `step ${step} failed after it had changed parameters (${cause})`,
      expected: 'a trainer whose steps were taken whole',
      fix: 'load a checkpoint: model.load(…), and a new trainer with its resume: { state, steps }; atomic: true takes a step whole or not at all',
    },
    { cause: error },
  );
}

export function tooEarly(): StateError {
  return new StateError({
    code: 'trainer/pending',
    got: 'step was called while the loss of the step before it is on its way',
    expected: 'one step at a time: with atomic, a step is taken when its loss is known to be finite',
    fix: 'await training.step(batch).loss in the loop, or leave out atomic',
  });
}
