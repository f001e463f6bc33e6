import { fold, key } from '../base/key';
import type { Projection, Projector } from '../compress/projector';
import type { GradientValues } from '../compress/theory/theory';
import { noGrad } from '../tensor/derivatives/no-grad';
import type { Tensor } from '../tensor/tensor';

/** A projection for one gradient: a fresh sample, or made for the gradient by projectors that look at it. */
export function drawProjection<P extends Projection>(
  projector: Projector<P>,
  gradient: Tensor,
  options: { rank: number; seed: number; trial: number },
): P {
  const { rank, seed, trial } = options;
  const drawn = fold(key(seed), 'trial', trial);
  const sample = projector.sample(drawn, gradient.shape, rank, trial);
  const context = { key: drawn, first: true, step: 0, turn: 0, inner: undefined, path: 'w' };
  return projector.refresh?.(sample, gradient, context) ?? sample;
}

/**
 * Ĝ = up(down(G)) under a draw of its own for each trial. Projectors that look at gradients make it of `madeOf`, which is
 * G itself where it is left out. Shapes: gradient and madeOf [n, m] → n·m values.
 */
export async function roundTrip<P extends Projection>(
  projector: Projector<P>,
  gradient: Tensor,
  { madeOf = gradient, ...draw }: { rank: number; seed: number; trial: number; madeOf?: Tensor },
): Promise<ArrayLike<number>> {
  const lifted = noGrad(() => {
    const projection = drawProjection(projector, madeOf, draw);
    return projector.up(projection, projector.down(projection, gradient));
  });
  return lifted.data();
}

/** A gradient with its values, and the side that a projector compresses of it. */
export async function readGradient(projector: Pick<Projector, 'side'>, gradient: Tensor): Promise<GradientValues> {
  const [n, m] = gradient.shape as readonly [number, number];
  return { values: await gradient.data(), shape: [n, m], side: projector.side(gradient.shape) };
}

/** Σ a ⊙ b in float64. */
export function inner(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

/** Scaled to norm 1. */
export function unit(values: ArrayLike<number>): Float64Array {
  const norm = Math.sqrt(inner(values, values));
  return Float64Array.from(values, (x) => x / norm);
}
