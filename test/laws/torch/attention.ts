import * as f from '../../../src/index';
import type { Compute } from './compute';

type Tensor = f.Tensor;
const key = f.random.key(0);

/** What is wrong with the shape of a weight that a case has is seen here, not by the layer. */
function put(layer: f.Linear, weight: Tensor, bias: Tensor | null = null): void {
  if (`${layer.weight.shape}` !== `${weight.shape}`) throw new Error(`${layer.weight.shape} is not ${weight.shape}`);
  layer.weight = weight;
  layer.bias = bias;
}

/** The ops and layers of `op-laws-attention.json`; the inputs of a layer are what it is called with, then its parameters. */
export const attention: Record<string, Compute> = {
  rotary: (attributes, x) => f.rotary(x, attributes as f.RotaryOptions),
  multiHeadAttention: ({ heads, headWidth, causal, base }, x, ...weights) => {
    const rotary = base === null ? false : { base: base as number };
    const options = { headWidth: headWidth as number, causal: causal as boolean, rotary, key };
    const layer = new f.MultiHeadAttention(x.shape.at(-1) as number, heads as number, options);
    const [qkv, qkvBias, proj, projBias] = weights as [Tensor, Tensor, Tensor, Tensor];
    put(layer.qkv, qkv, qkvBias);
    put(layer.proj, proj, projBias);
    return layer.forward(x);
  },
  crossAttention: ({ heads }, x, memory, ...weights) => {
    const memoryWidth = memory.shape.at(-1) as number;
    const layer = new f.CrossAttention(x.shape.at(-1) as number, heads as number, { memoryWidth, key });
    const [q, qBias, kv, kvBias, proj, projBias] = weights as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];
    put(layer.q, q, qBias);
    put(layer.kv, kv, kvBias);
    put(layer.proj, proj, projBias);
    return layer.forward(x, memory);
  },
  swiglu: (_, x, ...weights) => {
    const [gate, value, proj] = weights as [Tensor, Tensor, Tensor];
    const layer = new f.SwiGLU(x.shape.at(-1) as number, { hidden: gate.shape[0], key });
    put(layer.gate, gate);
    put(layer.value, value);
    put(layer.proj, proj);
    return layer.forward(x);
  },
};
