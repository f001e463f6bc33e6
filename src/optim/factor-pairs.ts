import { refuseExtra } from '../base/options';
import { checkRecord } from './transform';

/** The two factors of one adapter, by their paths. */
export interface FactorPair {
  /** Of the layer; '' for a model that is one layer. */
  readonly path: string;
  /** '….lora.A', the down factor. */
  readonly A: string;
  /** '….lora.B', the up factor. */
  readonly B: string;
}

/**
 * The pairs of factors in a record, for transforms that need both factors of an adapter for the update of either. Such a
 * transform sees the whole record, so it is not `leafwise`. Take the pairs from the parameters, not from the gradients:
 * a factor may be frozen. Paths with one factor only are left out.
 * @example
 * const model = new MLP({ sizes: [4, 4, 2], key: random.key(0) });
 * lora(model, { rank: 2, match: 'layers.1' });
 * console.log(factorPairs(model.parameters())); // prints [ { path: 'layers.1', A: 'layers.1.lora.A', B: 'layers.1.lora.B' } ]
 */
export function factorPairs(params: Readonly<Record<string, unknown>>): FactorPair[] {
  if (arguments.length > 1) refuseExtra('factorPairs', arguments, 1);
  checkRecord('factorPairs', 'params', params);
  return Object.keys(params).flatMap((A) => {
    const [, dotted] = /^((?:.+\.)?)lora\.A$/.exec(A) ?? [];
    const B = `${dotted}lora.B`;
    return dotted !== undefined && Object.hasOwn(params, B) ? [{ path: dotted.slice(0, -1), A, B }] : [];
  });
}
