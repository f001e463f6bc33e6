import type { TypedArray } from '../../base/dtype';
import type { Backend, Operand, Storage } from '../contract';
import { referenceBackend } from '../reference/backend';
import type { GpuRunner } from './runner';

const cpu = referenceBackend();

/**
 * int32 operands whose values the host knows are computed with there, and exactly: on the device they would be floats.
 * Null: none is int32, or the device alone knows one.
 */
export function mirrored(
  on: GpuRunner,
  operands: readonly (Operand | number)[],
  compute: (reference: Backend, operands: readonly (Operand | number)[]) => Storage,
): Storage | null {
  if (!operands.some((x) => typeof x !== 'number' && x.dtype === 'int32')) return null;
  const values = operands.map((x) => (typeof x === 'number' ? null : on.known(x)));
  if (operands.some((x, i) => typeof x !== 'number' && values[i] === null)) return null;
  const result = compute(
    cpu,
    operands.map((x, i) => (typeof x === 'number' ? x : { ...x, storage: cpu.fromHost(values[i] as TypedArray) })),
  );
  const made = cpu.readSync(result);
  cpu.free(result);
  return on.host(made);
}
