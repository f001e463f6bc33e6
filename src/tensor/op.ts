import type { Backend, Storage } from '../backend/contract';
import { backend } from '../backend/current';
import type { DType } from '../base/dtype';
import { BackendError, ShapeError } from '../base/errors';
import type { Shape } from '../base/shape';
import { mapTuple, type Tuple } from '../base/tuple';
import { checkFinite, debugging } from './inspect/debug';
import { profiling } from './inspect/profile';
import { notATensor } from './kinds';
import { adopt, checkAlive, currentScope, runInScope } from './scope';
import { type Cotangents, noteRead, record, recordingTapes } from './tape';
import type { Tensor } from './tensor';
import { isTensor } from './tree';
import { Value } from './value';

/**
 * An operation on `N` tensors with attributes `A`. What users call is a function that checks its arguments and then
 * `apply`s one of these.
 */
export interface Op<N extends number = number, A = undefined> {
  readonly name: string;
  /** One kernel call. Storages after the first are no results: they are there for the vjp, which gets them as `extras`. */
  forward(backend: Backend, inputs: Tuple<N, Value>, attributes: A, shape: Shape): Storage | readonly Storage[];
  /**
   * Pull the cotangent of the output back to the inputs, with the same public ops, so that second derivatives come for
   * free. Each entry is computed only if that input needs it.
   */
  vjp(g: Tensor, inputs: Tuple<N, Tensor>, saved: Saved<A>): Cotangents;
  /** For a fused op, whose vjp is a kernel: the same function out of public ops, used when an outer tape is recording. */
  composed?(inputs: Tuple<N, Tensor>, attributes: A): Tensor;
}

/** What a vjp finds again. */
interface Saved<A> {
  readonly output: Tensor;
  readonly attributes: A;
  /** One axis each. */
  readonly extras: readonly Tensor[];
}

let construct: ((value: Value) => Tensor) | undefined;

/** `tensor.ts` says once how a tensor is made: it calls ops, so ops cannot import it. */
export function bindTensor(make: (value: Value) => Tensor): void {
  construct = make;
}

/** A tensor that names an existing value. */
export function asTensor(value: Value): Tensor {
  return (construct as NonNullable<typeof construct>)(value);
}

/** A new tensor around a storage that was just made, owned by the innermost scope. */
export function wrap(storage: Storage, shape: Shape, origin: string): Tensor {
  const value = new Value(backend(), storage, shape, storage.dtype, origin);
  adopt(value);
  return asTensor(value);
}

/** Run an op: its kernel, and a line on every tape that tracks an input. Arguments are already checked. */
export function apply<N extends number, A>(
  op: Op<N, A>,
  inputs: Tuple<N, Tensor>,
  attributes: A,
  shape: Shape,
): Tensor {
  if (!currentScope()) return runInScope(op.name, () => apply(op, inputs, attributes, shape));
  const values = operands(op.name, inputs);
  const stored = run(op.name, () => op.forward(backend(), values, attributes, shape));
  const [storage, ...others] = isList(stored) ? stored : [stored];
  const output = made(storage as Storage, shape, op.name);
  const extras = others.map((extra) => wrap(extra, [extra.size], op.name).value);
  if (recordingTapes().length > 0) record(op, values, output.value, extras, attributes, asTensor);
  return output;
}

function isList(stored: Storage | readonly Storage[]): stored is readonly Storage[] {
  return Array.isArray(stored);
}

/** Run a kernel that no tape shall see: the vjp of a fused op, a comparison, random numbers. */
export function compute<N extends number>(
  origin: string,
  inputs: Tuple<N, Tensor>,
  shape: Shape,
  kernel: (backend: Backend, inputs: Tuple<N, Value>) => Storage,
): Tensor {
  if (!currentScope()) return runInScope(origin, () => compute(origin, inputs, shape, kernel));
  const values = operands(origin, inputs);
  return made(
    run(origin, () => kernel(backend(), values)),
    shape,
    origin,
  );
}

/** As `compute`, for a kernel with several results. Only called inside a scope. */
export function computeAll(
  origin: string,
  inputs: readonly Tensor[],
  shapes: readonly Shape[],
  kernel: (backend: Backend, inputs: readonly Value[]) => readonly Storage[],
): Tensor[] {
  const values = operands<number>(origin, inputs);
  const storages = run(origin, () => kernel(backend(), values));
  return storages.map((storage, i) => made(storage, shapes[i] as Shape, origin));
}

/** Run a kernel, under the eyes of the profiler if there is one. */
function run<T>(name: string, kernel: () => T): T {
  return profiling.profiler === null ? kernel() : profiling.profiler.kernel(name, kernel);
}

/** What a kernel made: wrapped, and looked at when `debug` asks for it. */
function made(storage: Storage, shape: Shape, origin: string): Tensor {
  const result = wrap(storage, shape, origin);
  if (debugging.nonFinite) checkFinite(origin, result.value);
  return result;
}

function operands<N extends number>(where: string, inputs: Tuple<N, Tensor>): Tuple<N, Value> {
  return mapTuple(inputs, ({ value }: Tensor) => {
    checkAlive(where, value);
    noteRead(value);
    if (value.backend === backend()) return value;
    throw new BackendError({
      code: 'backend/mixed',
      got: `${where} got ${value} on the backend ${value.backend.name} while ${backend().name} is current`,
      expected: 'all tensors on one backend',
      fix: 'call setBackend before making tensors, or move one with tensor(await t.data(), { shape: t.shape })',
    });
  });
}

/**
 * Live float32 tensors.
 * @throws OptionError `arguments/tensor`
 * @throws ShapeError `dtype/float32`
 * @throws StateError `scope/freed`
 */
export function checkFloat(where: string, ...inputs: readonly Tensor[]): void {
  for (let i = 0; i < inputs.length; i++) checkDType(where, inputs[i] as Tensor, 'float32');
}

/**
 * A live tensor of a dtype, for the function `where` that the user called.
 * @throws OptionError `arguments/tensor`
 * @throws ShapeError `dtype/float32` or `dtype/int32`
 * @throws StateError `scope/freed`
 */
export function checkDType(where: string, x: Tensor, dtype: DType): void {
  if (!isTensor(x)) throw notATensor(where, x);
  checkLive(where, x, dtype);
}

/** As `checkDType`, of what is known to be a tensor. */
function checkLive(where: string, x: Tensor, dtype: DType): void {
  checkAlive(where, x.value);
  if (x.value.dtype === dtype) return;
  throw new ShapeError({
    code: `dtype/${dtype}`,
    got: `${where} got ${x.value} of dtype ${x.dtype}`,
    expected: `a tensor of dtype ${dtype}`,
    fix: `call x.cast('${dtype}') first`,
  });
}
