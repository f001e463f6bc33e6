import {
  accumulate,
  adafactor,
  adaLora,
  adam,
  adamSnsm,
  adamw,
  addDecayedWeights,
  alternateFactors,
  altLora,
  altLoraPlus,
  apollo,
  apolloMini,
  applyIfFinite,
  chain,
  clipByBlockRms,
  clipByGlobalNorm,
  clipByValue,
  coap,
  compress,
  conGrad,
  correctBias,
  decayAfterStep,
  ema,
  errorFeedback,
  fira,
  flora,
  floraAccumulate,
  frugal,
  type GradientTransform,
  galore,
  grass,
  identity,
  imbalanceLora,
  imbalancePenalty,
  ldadam,
  limitNormGrowth,
  lion,
  loraPlus,
  loraRite,
  lozo,
  masked,
  maskGradients,
  momentum,
  muon,
  orthogonalPenalty,
  partition,
  piLora,
  powerSgd,
  preconditionPairs,
  preconditionUp,
  projectors,
  qGalore,
  rmLora,
  rmsprop,
  scale,
  scaleByAdam,
  scaleByFactoredRms,
  scaleByLion,
  scaleByParameterRms,
  scaleByRms,
  scaleBySchedule,
  scaleBySubsetNorm,
  schedules,
  sgd,
  sinkGD,
  softThreshold,
  soraGate,
  subsetNorm,
  subspaceMomentum,
  subtrack,
  swan,
  type Tensor,
  vlorp,
} from '../../src/index';
import type { TransformLawsOptions } from '../../src/laws';
import { allReduce, inProcess, powerSgd as powerSgdOverRanks, type Seat, takeSeat } from '../../src/mpi';

/** A transform that must keep every law and resume exactly. */
export interface TransformRow {
  readonly name: string;
  readonly make: () => GradientTransform<unknown>;
  readonly needs: TransformLawsOptions;
  /** It only composes parts that are rows too: one case on a second backend is enough. */
  readonly composed?: true;
}

/** Every transform of this repository, with options that make it do all it can. */
export const transformRows: TransformRow[] = [];

function row<S>(name: string, make: () => GradientTransform<S>, needs: TransformLawsOptions = {}): void {
  transformRows.push({ name, make, needs: { runs: 12, ...needs } });
}

/** A rank without others, which waits for none. */
const alone = () => takeSeat(inProcess(1)[0] as Seat);

row('identity', () => identity);
row('chain of nothing', () => chain());
row('ema', () => ema({ decay: 0.9 }));
row('ema, debiased', () => ema({ decay: 0.9, debias: true }));
row('ema, Nesterov', () => ema({ decay: 0.9, nesterov: true }));
row('momentum', () => momentum({ decay: 0.9 }));
row('momentum, Nesterov', () => momentum({ decay: 0.9, nesterov: true }));
row('scaleByAdam', () => scaleByAdam());
row('scaleByAdam, correction of the step', () => scaleByAdam({ biasCorrection: 'step' }));
row('correctBias', () => correctBias());
row('decayAfterStep', () => decayAfterStep(0.1, schedules.linear({ from: 1, steps: 4 })));
row('limitNormGrowth', () => limitNormGrowth());
row('scaleByFactoredRms', () => scaleByFactoredRms());
row('scaleByFactoredRms, nothing factored', () => scaleByFactoredRms({ factored: () => false }));
row('scaleByLion', () => scaleByLion());
row('scaleBySubsetNorm', () => scaleBySubsetNorm({ subset: -1 }));
row('scaleByRms', () => scaleByRms());
row('scaleByRms, centered', () => scaleByRms({ centered: true }));
row('clipByGlobalNorm', () => clipByGlobalNorm(1));
row('clipByValue', () => clipByValue(0.5));
row('clipByBlockRms', () => clipByBlockRms(0.5));
row('scaleByParameterRms', () => scaleByParameterRms());
row('addDecayedWeights', () => addDecayedWeights(0.1));
row('maskGradients', () => maskGradients({ keep: 0.5, rescale: true, seed: 3 }));
row('scale', () => scale(-0.1));
row('softThreshold', () => softThreshold({ threshold: schedules.linear({ from: 0.5, to: 0.1, steps: 4 }) }));
row('soraGate', () => soraGate({ learningRate: 0.1, lambda: 2, weightDecay: 0.1 }));
row('scale by 0', () => scale(0));
row('scaleBySchedule', () => scaleBySchedule(schedules.linear({ from: 1, steps: 4 })));

