import { fold } from '../../base/key';
import { checkArgument, type OptionsOf, optional, readOptions, refuseExtra } from '../../base/options';
import { gather } from '../../tensor/ops/movement/gather';
import type { Tensor } from '../../tensor/tensor';
import { type Adaptable, type Adapter, activeAdapter } from '../adapter';
import { checkForward, type ForwardOptions } from '../forward-options';
import { initializers } from '../initializers';
import { Module } from '../module';
import { deviation, extent, keyOption } from '../options';

const embeddingOptions = {
  /** Standard deviation of the first values (default 1). */
  std: optional(deviation, 1),
  ...keyOption,
};

/** First values of the table. */
export interface EmbeddingOptions extends OptionsOf<typeof embeddingOptions> {}

/** A table with one learned row for each id: weight [rows, width]. */
export class Embedding extends Module implements Adaptable {
  /** The table [rows, width]. */
  weight: Tensor;
  /** What changes the output, if anything: see `lora`. */
  lora: Adapter | null = null;

  /** The weight starts as N(0, std²). */
  constructor(rows: number, width: number, options: EmbeddingOptions) {
    super();
    if (arguments.length > 3) refuseExtra('Embedding', arguments, 3);
    checkArgument('Embedding', 'rows', extent, rows);
    checkArgument('Embedding', 'width', extent, width);
    const { std, key } = readOptions('Embedding', embeddingOptions, options, 'rows, width');
    this.weight = initializers.normal(fold(key, 'weight'), [rows, width], std);
  }

  /** Shapes: ids int32 [...] → [..., width]. The key is for the dropout of an adapter. @throws ShapeError `index/range` */
  forward(ids: Tensor, options: ForwardOptions = {}): Tensor {
    checkForward('Embedding.forward', arguments);
    const adapter = activeAdapter(this);
    if (adapter) return adapter.forward(ids, this.weight, null, options);
    return gather(this.weight, ids);
  }
}
