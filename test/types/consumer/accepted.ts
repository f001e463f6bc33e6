// What a user's project may write, with no library but ES2022: neither DOM nor Node.
import {
  adam,
  applyUpdates,
  type Backend,
  chain,
  compress,
  crossEntropy,
  ema,
  encodeSafetensors,
  type Filter,
  flora,
  GPT,
  type GradientTransform,
  grad,
  hessian,
  hvp,
  jacobian,
  jvp,
  type Key,
  Linear,
  liftUpdate,
  Module,
  mseLoss,
  type Params,
  type Projection,
  type Projector,
  project,
  projectors,
  random,
  referenceBackend,
  relu,
  Sequential,
  ShapeError,
  scale,
  scaleByAdam,
  schedules,
  scope,
  smallerSide,
  type Tensor,
  tensor,
  trainer,
  valueAndGrad,
  vjp,
  wasmBackend,
} from 'floragrad';
import { type GpuMode, type GpuOptions, gpu } from 'floragrad/gpu';
import type { Law } from 'floragrad/laws';
import { loadCheckpoint, saveCheckpoint } from 'floragrad/node';
import { type ProjectionErrorRow, projectionError } from 'floragrad/study';

/** The two types are one and the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const yes = <_ extends true>(): void => {};

const w = tensor([[1, 2]]);
const b = tensor([0]);

const of = valueAndGrad(() => ({ loss: mseLoss(w, b), aux: { w } }), { w, 'layer.bias': b });
yes<Same<keyof typeof of.grads, 'w' | 'layer.bias'>>();
const gradient: Tensor = of.grads['layer.bias'];
const sunk = valueAndGrad(() => mseLoss(w, b), { w, b }, { sink: (path: 'w' | 'b', g: Tensor) => void [path, g] });
const sunkValue: Tensor = sunk.value;
const single: Tensor = valueAndGrad((x: Tensor) => x.sum())(w).grads;
const atLine = valueAndGrad((p: { w: Tensor; list: [Tensor] }, x: Tensor, n: number) => p.w.mul(x).sum().mul(n));
yes<Same<keyof ReturnType<typeof atLine>['grads'], 'w' | 'list'>>();
const ofRecord: [Tensor, Tensor] = [
  atLine({ w, list: [b] }, b, 2).grads.w,
  atLine({ w, list: [b] }, b, 2).grads.list[0],
];
const [ofSecond, ofFirst] = grad((p: { w: Tensor }, x: Tensor) => p.w.mul(x).sum(), { of: [1, 0] })({ w }, b);
const both: [Tensor, Tensor] = [ofSecond, ofFirst.w];
const alone: Tensor = grad((_: number, x: Tensor) => x.sum(), { of: 1 })(3, w);
const { value: product, pull } = vjp((x: Tensor, p: { y: Tensor }) => x.mul(p.y), w, { y: b });
const [pulled, { y: pulledToo }] = pull(product);
const matrices: Tensor[] = [pulled, pulledToo, jacobian((x) => x.exp())(w), hessian((x) => x.sum())(w)];
const tangent: Tensor = jvp((x) => x.exp(), w, w).tangent.add(jvp((p: { w: Tensor }) => p.w, { w }, { w }).value);
const second: Tensor = hvp((x) => x.square().sum())(w, grad((x) => x.sum())(w));

const parts = chain(scaleByAdam(), scale(-1e-3));
const state = parts.init({ w });
const [updates, [adamState, nothing]] = parts.update({ w: single }, state, { w });
const step: number = adamState.step;
const empty: readonly [] = nothing;
applyUpdates({ w }, updates);

class Scale extends Module {
  weight = tensor([1]);
  forward(x: Tensor): Tensor {
    return x.mul(this.weight);
  }
}
const key: Key = random.key(0);
const model = new Sequential([new Linear(2, 2, { key }), relu, new Scale()]);
const training = trainer({
  model,
  transform: adam({ learningRate: schedules.warmupCosine({ peak: 1e-3, warmup: 10, steps: 100 }) }),
  loss: ({ x }: { x: Tensor }) => mseLoss(model.forward(x), x),
  seed: 0,
});
const resumed = trainer({
  params: { w },
  transform: parts,
  loss: () => w.sum(),
  seed: 0,
  resume: { state, steps: 1 },
});
yes<Same<typeof resumed.state, typeof state>>();
const unbatched: number | Promise<number> = resumed.step().loss;
const loss: number | Promise<number> = training.step({ x: w }).loss;

const gpt = new GPT({ vocabularySize: 8, context: 4, width: 8, heads: 2, layers: 1, key });
const logits = gpt.forward(tensor([[1, 2]], { dtype: 'int32' }), { key });
const entropy = crossEntropy(logits, tensor([[2, 3]], { dtype: 'int32' }));

const doubled: GradientTransform<{ readonly seen: number }> = {
  init: () => ({ seen: 0 }),
  update: (grads, { seen }) => [grads, { seen: seen + 1 }],
};
const onlyWeights: Filter = (path) => path.endsWith('weight') || 'not a weight';
const compressed = compress({
  projector: projectors.haar,
  rank: 2,
  inner: chain(ema({ decay: 0.9 }), doubled),
  refreshEvery: 10,
  onRefresh: 'keep',
  combine: liftUpdate,
  filter: onlyWeights,
});
const seen: number | undefined = compressed.init({ w }).leaves.w?.inner[1].seen;

interface Stripes extends Projection {
  readonly offset: number;
}
const stripes: Projector<Stripes> = {
  name: 'stripes',
  side: smallerSide,
  sample: (_, shape, rank, refresh = 0) => ({ ...project(smallerSide(shape), shape, rank), offset: refresh }),
  down: ({ offset }, g) => g.mul(offset),
  up: (_, c) => c,
  transfer: (c, from, to) => c.mul(to.offset - from.offset),
  storedFloats: () => 0,
  theory: (d, rank) => ({ gain: 1, relativeMse: d / rank }),
};
/** Declarations can name what a transform keeps. */
export const carried = compress({
  projector: projectors.haar,
  rank: 2,
  inner: ema({ decay: 0.9 }),
  refreshEvery: 10,
  onRefresh: 'transfer',
});
const mine = flora({ learningRate: 1e-2, rank: 2, ordering: 'flora-opt' });

