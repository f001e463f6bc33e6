import { OptionError } from '../../base/errors';
import { checkArgument, listOf, refuseExtra } from '../../base/options';
import { show } from '../../base/shape';
import { checkTensor } from '../../tensor/check';
import { tensorKind } from '../../tensor/kinds';
import type { Tensor } from '../../tensor/tensor';
import { checkedProjector } from '../checked-projector';
import { matrixMaps } from '../maps/matrix-maps';
import { compressedDimension, type Projection, type Projector, project, smallerSide } from '../projector';

/** One of the given matrices. */
export interface ExplicitProjection extends Projection {
  /** Its position in the list. */
  readonly refresh: number;
}

const matricesKind = listOf(tensorKind);

/**
 * Given matrices instead of random ones, one [r, d] per refresh: to replay a reference run, or to study a fixed
 * projection. It promises nothing, so it has no theory.
 * @throws OptionError `projector/explicit` when a refresh has no matrix, or one of the wrong shape
 */
export function explicit(matrices: readonly Tensor[]): Projector<ExplicitProjection> {
  if (arguments.length > 1) refuseExtra('projectors.explicit', arguments, 1);
  checkArgument('projectors.explicit', 'matrices', matricesKind, matrices);
  for (const matrix of matrices) checkTensor('projectors.explicit', matrix);
  const matrix = (p: ExplicitProjection): Tensor => {
    const a = matrices[p.refresh];
    const d = compressedDimension(p);
    if (a && a.shape[0] === p.rank && a.shape[1] === d) return a;
    throw new OptionError({
      code: 'projector/explicit',
      got: `projectors.explicit got ${a ? show(a.shape) : 'no matrix'} for refresh ${p.refresh}`,
      expected: `a matrix ${show([p.rank, d])} for every refresh`,
      fix: 'pass one matrix per refresh, the first for the start',
    });
  };
  return checkedProjector({
    name: 'explicit',
    side: smallerSide,
    sample(_, shape, rank, refresh = 0) {
      return { ...project(this.side(shape), shape, rank), refresh };
    },
    ...matrixMaps(matrix),
    storedFloats(shape, rank) {
      const [n, m] = shape as readonly [number, number];
      return rank * compressedDimension({ side: this.side(shape), shape: [n, m] });
    },
    theory: () => {
      throw new OptionError({
        code: 'projector/no-theory',
        got: 'explicit.theory has no answer for given matrices',
        expected: 'a random projector',
        fix: 'measure the error of given matrices directly with down and up',
      });
    },
  });
}
