import type { Backend, Storage } from '../backend/contract';
import { backend } from '../backend/current';
import type { DType } from '../base/dtype';
import { BackendError, ShapeError } from '../base/errors';
import type { Shape } from '../base/shape';
import { checkFinite, debugging } from './inspect/debug';
import { profiling } from './inspect/profile';
import { notATensor } from './kinds';
import { checkAlive } from './lifetime';
import { noteRead } from './reads';
import { adopt, currentScope, runInScope } from './scope';
import { type Cotangents, isTracked, recordingTapes, recordOn, recordStep } from './tape';
import { Tensor } from './tensor';
import { isTensor } from './tree';
import { Value } from './value';

/** The operands of an op by name, such as `[x: Tensor, weight?: Tensor]`. */
type Operands = readonly (Tensor | undefined)[];

/** Their values. */
export type ValuesOf<Xs extends Operands> = { readonly [I in keyof Xs]: Value };

/** What every op has: operands `Xs`, and attributes `A` that are not tensors. */
interface Named<Xs extends Operands, A> {
  readonly name: string;
  /**
   * Pulls the cotangent of the output back to the inputs: formulas in the ops that users call, of inputs and output
   * alone. Where this derivative is differentiated again, a second tape is open around the first one and records these
   * ops like any others; so second derivatives need no rule of their own. Each entry is computed only if that input
   * needs it.
   */
  vjp(g: Tensor, inputs: Xs, result: Result<Tensor, A>): Cotangents;
}

/** What an op has left for its vjp. */
interface Result<T, A> {
  readonly output: T;
  readonly attributes: A;
}

/** An op that every backend computes itself: one call of the contract. */
export interface Primitive<Xs extends Operands = Operands, A = undefined> extends Named<Xs, A> {
  kernel(backend: Backend, inputs: ValuesOf<Xs>, attributes: A, shape: Shape): Storage;
}

/**
 * An op that formulas in other ops define, value and derivative. It is one step on a tape whichever form runs: no tape
 * records the ops of `forward`, and what they leave beside the output is freed. Where the backend has a kernel for a
 * formula, the kernel runs in its place.
 */
export interface Composite<Xs extends Operands = Operands, A = undefined> extends Named<Xs, A> {
  /** The value, as a new tensor. */
  forward(inputs: Xs, attributes: A): Tensor;
  /** The kernel of `forward`; undefined where the backend has none. What it makes after the output is for `vjpKernel`. */
  kernel?(backend: Backend, inputs: ValuesOf<Xs>, attributes: A, shape: Shape): Stored | undefined;
  /**
   * The kernel of `vjp`: gradients in the order of the inputs. A tape cannot look into a kernel, so it runs only where
   * none tracks the cotangent, an input or the output.
   */
  vjpKernel?(
    backend: Backend,
    g: Value,
    inputs: ValuesOf<Xs>,
    result: Result<Value, A> & { readonly extras: readonly Value[] },
  ): Stored | undefined;
}

type Stored = Storage | readonly Storage[];

/** What `apply` runs and tapes write down. What users call is a function that checks its arguments and applies one. */
export type Op<Xs extends Operands = Operands, A = undefined> = Primitive<Xs, A> | Composite<Xs, A>;

/** A tensor that names an existing value. */
export function asTensor(value: Value): Tensor {
  return new Tensor(value);
}

/** A new tensor around a storage that was just made, owned by the innermost scope. */
export function wrap(storage: Storage, shape: Shape, origin: string): Tensor {
  const value = new Value(backend(), storage, shape, storage.dtype, origin);
  adopt(value);
  return asTensor(value);
}

/**
 * Run an op, and write a step on every tape that tracks an input. Arguments are already checked. Outside all scopes it
 * opens one, whose only survivor is the result.
 */
export function apply<Xs extends Operands, A>(op: Op<Xs, A>, inputs: Xs, attributes: A, shape: Shape): Tensor {
  if (!currentScope()) return runInScope(op.name, () => apply(op, inputs, attributes, shape));
  const values = operands(op.name, inputs);
  let extras: readonly Value[] = [];
  let output: Tensor;
  const ended = profiling.profiler?.kernel(op.name);
  try {
    const stored = op.kernel?.(backend(), values, attributes, shape);
    if (stored === undefined) output = byFormula(op as Composite<Xs, A>, inputs, attributes);
    else if (!isList(stored)) output = made(stored, shape, op.name);
    else {
      const [first, ...others] = stored;
      extras = others.map((extra) => wrap(extra, [extra.size], op.name).value);
      output = made(first as Storage, shape, op.name);
    }
  } finally {
    ended?.();
  }
  if (recordingTapes().length > 0) {
    recordStep({
      name: op.name,
      inputs: values,
      output: output.value,
      saved: extras,
      pullback: (g) => pullBack(op, g, values, { output: output.value, attributes, extras }),
    });
  }
  return output;
}

