import { fromArray } from '../tensor/ops/create';
import { mul } from '../tensor/ops/elementwise/mul';
import { gather } from '../tensor/ops/movement/gather';
import { transpose } from '../tensor/ops/movement/transpose';
import type { Tensor } from '../tensor/tensor';
import type { LowRankFactors } from './low-rank-adapter';

/** B ⊙ mask [out, r]: the up factor without the columns of components that do not count. */
export function maskedUp({ B, mask }: LowRankFactors): Tensor {
  return mask ? mul(B, mask) : B;
}

/** The components that count, as factors of their number without a mask; null where none does. */
export async function unmasked({ A, B, mask }: LowRankFactors): Promise<LowRankFactors | null> {
  if (!mask) return { A, B };
  const values = await mask.data();
  const kept = Int32Array.from(values.keys()).filter((i) => values[i] !== 0);
  if (kept.length === 0) return null;
  const components = fromArray(kept, [kept.length]);
  return { A: gather(A, components), B: transpose(gather(transpose(B), components)) };
}
