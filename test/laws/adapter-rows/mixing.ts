import {
  type Adaptable,
  type Adapter,
  activeAdapter,
  type ForwardOptions,
  linear,
  Module,
  random,
  type Tensor,
  transpose,
} from '../../../src/index';

/** A layer of a user: y[t] = Σ W[t, u]·x[u] + b[t], it mixes the positions of sequences. */
export class Mixing extends Module implements Adaptable {
  /** [T, T] */
  weight: Tensor;
  /** [T] */
  bias: Tensor;
  lora: Adapter | null = null;

  constructor(length: number, key: ReturnType<typeof random.key>) {
    super();
    this.weight = random.normal(random.fold(key, 'weight'), [length, length]).mul(length ** -0.5);
    this.bias = random.normal(random.fold(key, 'bias'), [length]);
  }

  /** Shapes: x [B, T, D] → the same. */
  forward(x: Tensor, options: ForwardOptions = {}): Tensor {
    const columns = transpose(x, [0, 2, 1]);
    const adapter = activeAdapter(this);
    const y = adapter
      ? adapter.forward(columns, this.weight, this.bias, options)
      : linear(columns, this.weight, this.bias);
    return transpose(y, [0, 2, 1]);
  }
}
