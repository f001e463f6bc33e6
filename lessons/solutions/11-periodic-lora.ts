import { type Key, random, zeros } from 'floragrad';
import type { Adapted } from '../11-periodic-lora';

export function unload({ W, B, A }: Adapted, key: Key): Adapted {
  const rank = A.shape[0] as number;
  return {
    W: W.add(B.matmul(A)), // what was learned stays
    // One factor must be 0, or the function would jump; and only one, or both gradients, G·Aᵀ and Bᵀ·G, would be 0 for ever.
    B: zeros(B.shape),
    // New directions: in the old ones the stage has left nothing, so the gradient of B, G·Aᵀ, would start at about 0, on a saddle.
    A: random.normal(key, A.shape).mul(rank ** -0.5),
  };
}