const backends: readonly Backend[] = [wasmBackend({ build: 'baseline' }), referenceBackend()];
const mode: GpuMode = 'webgpu';
const wanted: GpuOptions = { mode };
/** The types of WebGPU and of gpu.js are not needed for it. */
export const onGpu = (): Promise<Backend> => gpu(wanted);
const laws: readonly Law[] = [{ name: 'holds', holds: async () => {} }];

export async function rowsOf(t: Tensor): Promise<number> {
  const rows: number[][] = await t.array(2);
  return (rows[0]?.[0] ?? 0) + (await t.array(0));
}

export async function read(params: Params): Promise<[number, Float32Array | Int32Array]> {
  const row: ProjectionErrorRow = await projectionError({ projector: stripes, rows: 4, columns: 4, rank: 2 });
  try {
    return [await scope(() => entropy.add(row.relativeMse)).item(), await (params.w ?? w).data()];
  } catch (error) {
    if (error instanceof ShapeError) return [error.code.length, w.dataSync()];
    throw error;
  }
}

export async function resume(folder: string): Promise<[number, Uint8Array]> {
  await saveCheckpoint(folder, { parameters: { w }, state, steps: 3, keys: { data: key }, position: { line: 7 } });
  const saved = await loadCheckpoint(folder, { like: { parameters: { w }, state } });
  const [{ step }] = saved.state;
  trainer({ params: saved.parameters, transform: parts, loss: () => mseLoss(w, b), seed: 0, resume: saved });
  return [step, await encodeSafetensors({ w }, { about: 'x' }, { storeAs: () => 'BF16' })];
}

export {
  alone,
  backends,
  both,
  empty,
  gradient,
  laws,
  loss,
  matrices,
  mine,
  ofRecord,
  second,
  seen,
  step,
  sunkValue,
  tangent,
  unbatched,
};
