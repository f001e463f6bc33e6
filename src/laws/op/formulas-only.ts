import type { Accelerators, Backend } from '../../backend/contract';

/** All that a backend may leave out because formulas stand in for it. */
const accelerators: Readonly<Record<keyof Accelerators, true>> = {
  activation: true,
  activationGrad: true,
  axpby: true,
  matmulRandom: true,
  randomCross: true,
  addOnSupport: true,
  attention: true,
  attentionGrad: true,
  softmax: true,
  softmaxGrad: true,
  logSoftmax: true,
  logSoftmaxGrad: true,
  layerNorm: true,
  layerNormGrad: true,
  rmsNorm: true,
  rmsNormGrad: true,
  crossEntropy: true,
  crossEntropyGrad: true,
  adam: true,
  rms: true,
  lion: true,
  squareSums: true,
  scaleRowsColumns: true,
};

/** The same device without its accelerators, so that every op runs its formulas. Tensors of the two do not mix. */
export function formulasOnly(backend: Backend): Backend {
  return new Proxy(backend, {
    get(target, name) {
      if (name in accelerators) return undefined;
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}
