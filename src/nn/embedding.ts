import { checkNumber, checkOptions } from '../base/errors';
import { fold, type Key } from '../base/key';
import { gather } from '../tensor/ops/gather';
import type { Tensor } from '../tensor/tensor';
import type { Adapter } from './adapter';
import type { ForwardOptions } from './forward-options';
import { init } from './init';
import { Module } from './module';

/** First values of the table. */
export interface EmbeddingOptions {
  /** Standard deviation of the first values (default 1). */
  readonly std?: number | undefined;
  /** What the first values are drawn from. */
  readonly key: Key;
}

/** A table with one learned row for each id: weight [rows, width]. */
export class Embedding extends Module {
  /** The table [rows, width]. */
  weight: Tensor;
  /** What changes the table, if anything: see `lora`. */
  lora: Adapter | null = null;

  /** The weight starts as N(0, std²). */
  constructor(rows: number, width: number, options: EmbeddingOptions) {
    super();
    checkOptions('Embedding', options, ['std', 'key']);
    checkNumber('Embedding', 'rows', rows, { low: 1, whole: true });
    checkNumber('Embedding', 'width', width, { low: 1, whole: true });
    this.weight = init.normal(fold(options.key, 'weight'), [rows, width], options.std ?? 1);
  }

  /** Shapes: ids int32 [...] → [..., width]. The key is for the dropout of an adapter. @throws ShapeError `index/range` */
  forward(ids: Tensor, options: ForwardOptions = {}): Tensor {
    if (this.lora) return this.lora.forward(ids, this.weight, null, options);
    return gather(this.weight, ids);
  }
}
