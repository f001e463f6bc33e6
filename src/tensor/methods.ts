import { asArray, refuseExtra } from '../base/options';
import * as ops from './ops/methods';
import { Tensor } from './tensor';

/** An op as a method: its first argument is the tensor. */
type Method<Op> = Op extends (x: Tensor, ...rest: infer Rest) => infer Result ? (...rest: Rest) => Result : never;

/** `a.add(b)` is `add(a, b)`. In the declarations of the package each has the text of its op. */
export type Methods = { [Name in keyof typeof ops]: Method<(typeof ops)[Name]> };

/** These ops take a list. Calls that forget its brackets, `x.reshape(2, 3)`, get an error that says so. */
const takeList: readonly unknown[] = [ops.reshape, ops.transpose, ops.broadcastTo];

/** These take any number of arguments, and count them themselves. */
const takeMany: readonly unknown[] = [ops.at];

for (const [name, op] of Object.entries(ops)) {
  Object.defineProperty(Tensor.prototype, name, { value: method(name, op), writable: true, configurable: true });
}

function method(name: string, op: (...args: never[]) => unknown): (...rest: unknown[]) => unknown {
  const most = takeMany.includes(op) ? Infinity : op.length - 1;
  const run = op as (...args: unknown[]) => unknown;
  return function (this: Tensor, ...rest) {
    if (rest.length > most) refuseExtra(name, rest, most, takeList.includes(op) ? asArray(name, rest) : undefined);
    return run(this, ...rest);
  };
}
