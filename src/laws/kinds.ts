import { callable, type Kind, kindOf } from '../base/options';
import type { Input } from './op/case';
import type { Extents } from './op/shapes';

// What the makers of laws and of cases take.

/** An arbitrary of fast-check that draws extents. */
export const extentsKind: Kind<Extents> = kindOf(
  'an arbitrary of fast-check, as opLaws hands it to cases',
  (value) => typeof (value as { generate?: unknown } | null | undefined)?.generate === 'function',
);

/** What `real`, `positive`, `spaced` and `ids` make. */
export const inputKind: Kind<Input> = kindOf('an input such as real([2, 3])', (value) => {
  const { shape, draw } = (value ?? {}) as Readonly<Record<string, unknown>>;
  return Array.isArray(shape) && typeof draw === 'function';
});

/** The maker of an input. */
export const inputOf = callable<(shape: readonly number[]) => Input>('of a shape such as real');

/** An op. */
export const opKind = callable('of tensors');
