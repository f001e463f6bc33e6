import type { DType } from '../base/dtype';
import { OptionError } from '../base/errors';
import { inMessage, isPlainObject, isThenable, type Kind, kindOf } from '../base/options';
import type { Params, Tensor } from './tensor';
import { isTensor } from './tree';

// What arguments of the engine's functions must be. Other rooms check theirs with these too.

/** Any tensor, of either dtype. `checkTensor` sees whether it is alive. */
export const tensorKind: Kind<Tensor> = {
  ...kindOf<Tensor>('a tensor', isTensor, 'arguments/tensor'),
  fix: (value) => instead(value),
};

/** 'float32' or 'int32'. */
export const dtypeKind: Kind<DType> = kindOf<DType>("'float32' or 'int32'", isDType, 'tensor/dtype');

function isDType(value: unknown): boolean {
  return value === 'float32' || value === 'int32';
}

/** A record of tensors by path. */
export const paramsKind: Kind<Params> = {
  ...kindOf<Params>('a record of tensors by path', isParams, 'arguments/params'),
  fix: (value) =>
    typeof (value as { parameters?: unknown } | null)?.parameters === 'function'
      ? 'write model.parameters()'
      : 'pass model.parameters(), or a record such as { w: tensor([1, 2]) }',
};

function isParams(value: unknown): boolean {
  return isPlainObject(value) && Object.values(value).every(isTensor);
}

/** The error of a record of tensors that is none. */
export function notParams(where: string, name: string, value: unknown): OptionError {
  return new OptionError({
    code: paramsKind.code,
    got: `${where} got ${name} = ${inMessage(value)}`,
    expected: paramsKind.expected,
    fix: paramsKind.fix?.(value) as string,
  });
}

/** The error of an operand that is no tensor; `or` says what else could stand there. */
export function notATensor(where: string, value: unknown, or = ''): OptionError {
  return new OptionError({
    code: 'arguments/tensor',
    got: `${where} got ${inMessage(value)} where a tensor goes`,
    expected: `a tensor${or}`,
    fix: instead(value),
  });
}

/** What the caller most likely has to type. */
function instead(value: unknown): string {
  if (value === undefined) return 'pass the tensor that is missing';
  if (isThenable(value)) return 'await the promise first';
  if (typeof value === 'number') return `write tensor(${value})`;
  if (Array.isArray(value)) return value.some(isTensor) ? 'write stack([…]) around the tensors' : 'write tensor([…])';
  if (ArrayBuffer.isView(value)) return 'write tensor(…) around the array';
  if (typeof (value as { forward?: unknown } | null)?.forward === 'function') return 'pass what its forward returns';
  return 'make one with tensor([…]), zeros(shape) or random.normal(key, shape)';
}
