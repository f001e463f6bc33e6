import { gpu } from '../../../../src/gpu';
import * as f from '../../../../src/index';
import { forEachTensor } from '../../../../src/tensor/tree';
import { type Row, row } from '../harness';
import { floats, functions, left, nothing, options } from '../kinds';
import { ones, type Tensor, tensor } from '../library';

// Derivatives, scopes, switches and backends. What a function of the user's returns is seen when it is called.

const { BackendError, backend, customVjp, debug, grad, hessian, hvp, jacobian, remat, square, sum, valueAndGrad } = f;
type F = (...xs: Tensor[]) => Tensor;
const x = (): Tensor => tensor([0.25, 0.5, 0.75]);
const loss = (y: Tensor): Tensor => sum(square(y));
/** Derivatives with respect to arguments in any structure. */
const total = (...trees: unknown[]): Tensor => {
  let all = tensor(0);
  forEachTensor(trees, (leaf) => {
    all = all.add(loss(leaf));
  });
  return all;
};
const trees = ['[]', '{}', '[tensor]', '{ tensor }', ...floats] as const;
const rule = { forward: (y: Tensor): [Tensor, null] => [y, null], vjp: (g: Tensor) => [g] };
const switches = ['undefined', 'true', 'false'] as const;
const tensors = ['int32', ...floats] as const;

/** Calls what a function returned as well. */
const curried =
  (f: (g: never) => unknown) =>
  ([g, ...xs]: readonly unknown[]): unknown =>
    (f(g as never) as (...xs: unknown[]) => unknown)(...xs);

export const engineRows: readonly Row[] = [
  row('grad', () => [total, x()], [nothing, trees], { call: curried(grad), variadic: true }),
  row('hvp', () => [loss, x(), ones([3])], [nothing, nothing, nothing], { call: curried(hvp) }),
  row('valueAndGrad', () => [() => loss(ones([2])), { w: ones([2]) }, {}], [nothing, ['{}', '{ tensor }'], options], {
    fewest: 1,
    options: { sink: ['undefined', 'function'] },
  }),
  row('valueAndGrad().of', () => [total, { of: 0 }], [functions, ['{}', '{ tensor }', 'undefined']], {
    options: { of: ['undefined', '0', '[]', '[1]', 'other shape'] },
    called: ['valueAndGrad'],
    call: (args) => valueAndGrad(...(args as [F, { of: 0 }])),
  }),
  row('vjp', () => [total, x(), x()], [nothing, trees, trees], { variadic: true }),
  row('jvp', () => [total, x(), ones([3])], [nothing, nothing, nothing]),
  row('jacobian', () => [square, x()], [nothing, floats], { call: curried(jacobian) }),
  row('hessian', () => [loss, x()], [nothing, floats], { call: curried(hessian) }),
  row('customVjp', () => [rule, x()], [nothing, floats], { call: curried(customVjp) }),
  row('remat', () => [loss], [['function']], { call: ([f, ...more]) => remat(...([f, ...more] as [F]))(x()) }),
  row('gradCheck', () => [() => loss(ones([2])), x(), {}], [nothing, ['{}', '{ tensor }', ...floats], options], {
    asynchronous: true,
    options: { tolerance: ['undefined', '0', '1.5', '2**53'] },
  }),
  row('scope', () => [() => 1], [['function']]),
  row('noGrad', () => [() => 1], [['function']]),
  row('profile', () => [() => 1], [['function']]),
  row('keep', () => [x()], [tensors]),
  row('debug', () => [{}], [['{}']], { call: thenBack, options: { nonFinite: switches, poison: switches } }),
  row('memory', () => [], []),
  row('backend', () => [], []),
  row('referenceBackend', () => [], []),
  row('wasmBackend', () => [{ build: 'baseline' }], [options], { options: { build: left } }),
  row('setThreads', () => [1], [left], { asynchronous: true }),
  row('setBackend', () => [backend()], [nothing], { asynchronous: true }), // not inside a scope
  row('gpu', () => [{ mode: 'headlessgl' }], [options], {
    asynchronous: true,
    call: orUnavailable,
    options: { mode: left },
  }),
];

/** Switches that were set do not stay set. */
function thenBack(args: readonly unknown[]): void {
  debug(...(args as [object]));
  debug({ nonFinite: false, poison: false });
}

/** A machine without a GPU gets as far as to find that out. */
async function orUnavailable(args: readonly unknown[]): Promise<void> {
  try {
    await gpu(...(args as []));
  } catch (error) {
    if (!(error instanceof BackendError && error.code === 'gpu/unavailable')) throw error;
  }
}
