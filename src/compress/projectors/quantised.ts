import { OptionError } from '../../base/errors';
import { boolean, checkArgument, type OptionsOf, optional, readOptions, refuseExtra } from '../../base/options';
import { checkTensor } from '../../tensor/check';
import { transpose } from '../../tensor/ops/movement/transpose';
import { compressedDimension, type Projector, projectorKind } from '../projector';
import { bitsKind, dequantise, groupSizeKind, type Quantised, quantise } from '../quantise';
import type { StoredProjection } from './svd';

/** What makes A again from the codes that stand in the place of `matrix`, as int32 words. */
export interface Quantisation {
  /** Scales, zeros and grouping. */
  readonly quantised: Omit<Quantised, 'words'>;
}

const quantisedOptions = {
  /** Bits of an entry of A: 2, 4 or 8 (default 4). */
  bits: optional(bitsKind, 4),
  /** Entries that share a scale, row by row (default: a row of A). */
  groupSize: optional(groupSizeKind),
  /** The quantiser of the published code, and on the left its groups: they run along the r axis (default false). */
  reference: optional(boolean, false),
};

/** The options of `quantised`. */
export interface QuantisedOptions extends OptionsOf<typeof quantisedOptions> {}

/**
 * A projector that stores its A [r, d] in a few bits, see `quantise`. What comes back from the codes, Â, serves for down and
 * up alike; its rows are nearly orthonormal, and the round trip is that of Â. State in place of r·d floats: r·d·bits/32
 * words, and a scale and a zero for each group.
 * @throws OptionError `arguments/tensor` for a projector that stores no matrix
 * @throws ShapeError `quantise/group`
 * @see Zhang et al., "Q-GaLore", arXiv 2407.08296, section 3.3.
 * @example
 * console.log(quantised(projectors.svd, { bits: 4 }).storedFloats([256, 128], 16)); // prints 288
 */
export function quantised<P extends StoredProjection>(
  projector: Projector<P>,
  options: QuantisedOptions = {},
): Projector<P & Quantisation> {
  if (arguments.length > 2) refuseExtra('quantised', arguments, 2);
  checkArgument('quantised', 'projector', projectorKind, projector);
  const { bits, groupSize, reference } = readOptions('quantised', quantisedOptions, options, 'projector');
  const { refresh, ...others } = projector;
  const turned = ({ side }: StoredProjection): boolean => reference && side === 'left';

  const packed = (p: P): P & Quantisation => {
    checkTensor(`quantised(${projector.name}).sample`, p.matrix);
    const laid = turned(p) ? transpose(p.matrix) : p.matrix;
    const { words, ...rest } = quantise(laid, { bits, groupSize, reference });
    return { ...p, matrix: words, quantised: rest };
  };
  const restored = (p: P & Quantisation): P => {
    const values = dequantise({ words: p.matrix, ...p.quantised });
    return { ...p, matrix: turned(p) ? transpose(values) : values };
  };

  const wrapped: Projector<P & Quantisation> = {
    ...others,
    name: `quantised ${projector.name}`,
    sample(key, shape, rank, count) {
      return packed(projector.sample.call(this ?? wrapped, key, shape, rank, count));
    },
    down: (p, gradient) => projector.down(restored(p), gradient),
    up: (p, compressed) => projector.up(restored(p), compressed),
    transfer: (compressed, from, to) => projector.transfer(compressed, restored(from), restored(to)),
    storedFloats(shape, rank) {
      const [n, m] = shape as readonly [number, number];
      const self = this ?? wrapped;
      const side = self.side(shape);
      const d = compressedDimension({ side, shape: [n, m] });
      const groups = (rank * d) / (groupSize ?? (reference && side === 'left' ? rank : d));
      const beside = projector.storedFloats.call(self, shape, rank) - rank * d;
      return beside + Math.ceil((rank * d * bits) / 32) + 2 * groups;
    },
    theory: () => {
      throw new OptionError({
        code: 'projector/no-theory',
        got: `quantised(${projector.name}).theory has no answer`,
        expected: 'a projector that is not rounded',
        fix: 'measure the error with down and up',
      });
    },
  };
  if (!refresh) return wrapped;
  return {
    ...wrapped,
    refresh(p, gradient, context) {
      const before = restored(p);
      const made = refresh.call(projector, before, gradient, context);
      return made === before ? p : packed(made);
    },
  };
}
