// AltLoRA (arXiv 2505.12455): least-squares fits of the full gradient by A with B fixed, then by B with the new A. The second
// gradient is taken at the new A, so a step evaluates the loss twice: `transform` and `gradients` go into one trainer.
import {
  add,
  eye,
  type FactorPair,
  factorPairs,
  type Gradients,
  type GradientTransform,
  linalg,
  matmul,
  mul,
  type Params,
  sub,
  type Tensor,
  transform,
  transpose,
} from '../../src/index';

export interface AltLoraOptions {
  readonly learningRate: number;
  /** β1 */
  readonly beta?: number;
  /** λ */
  readonly damping?: number;
  readonly weightDecay?: number;
}

/** First moments of both factors, and every B before the last step, by path. */
interface AltState {
  readonly step: number;
  readonly moment: Params;
  readonly last: Params;
}

export function altLora(options: AltLoraOptions) {
  const { learningRate, beta = 0.9, damping = 1e-3, weightDecay = 0 } = options;
  const damped = (gram: Tensor): Tensor => add(gram, mul(eye(gram.shape[0] as number), damping));

  /** p ← (p − η·M/(1 − β^t))·(1 − η·decay), as an update. */
  const stepped = (p: Tensor, moment: Tensor, step: number): Tensor => {
    const moved = sub(p, mul(moment, learningRate / (1 - beta ** step)));
    return sub(mul(moved, 1 - learningRate * weightDecay), p);
  };
  const moved = (carried: Tensor, now: Tensor): Tensor => add(mul(carried, beta), mul(now, 1 - beta));

  /** M_A ← β·Π·M_A + (1 − β)·(BᵀB + λI)⁻¹∇A with Π = (BᵀB + λI)⁻¹·Bᵀ·B_old. */
  const halfA = (gradient: Tensor, B: Tensor, { moment, last }: AltState, pair: FactorPair): Tensor => {
    const inverse = inverted(damped(matmul(B, B, { transposeA: true })));
    const carry = matmul(inverse, matmul(B, at(last, pair.B), { transposeA: true }));
    return moved(matmul(carry, at(moment, pair.A)), matmul(inverse, gradient));
  };
  /** M_B ← β·M_B·(A_old·Aᵀ)·(AAᵀ + λI)⁻¹ + (1 − β)·∇B·(AAᵀ + λI)⁻¹, with the A of before and of after this step. */
  const halfB = (gradient: Tensor, old: Tensor, A: Tensor, { moment }: AltState, pair: FactorPair): Tensor => {
    const inverse = inverted(damped(matmul(A, A, { transposeB: true })));
    const carry = matmul(matmul(old, A, { transposeB: true }), inverse);
    return moved(matmul(at(moment, pair.B), carry), matmul(gradient, inverse));
  };
  const updatesOfA = (
    grads: Params,
    state: AltState,
    params: Params,
  ): Record<string, [update: Tensor, moment: Tensor]> =>
    Object.fromEntries(
      factorPairs(params).map((pair) => {
        const moment = halfA(at(grads, pair.A), at(params, pair.B), state, pair);
        return [pair.A, [stepped(at(params, pair.A), moment, state.step + 1), moment]];
      }),
    );

  const method: GradientTransform<AltState> = transform({
    name: 'altLora',
    init(params) {
      const zero = Object.fromEntries(
        factorPairs(params)
          .flatMap(({ A, B }) => [A, B])
          .map((p) => [p, mul(at(params, p), 0)]),
      );
      return { step: 0, moment: zero, last: zero };
    },
    update(grads, state, params) {
      const ofA = updatesOfA(grads, state, params);
      const updates: Record<string, Tensor> = {};
      const moment: Record<string, Tensor> = {};
      const last: Record<string, Tensor> = {};
      for (const pair of factorPairs(params)) {
        const [updateA, momentA] = ofA[pair.A] as [Tensor, Tensor];
        const newA = add(at(params, pair.A), updateA);
        const momentB = halfB(at(grads, pair.B), at(params, pair.A), newA, state, pair);
        Object.assign(updates, { [pair.A]: updateA, [pair.B]: stepped(at(params, pair.B), momentB, state.step + 1) });
        Object.assign(moment, { [pair.A]: momentA, [pair.B]: momentB });
        last[pair.B] = mul(at(params, pair.B), 1);
      }
      return [updates, { step: state.step + 1, moment, last }];
    },
  });

  /** ∇A here, ∇B where A is the new one. */
  const gradients: Gradients<AltState> = (evaluate, parameters, { state }) => {
    const { grads } = evaluate();
    const next = Object.entries(updatesOfA(grads, state, parameters)).map(([path, [update]]): [string, Tensor] => [
      path,
      add(at(parameters, path), update),
    ]);
    const second = evaluate({ at: Object.fromEntries(next) });
    return { ...second.grads, ...Object.fromEntries(next.map(([path]) => [path, at(grads, path)])) };
  };
  return { transform: method, gradients };
}

const at = (leaves: Params, path: string): Tensor => leaves[path] as Tensor;

/** The inverse of a symmetric positive matrix. */
function inverted(gram: Tensor): Tensor {
  const { values, vectors } = linalg.eigh(gram);
  return matmul(vectors.div(values), transpose(vectors));
}
