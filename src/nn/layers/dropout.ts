import { checkArgument, number, refuseExtra } from '../../base/options';
import { dropout } from '../../tensor/ops/random/dropout';
import type { Tensor } from '../../tensor/tensor';
import { checkForward, type ForwardOptions } from '../forward-options';
import { Module } from '../module';

/** Zero elements with probability `rate` and scale up the others; the identity where `forward` gets no key. */
export class Dropout extends Module {
  /** @param rate - Probability of zeroing an element, from 0 to 1. */
  constructor(readonly rate: number) {
    super();
    if (arguments.length > 1) refuseExtra('Dropout', arguments, 1);
    checkArgument('Dropout', 'rate', number({ low: 0, high: 1 }), rate);
  }

  /** Shapes: any → the same. */
  forward(x: Tensor, options: ForwardOptions = {}): Tensor {
    checkForward('Dropout.forward', arguments);
    const { key } = options;
    return key ? dropout(x, this.rate, key) : x;
  }
}