row('sgd', () => sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true, weightDecay: 0.1 }));
row('adam', () => adam({ learningRate: schedules.warmupCosine({ peak: 0.1, warmup: 2, steps: 5 }) }));
row('adamw', () => adamw({ learningRate: 0.1 }));
row('adafactor', () => adafactor({ learningRate: 0.1, momentum: 0.9, weightDecay: 0.1 }));
row('rmsprop', () => rmsprop({ learningRate: 0.1, momentum: 0.9, centered: true }));
row('lion', () => lion({ learningRate: 0.1 }));

row('masked', () => masked(scaleByAdam(), (path, { ndim }) => ndim === 2 || path === 'constructor'));
row('partition', () =>
  partition({ matrices: adam({ learningRate: 0.1 }), rest: ema({ decay: 0.5 }), none: scale(0) }, (path, { ndim }) =>
    ndim === 2 ? 'matrices' : path === '0' ? 'none' : 'rest',
  ),
);
row('accumulate, adamw', () => accumulate(3, adamw({ learningRate: 0.1 })));
row('accumulate, linear', () => accumulate(2, momentum({ decay: 0.9 })));
row('applyIfFinite', () => applyIfFinite(adam({ learningRate: 0.1 })));
row('errorFeedback', () => errorFeedback(clipByBlockRms(0.5)));
row('errorFeedback, linear', () => errorFeedback(ema({ decay: 0.5 })));
// With more shards than ranks its state grows within a step, and is empty between steps, so that any number of ranks can go
// on from it: it does not keep the law of shapes, and has tests of its own.
row('allReduce', () => allReduce(alone()));
row('powerSgd over ranks', () => powerSgdOverRanks(alone(), { rank: 2, seed: 3 }));
row('powerSgd', () => powerSgd({ rank: 2, seed: 3 }));
row('accumulate in a partition', () =>
  partition({ slow: accumulate(2, sgd({ learningRate: 0.1 })), quick: scaleByAdam() }, (_, { ndim }) =>
    ndim === 2 ? 'slow' : 'quick',
  ),
);

// A compressor refuses a model in which it would compress nothing, so every case has a matrix that it can.
const always = { 'always.weight': [6, 5] };
for (const ordering of ['paper', 'flora-opt'] as const) {
  const make = () => flora({ learningRate: 0.1, rank: 2, refreshEvery: 2, ordering, seed: 3 });
  row(`flora, ${ordering}`, make, { always });
}
for (const projector of [projectors.gaussian, projectors.rademacher, projectors.haar, projectors.coordinates]) {
  const make = () =>
    compress({ projector, rank: 2, inner: ema({ decay: 0.9 }), refreshEvery: 2, onRefresh: 'transfer', seed: 3 });
  // For a linear inner transform a compressor with `liftUpdate` is linear: held to it here, though it does not say so itself.
  row(`compress, ${projector.name}`, () => ({ ...make(), linear: true }), { always });
}
for (const onRefresh of ['reset', 'keep'] as const) {
  const make = () =>
    compress({ projector: projectors.gaussian, rank: 2, inner: scaleByAdam(), refreshEvery: 2, onRefresh, seed: 3 });
  row(`compress, ${onRefresh}`, make, { always });
}
row('floraAccumulate', () => floraAccumulate({ steps: 2, rank: 2, seed: 3, inner: adamw({ learningRate: 0.1 }) }));
row('conGrad', () =>
  conGrad({ groups: ['a', 'b', 'a'], keep: 2, rank: 2, seed: 3, inner: adamw({ learningRate: 0.1 }) }),
);
row('floraAccumulate, linear', () => floraAccumulate({ steps: 3, rank: 2, seed: 3, inner: scale(-1) }));

