import { OptionError } from '../../base/errors';
import { callable, checkArgument, refuseExtra } from '../../base/options';
import { mul } from '../../tensor/ops/elementwise/mul';
import { compressedDimension, type Projection, type Projector, projectorKind } from '../projector';
import type { Theory } from '../theory/theory';

const gainKind = callable<(d: number, rank: number) => number>('of the compressed dimension and the rank');

/**
 * A projector whose round trip is multiplied by a gain, √gain on the way down and on the way up. With gain r/d the rows of
 * an A that are orthogonal, as those of `projectors.srht` for d = 2^p, become orthonormal: up(down(G)) is an orthogonal
 * projection, and what is left, G − up(down(G)), is orthogonal to what was taken. The price is a bias,
 * E[up(down(G))] = (r/d)·G. The theory has no variance of the error.
 * @throws OptionError `projector/no-theory` from `theory`, for a projector without a gain of its own
 * @example
 * const rotated = withGain(projectors.srht, (d, rank) => rank / d);
 * const p = rotated.sample(random.key(0), [4, 2], 2);
 * const once = rotated.up(p, rotated.down(p, ones([4, 2])));
 * const twice = rotated.up(p, rotated.down(p, once));
 * const [off = 1] = sum(square(sub(once, twice))).dataSync();
 * console.log(off < 1e-10); // prints true
 */
export function withGain<P extends Projection>(
  projector: Projector<P>,
  gain: (d: number, rank: number) => number,
): Projector<P> {
  if (arguments.length > 2) refuseExtra('withGain', arguments, 2);
  checkArgument('withGain', 'projector', projectorKind, projector);
  checkArgument('withGain', 'gain', gainKind, gain);
  const of = (p: P): number => gain(compressedDimension(p), p.rank);
  return {
    ...projector,
    name: `${projector.name} with a gain`,
    down: (p, gradient) => mul(projector.down(p, gradient), Math.sqrt(of(p))),
    up: (p, compressed) => mul(projector.up(p, compressed), Math.sqrt(of(p))),
    transfer: (compressed, from, to) => mul(projector.transfer(compressed, from, to), Math.sqrt(of(from) * of(to))),
    theory: (d, rank, gradient) => multiplied(projector.theory(d, rank, gradient), gain(d, rank), projector.name),
  };
}

/** E‖c·Ĝ − G‖² = c²·E‖Ĝ‖² − 2c·E⟨Ĝ, G⟩ + ‖G‖², where E‖Ĝ‖² = (mse + 2·gain − 1)·‖G‖². */
function multiplied({ gain, relativeMse, readingVariance, ...theory }: Theory, c: number, name: string): Theory {
  if (gain === null) throw unknownMean(name);
  const { largestReadingVariance } = theory;
  return {
    gain: c * gain,
    relativeMse: Math.max(0, c ** 2 * (relativeMse + 2 * gain - 1) - 2 * c * gain + 1),
    ...(readingVariance && { readingVariance: (g, w) => c ** 2 * readingVariance(g, w) }),
    ...(largestReadingVariance !== undefined && { largestReadingVariance: c ** 2 * largestReadingVariance }),
  };
}

function unknownMean(name: string): OptionError {
  return new OptionError({
    code: 'projector/no-theory',
    got: `withGain got ${name}, whose mean is no multiple of the gradient`,
    expected: 'a projector with a gain of its own',
    fix: 'use a projector such as projectors.srht',
  });
}
