import { type Shape, show } from '../base/shape';
import type { Treatment } from '../optim/transform';
import { compressedDimension, type Projection, type Projector } from './projector';

/**
 * Momentum that is carried to a new projection grows: with C = M·Aᵀ, E‖C·A_old·A_newᵀ‖² = (1 + mse)·‖C‖² for an unbiased
 * projector of relative squared error mse, which is above 1 for most ranks. In κ steps it decays by β^(2κ). So it stays
 * bounded only for κ > ln(1 + mse)/(−2·ln β): 16.6 steps at β = 0.9 for a dimension of 256 and rank 8.
 * Returns the least whole κ; 1 where nothing grows, Infinity for a sum that forgets nothing (β = 1).
 */
export function leastStableInterval(decay: number, growth: number): number {
  if (growth <= 1) return 1;
  if (decay === 1) return Infinity;
  return decay === 0 ? 1 : Math.floor(Math.log(growth) / (-2 * Math.log(decay))) + 1;
}

/** How much a transfer multiplies E‖C‖² by, E‖up(down(G))‖²/‖G‖²; null where the theory does not say so without a gradient. */
function growthOf<P extends Projection>(projector: Projector<P>, shape: Shape, rank: number): number | null {
  if (projector.refresh) return null;
  try {
    const [n, m] = shape as readonly [number, number];
    const { relativeMse, gain } = projector.theory(
      compressedDimension({ side: projector.side(shape), shape: [n, m] }),
      rank,
    );
    return gain === null || !Number.isFinite(relativeMse) ? null : relativeMse + 2 * gain - 1;
  } catch {
    return null; // it depends on the gradient
  }
}

/** Why a compressed parameter's momentum grows without bound at this interval; null where it does not, or cannot be told. */
export function instability<P extends Projection>(
  { rank, compressed }: Treatment,
  shape: Shape,
  { projector, decay, interval }: { projector: Projector<P>; decay: number; interval: number },
): string | null {
  const growth = compressed && rank !== null ? growthOf(projector, shape, rank) : null;
  if (growth === null) return null;
  const least = leastStableInterval(decay, growth);
  if (interval >= least) return null;
  const cure = least === Infinity ? 'reset' : `refresh every ${least} steps or more, or reset`;
  return `unstable: a transfer every ${interval} steps lets momentum grow without bound; ${cure}`;
}

const said = new Set<string>();

/** Warn once of each case. What compresses is not refused: short runs may be sound, and studies look at what happens. */
export function warnOfInstability(name: string, path: string, shape: Shape, reason: string): void {
  const message = `floragrad: ${name} of ${path} ${show(shape)} is ${reason} (explain says which parameters)`;
  if (said.has(message)) return;
  said.add(message);
  console.warn(message);
}
