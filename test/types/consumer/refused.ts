// What must not compile. Each `@ts-expect-error` is an error itself where the line below it is none.
import {
  adam,
  applyUpdates,
  chain,
  compress,
  ema,
  encodeSafetensors,
  flora,
  GPT,
  type GradientTransform,
  grad,
  jacobian,
  jvp,
  keep,
  Linear,
  liftPlusRaw,
  MLP,
  Module,
  matmul,
  momentum,
  mseLoss,
  type Params,
  projectors,
  random,
  scale,
  scaleByAdam,
  schedules,
  sgd,
  sum,
  tensor,
  trainer,
  valueAndGrad,
  wasmBackend,
} from 'floragrad';
import { loadCheckpoint } from 'floragrad/node';
import { projectionError } from 'floragrad/study';

const w = tensor([[1, 2]]);
const params: Params = { w };
const key = random.key(0);

// --- tensors -----------------------------------------------------------------------------------------------------
// @ts-expect-error a string is no number
tensor(['1']);
// @ts-expect-error there is no float64
tensor([1], { dtype: 'float64' });
// @ts-expect-error a matrix product needs a second matrix
matmul(w, 2);
// @ts-expect-error a string is no operand
w.add('1');
// @ts-expect-error the shape of a tensor does not change
w.shape = [2, 1];
// @ts-expect-error extents of a shape do not change
w.shape[0] = 2;
// @ts-expect-error the option is called axis
sum(w, { axes: 0 });
// @ts-expect-error values come later
export const first: number = w.item();
// @ts-expect-error random numbers need a key, not a seed
random.normal(0, [2]);
// @ts-expect-error only tensors can be kept
keep(1);

// --- derivatives -------------------------------------------------------------------------------------------------
const { grads, aux } = valueAndGrad(() => w.sum(), { w });
// @ts-expect-error a gradient has the name of its parameter
grads.v;
// @ts-expect-error the loss is a tensor
valueAndGrad(() => 1, { w });
// @ts-expect-error a sink gets the paths of the parameters
valueAndGrad(() => w.sum(), { w }, { sink: (path: 'b') => path });
// @ts-expect-error with a sink there is no record of gradients
valueAndGrad(() => w.sum(), { w }, { sink: () => {} }).grads;
// @ts-expect-error a gradient has the structure of its argument
grad((p: { w: typeof w }) => p.w.sum())(params).v;
// @ts-expect-error a number has no derivative
grad((x: number) => w.mul(x).sum())(2);
// @ts-expect-error a direction has the structure of the argument
jvp((p: { w: typeof w }) => p.w, { w }, w);
// @ts-expect-error a function of a tensor that returns a number
jacobian(() => 1);
// @ts-expect-error arrays of another depth
export const flat: Promise<number[]> = w.array(2);
// @ts-expect-error what aux is, is not known before looking
aux.shape;
// @ts-expect-error parameters are tensors
valueAndGrad(() => w.sum(), { w: 1 });
// @ts-expect-error records of parameters are not written to
params.w = w;
// @ts-expect-error updates are tensors
applyUpdates(params, { w: 0 });

// --- layers ------------------------------------------------------------------------------------------------------
// @ts-expect-error first values are drawn from a key
new Linear(2, 2);
// @ts-expect-error the option is called bias
new Linear(2, 2, { key, biased: false });
// @ts-expect-error no such activation
new MLP({ sizes: [1, 1], activation: 'swish', key });
// @ts-expect-error a GPT has a number of layers
new GPT({ vocabularySize: 8, context: 4, width: 8, heads: 2, key });
// @ts-expect-error a module has a forward
export class Nothing extends Module {}

// --- transforms and their states ------------------------------------------------------------------------------------
// @ts-expect-error the option is called learningRate
adam({ learningrate: 1e-3 });
// @ts-expect-error a learning rate is a number or a schedule
sgd({ learningRate: '0.1' });
// @ts-expect-error a ramp has a length
schedules.cosine({ from: 1 });
// @ts-expect-error the state of another transform
scaleByAdam().update(grads, momentum({ decay: 0.9 }).init(params), params);
const pair = chain(ema({ decay: 0.9 }), scaleByAdam());
const [meanState, adamState] = pair.init(params);
// @ts-expect-error states in the wrong order
pair.update(grads, [adamState, meanState], params);
// @ts-expect-error one state is missing
pair.update(grads, [meanState], params);
// @ts-expect-error a chain of transforms, not of numbers
chain(scaleByAdam(), 1e-3);
// @ts-expect-error the state after the update is missing
export const lossy: GradientTransform<number> = { init: () => 0, update: (updates) => updates };
// @ts-expect-error resumed with the state of another transform
trainer({ params, transform: scaleByAdam(), loss: () => w.sum(), seed: 0, resume: { state: meanState, steps: 1 } });
// @ts-expect-error a trainer has a seed
trainer({ params, transform: scale(-1), loss: () => w.sum() });
const training = trainer({
  params,
  transform: scale(-1),
  loss: ({ x }: { x: typeof w }) => mseLoss(x, w),
  seed: 0,
});
// @ts-expect-error a batch of another kind
training.step({ y: w });
// @ts-expect-error a batch is missing
training.step();

// --- compression -------------------------------------------------------------------------------------------------
// @ts-expect-error the option is called rank
flora({ learningRate: 1e-2, ranks: 4 });
// @ts-expect-error there are two orders
flora({ learningRate: 1e-2, rank: 4, ordering: 'paper-opt' });
// @ts-expect-error no such projector
projectors.gauss;
const settings = { projector: projectors.gaussian, rank: 2, refreshEvery: 10 } as const;
// @ts-expect-error no such thing to do at a refresh
compress({ ...settings, inner: ema({ decay: 0.9 }), onRefresh: 'carry' });
// @ts-expect-error this order lifts the mean of ema, which momentum does not keep
compress({ ...settings, inner: momentum({ decay: 0.9 }), onRefresh: 'transfer', combine: liftPlusRaw(0.9) });
// @ts-expect-error no such build
wasmBackend({ build: 'fastest' });
// @ts-expect-error a projector, not its name
projectionError({ projector: 'gaussian', rows: 4, columns: 4, rank: 2 });
// @ts-expect-error no such choice
loadCheckpoint('run', { kernels: 'other' });
// @ts-expect-error no such element type
encodeSafetensors({}, {}, { storeAs: () => 'F33' });
