import { OptionError } from '../../base/errors';
import { listOf, number, type OptionsOf, optional, readOptions, refuseExtra } from '../../base/options';
import { type KeyedProjection, keyed } from '../keyed';
import { asSelection, drawCoordinates, drawnCoordinatesTheory, errorVariance } from '../maps/sampled-coordinates';
import { selectionMaps } from '../maps/selection-maps';
import { compressedDimension, needGradient, type Projector } from '../projector';
import { oneSided } from '../theory/theory';

const coordinatesOptions = {
  /** q up to a factor, one positive number for each of the d coordinates (default: all the same). */
  chances: optional(listOf(number({ low: 0 }))),
};

/**
 * r rows (left) or columns (right) drawn with replacement; repeated picks add. Uniform draws have the relative squared
 * error (d − 1)/r; with `chances`, one positive number for each of the d coordinates, (Σ‖g_j‖²/q_j − ‖G‖²)/(r‖G‖²).
 * @throws OptionError `projector/chances`
 */
export function coordinatesWithReplacement(
  options: OptionsOf<typeof coordinatesOptions> = {},
): Projector<KeyedProjection> {
  if (arguments.length > 1) refuseExtra('projectors.coordinatesWithReplacement', arguments, 1);
  const { chances } = readOptions('projectors.coordinatesWithReplacement', coordinatesOptions, options);
  const chancesFor = (d: number): ArrayLike<number> => {
    if (chances === undefined) return new Float64Array(d).fill(1);
    if (chances.length === d && chances.every((q) => q > 0 && q < Infinity)) return chances;
    throw new OptionError({
      code: 'projector/chances',
      got: `coordinatesWithReplacement got ${chances.length} chances, the smallest ${Math.min(...chances)}`,
      expected: `${d} positive numbers, one for each coordinate`,
      fix: 'use a small number in place of zero, or leave chances out for uniform draws',
    });
  };
  return keyed('coordinatesWithReplacement', {
    maps: selectionMaps((p: KeyedProjection) =>
      asSelection(drawCoordinates(p.key, p.rank, chancesFor(compressedDimension(p)))),
    ),
    theory(d, rank, gradient) {
      if (chances) {
        const name = 'coordinatesWithReplacement with chances';
        return drawnCoordinatesTheory(needGradient(name, gradient), rank, chancesFor(d));
      }
      return oneSided({
        gain: 1,
        relativeMse: (d - 1) / rank,
        // A weighted mean of errors of single coordinates scatters at most as one of them does.
        relativeMseVariance: errorVariance(rank, 1 / d),
        varianceOf: ({ trace, diagonalSquares }) => Math.max(0, d * diagonalSquares - trace ** 2) / rank,
      });
    },
  });
}
