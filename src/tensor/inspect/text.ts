import type { TypedArray } from '../../base/dtype';
import { show, sizeOf } from '../../base/shape';
import type { Value } from '../value';
import { printed } from './print';

/** More elements than this, inside of another object, are left to their shape. */
const mostNested = 100;

/**
 * What `console.log` and `toString` show of a tensor: dtype, shape and values, or why there are none now. Reads without
 * running an op, so that no tape, scope or memory of a device changes.
 */
export function textOf(value: Value, nested = false): string {
  const { dtype, shape } = value;
  const head = `Tensor ${dtype} ${show(shape)}`;
  if (nested && sizeOf(shape) > mostNested) return head;
  const values = valuesOf(value);
  return `${head}:${values.includes('\n') ? '\n' : ' '}${values}`;
}

function valuesOf({ backend, storage, shape, freedBy }: Value): string {
  if (freedBy !== null) return `freed by ${freedBy}`;
  try {
    return printed(backend.readSync(storage), shape);
  } catch (error) {
    if ((error as { code?: unknown }).code === 'read/sync') return 'still on the device (read with await t.data())';
    return `cannot be read (${error instanceof Error ? error.message : String(error)})`;
  }
}

/** Elements for JSON, which has no NaN, no infinity and no −0: they are strings, and `Number` makes them numbers again. */
export function plain(values: TypedArray): (number | string)[] {
  return Array.from<number, number | string>(values, (x) => {
    if (!Number.isFinite(x)) return String(x);
    if (Object.is(x, -0)) return '-0';
    if (values instanceof Int32Array) return x;
    const short = Number(x.toPrecision(7)); // nine digits tell all float32 numbers apart, and most that were typed need fewer
    return Math.fround(short) === x ? short : Number(x.toPrecision(9));
  });
}
