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
  const kept = await nonzeros(mask);
  return kept && componentsOf({ A, B }, kept);
}

/** Where a vector is not 0, int32; null where it is 0 everywhere. */
export async function nonzeros(t: Tensor): Promise<Tensor | null> {
  const values = await t.data();
  const kept = Int32Array.from(values.keys()).filter((i) => values[i] !== 0);
  return kept.length === 0 ? null : fromArray(kept, [kept.length]);
}

/** Factors of some components, given by their places. */
export function componentsOf({ A, B }: LowRankFactors, places: Tensor): LowRankFactors {
  return { A: gather(A, places), B: transpose(gather(transpose(B), places)) };
}