/** The value of an op out of other ops, which no tape records. */
function byFormula<Xs extends Operands, A>(op: Composite<Xs, A>, inputs: Xs, attributes: A): Tensor {
  return recordOn(null, () => runInScope(op.name, () => op.forward(inputs, attributes)));
}

/** What an op has left, as a step keeps it. */
type Kept<A> = Result<Value, A> & { readonly extras: readonly Value[] };

/** The kernel of the vjp if there is one and no tape needs to see what it does, the formula otherwise. */
function pullBack<Xs extends Operands, A>(op: Op<Xs, A>, g: Tensor, inputs: ValuesOf<Xs>, kept: Kept<A>): Cotangents {
  const { output, attributes } = kept;
  const unseen = 'vjpKernel' in op && !isTracked([g.value, output, ...inputs]);
  const gradients = unseen ? byVjpKernel(op, g.value, inputs, kept) : undefined;
  return gradients ?? op.vjp(g, tensorsOf(inputs), { output: asTensor(output), attributes });
}

function byVjpKernel<Xs extends Operands, A>(
  op: Composite<Xs, A>,
  g: Value,
  inputs: ValuesOf<Xs>,
  kept: Kept<A>,
): Cotangents | undefined {
  const origin = `${op.name} vjp`;
  for (const value of [g, kept.output, ...inputs]) checkOperand(origin, value);
  const stored = run(origin, () => op.vjpKernel?.(backend(), g, inputs, kept));
  if (stored === undefined) return undefined;
  return (isList(stored) ? stored : [stored]).map((storage, i) => {
    const input = inputs[i];
    if (input === undefined) {
      backend().free(storage); // the gradient of an operand that was left out
      return null;
    }
    const gradient = made(storage, input.shape, origin);
    return () => gradient;
  });
}

/** Tensors that name these values. */
function tensorsOf<Xs extends Operands>(values: ValuesOf<Xs>): Xs {
  return values.map(asTensor) as readonly Tensor[] as Xs;
}

function isList(stored: Stored): stored is readonly Storage[] {
  return Array.isArray(stored);
}

/** Run a kernel that is not recorded: a comparison, random numbers. */
export function compute<const Xs extends readonly Tensor[]>(
  origin: string,
  inputs: Xs,
  shape: Shape,
  kernel: (backend: Backend, inputs: ValuesOf<Xs>) => Storage,
): Tensor {
  if (!currentScope()) return runInScope(origin, () => compute(origin, inputs, shape, kernel));
  const values = operands(origin, inputs);
  return made(
    run(origin, () => kernel(backend(), values)),
    shape,
    origin,
  );
}

/** `compute` for a kernel with several results. Only called inside a scope. */
export function computeAll<const Xs extends readonly Tensor[]>(
  origin: string,
  inputs: Xs,
  shapes: readonly Shape[],
  kernel: (backend: Backend, inputs: ValuesOf<Xs>) => readonly Storage[],
): Tensor[] {
  const values = operands(origin, inputs);
  const storages = run(origin, () => kernel(backend(), values));
  return storages.map((storage, i) => made(storage, shapes[i] as Shape, origin));
}

/** Run a kernel, with the profiler looking on if there is one. */
function run<T>(name: string, kernel: () => T): T {
  const ended = profiling.profiler?.kernel(name);
  try {
    return kernel();
  } finally {
    ended?.();
  }
}

/** What a kernel made: wrapped, and looked at when `debug` asks for it. */
function made(storage: Storage, shape: Shape, origin: string): Tensor {
  const result = wrap(storage, shape, origin);
  if (debugging.nonFinite) checkFinite(origin, result.value);
  return result;
}

/** The values that these tensors name, as kernels of the current backend can read them. */
function operands<Xs extends Operands>(where: string, inputs: Xs): ValuesOf<Xs> {
  return inputs.map((x) => {
    const { value } = x as Tensor;
    checkOperand(where, value);
    noteRead(value);
    return value;
  }) as readonly Value[] as ValuesOf<Xs>;
}

/** @throws BackendError `backend/mixed` @throws StateError `scope/freed` */
function checkOperand(where: string, value: Value): void {
  checkAlive(where, value);
  if (value.backend === backend()) return;
  throw new BackendError({
    code: 'backend/mixed',
    got: `${where} got ${value} on the backend ${value.backend.name} while ${backend().name} is current`,
    expected: 'all tensors on one backend',
    fix: 'call setBackend before making tensors, or move one with tensor(await t.data(), { shape: t.shape })',
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

/** `checkDType` for a value that is known to be a tensor. */
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
