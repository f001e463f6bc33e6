// SoRA (arXiv 2311.11696): ΔW = s·B·diag(g)·A with a gate g [r] that a proximal step makes sparse, so that the rank falls in
// training; zeros of the gate are the mask.
import {
  Adapter,
  abs,
  add,
  type GradientTransform,
  gather,
  greaterEqual,
  type Key,
  linear,
  mapParams,
  matmul,
  maximum,
  mul,
  type Params,
  random,
  sign,
  sqrt,
  square,
  sub,
  type Tensor,
  tensor,
  transform,
  transpose,
  where,
  zeros,
} from '../../src/index';

export class Gated extends Adapter {
  /** [r, in] */
  A: Tensor;
  /** [out, r] */
  B: Tensor;
  /** [r] */
  gate: Tensor;
  readonly additive = true;

  constructor(
    factors: { readonly A: Tensor; readonly B: Tensor; readonly gate: Tensor },
    readonly scale: number,
  ) {
    super();
    this.A = factors.A;
    this.B = factors.B;
    this.gate = factors.gate;
  }

  /** B = 0 and the gate from N(0, 1), as the authors have it. */
  static start(outputs: number, inputs: number, rank: number, scale: number, key: Key): Gated {
    const A = random
      .uniform(random.fold(key, 'A'), [rank, inputs])
      .sub(0.5)
      .mul(2 / Math.sqrt(inputs));
    return new Gated({ A, B: zeros([outputs, rank]), gate: random.normal(random.fold(key, 'gate'), [rank]) }, scale);
  }

  override forward(x: Tensor, weight: Tensor, bias: Tensor | null): Tensor {
    const gated = mul(linear(x, this.A), mul(this.gate, this.scale)); // s·(X·Aᵀ) ⊙ g [..., r]
    return add(linear(x, weight, bias ?? undefined), linear(gated, this.B));
  }
  override mergedInto(weight: Tensor, fraction: number): Tensor {
    return add(weight, matmul(mul(this.B, mul(this.gate, fraction * this.scale)), this.A));
  }
  override async compacted(): Promise<Gated | null> {
    const values = Array.from(await this.gate.data());
    const open = [...values.keys()].filter((i) => values[i] !== 0);
    if (open.length === 0) return null;
    const ids = tensor(open, { dtype: 'int32' });
    const B = transpose(gather(transpose(this.B), ids));
    return new Gated({ A: gather(this.A, ids), B, gate: gather(this.gate, ids) }, this.scale);
  }
}

/** The step of the gate: Adam, decay, then every element ξ nearer to 0. */
export interface GateOptions {
  readonly learningRate: number;
  /** ξ */
  readonly threshold: number;
  readonly weightDecay?: number;
  /** `proximal`: what is nearer to 0 than ξ becomes 0. `published`: what is nearer than 2ξ, a slip of the program. */
  readonly rule?: 'proximal' | 'published';
}

interface GateState {
  readonly step: number;
  readonly m: Params;
  readonly v: Params;
}

export function soraGate(options: GateOptions): GradientTransform<GateState> {
  const { learningRate, threshold, weightDecay = 0, rule = 'proximal' } = options;
  const [beta1, beta2, epsilon] = [0.9, 0.999, 1e-6];
  return transform<GateState>({
    name: 'soraGate',
    init: (params) => ({ step: 0, m: mapParams(params, still), v: mapParams(params, still) }),
    update(grads, state, params) {
      const step = state.step + 1;
      const m = mapParams(grads, (g, path) => add(mul(at(state.m, path), beta1), mul(g, 1 - beta1)));
      const v = mapParams(grads, (g, path) => add(mul(at(state.v, path), beta2), mul(square(g), 1 - beta2)));
      const size = (learningRate * Math.sqrt(1 - beta2 ** step)) / (1 - beta1 ** step);
      const updates = mapParams(m, (mean, path) => {
        const before = at(params, path);
        const moved = sub(before, mul(mean.div(add(sqrt(at(v, path)), epsilon)), size));
        return sub(nearer(sub(moved, mul(before, learningRate * weightDecay)), threshold, rule), before);
      });
      return [updates, { step, m, v }];
    },
  });
}

/** sign(g)·max(|g| − ξ, 0) */
function nearer(g: Tensor, threshold: number, rule: 'proximal' | 'published'): Tensor {
  const soft = mul(sign(g), maximum(sub(abs(g), threshold), 0));
  return rule === 'proximal' ? soft : where(greaterEqual(abs(g), 2 * threshold), soft, 0);
}

const still = (leaf: Tensor): Tensor => mul(leaf, 0);
const at = (leaves: Params, path: string): Tensor => leaves[path] as Tensor;