// The methods only compose parts that are held to the laws above and by themselves: a few cases are enough.
function method<S>(name: string, make: () => GradientTransform<S>): void {
  transformRows.push({ name, make, needs: { always, runs: 4 }, composed: true });
}
method('floraReset', () => flora({ learningRate: 0.1, rank: 2, refreshEvery: 2, onRefresh: 'reset', seed: 3 }));
method('galore', () => galore({ learningRate: 0.1, rank: 2, refreshEvery: 2, weightDecay: 0.1, seed: 3 }));
method('qGalore', () => qGalore({ learningRate: 0.1, rank: 2, refreshEvery: 1, window: 2, weightDecay: 0.1, seed: 3 }));
method('apollo', () => apollo({ learningRate: 0.1, rank: 2, refreshEvery: 2, weightDecay: 0.1, seed: 3 }));
method('apolloMini', () => apolloMini({ learningRate: 0.1, refreshEvery: 2, seed: 3 }));
method('fira', () => fira({ learningRate: 0.1, rank: 2, refreshEvery: 2, weightDecay: 0.1, seed: 3 }));
method('frugal', () => frugal({ learningRate: 0.1, rank: 2, refreshEvery: 2, weightDecay: 0.1, seed: 3 }));
method('frugal, entries', () => frugal({ learningRate: 0.1, kind: 'entries', refreshEvery: 2, seed: 3 }));
method('grass', () =>
  grass({ learningRate: 0.1, rank: 2, refreshEvery: 2, select: 'norm', weightDecay: 0.1, seed: 3 }),
);
method('vlorp', () => {
  const filter = (_: string, { shape }: Tensor) => shape.join() === '6,5' || 'other units';
  return vlorp({ learningRate: 0.1, rank: 2, refreshEvery: 2, units: 0.5, weightDecay: 0.1, filter, seed: 3 });
});
method('subsetNorm', () => subsetNorm({ learningRate: 0.1, weightDecay: 0.1 }));
method('subsetNorm, AdaGrad', () => subsetNorm({ learningRate: 0.1, beta1: 0, beta2: 1 }));
for (const projector of ['topk', 'uniform', 'srht'] as const) {
  method(`subspaceMomentum, ${projector}`, () =>
    subspaceMomentum({ learningRate: 0.1, rank: 2, refreshEvery: 2, projector, seed: 3 }),
  );
}
method('adamSnsm', () => adamSnsm({ learningRate: 0.1, rank: 2, refreshEvery: 2, weightDecay: 0.1, seed: 3 }));
method('lozo', () => lozo({ learningRate: 0.1, weightDecay: 0.1, refreshEvery: 2, seed: 3 }).transform);
method('lozo, momentum', () => lozo({ learningRate: 0.1, beta: 0.9, refreshEvery: 2, seed: 3 }).transform);
method('muon', () => muon({ learningRate: 0.1, weightDecay: 0.1 }));
method('swan', () => swan({ learningRate: 0.1, weightDecay: 0.1 }));
method('sinkGD', () => sinkGD({ learningRate: 0.1, weightDecay: 0.1 }));
method('ldadam', () => ldadam({ learningRate: 0.1, rank: 2, weightDecay: 0.1, seed: 3 }));
method('subtrack', () => subtrack({ learningRate: 0.1, rank: 2, refreshEvery: 2, stepSize: 0.1, weightDecay: 0.1 }));
method('coap', () =>
  coap({ learningRate: 0.1, rank: 2, refreshEvery: 1, reprojectFactor: 2, restoreState: true, seed: 3 }),
);

// Methods of pairs of factors need a pair; the matrices and vectors beside it are trained as well.
const pair = { 'a.lora.A': [2, 5], 'a.lora.B': [4, 2] };
function pairMethod<S>(name: string, make: () => GradientTransform<S>): void {
  row(name, make, { always: pair, runs: 4 });
}
pairMethod('loraRite', () => loraRite({ learningRate: 0.1, weightDecay: 0.1, cap: 0.5, escape: true, balance: true }));
pairMethod('altLora', () => altLora({ learningRate: schedules.linear({ from: 0.1, steps: 4 }) }).transform);
pairMethod('altLoraPlus', () => altLoraPlus({ learningRate: 0.1, weightDecay: 0.1 }).transform);
pairMethod('loraPlus', () => loraPlus({ learningRate: 0.1, weightDecay: 0.1 }));
pairMethod('alternateFactors', () => alternateFactors({ every: 2 }));
pairMethod('preconditionUp', () => preconditionUp({ scale: 2 }));
row(
  'adaLora',
  () =>
    adaLora({ initialRank: 3, rank: 1, steps: 6, warmup: 1, final: 1, inner: adam({ learningRate: 0.1 }) }).transform,
  { always: { 'a.lora.A': [3, 5], 'a.lora.B': [4, 3], 'a.lora.gate': [3] }, runs: 4 },
);
pairMethod('preconditionPairs', () => preconditionPairs());
pairMethod('preconditionPairs, adamw', () => chain(preconditionPairs(), adamw({ learningRate: 0.1 })));
// Alone they go up the penalty, which is of the fourth degree, and leave float32 within six steps.
pairMethod('orthogonalPenalty', () => chain(orthogonalPenalty({ factors: 'both' }), scale(-0.01)));
pairMethod('imbalancePenalty', () => chain(imbalancePenalty(), scale(-0.01)));
pairMethod('rmLora', () => rmLora({ learningRate: 0.1, weightDecay: 0.1, keep: 0.5, seed: 3 }));
pairMethod('imbalanceLora', () => imbalanceLora({ learningRate: 0.1, weightDecay: 0.1 }));
pairMethod('piLora', () => piLora({ learningRate: 0.1, weightDecay: 0.1 }));
