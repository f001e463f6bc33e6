import { adam, ema, identity, noLimit, scale, schedules, sgd, tensor, zeros } from '../../../../src/index';
import { type Row, row } from '../harness';
import { everything, functions, type KindName, kinds, options } from '../kinds';

const params = () => ({ w: tensor([1, 2]) });
const finite: readonly KindName[] = ['0', '-1', '1.5', '2**53'];
const notNegative: readonly KindName[] = ['0', '1.5', '2**53'];
const positive: readonly KindName[] = ['1.5', '2**53', 'Infinity'];
const records: readonly KindName[] = ['{}', '{ tensor }'];
/** A state is not looked into where nothing is kept. */
const objects = everything.filter((name) => {
  const value = kinds[name]();
  return typeof value === 'object' && value !== null;
});
const schedule = () => schedules.constant(0.1);

export const optim: readonly Row[] = [
  row('sgd', () => [{ learningRate: 0.1 }], [[]]),
  row('adam', () => [{ learningRate: 0.1 }], [[]]),
  row('adamw', () => [{ learningRate: 0.1 }], [[]]),
  row('adafactor', () => [{ learningRate: 0.1 }], [[]]),
  row('rmsprop', () => [{ learningRate: 0.1 }], [[]]),
  row('lion', () => [{ learningRate: 0.1 }], [[]]),
  row('muon', () => [{ learningRate: 0.1 }], [[]]),
  row('swan', () => [{ learningRate: 0.1 }], [[]]),
  row('sinkGD', () => [{ learningRate: 0.1 }], [[]]),
  row('scaleByAdam', () => [{ beta1: 0.5 }], [options]),
  row('scaleByFactoredRms', () => [{ epsilon: 0 }], [options]),
  row('scaleByLion', () => [{ beta1: 0.5 }], [options]),
  row('scaleByRms', () => [{ alpha: 0.5 }], [options]),
  row('scaleBySubsetNorm', () => [{ subset: 2 }], [options]),
  row('subsetNorm', () => [{ learningRate: 0.1 }], [[]]),
  row('ema', () => [{ decay: 0.9 }], [[]]),
  row('momentum', () => [{ decay: 0.9 }], [[]]),
  row('scale', () => [2], [finite]),
  row('scaleByLearningRate', () => [0.1], [[...notNegative, ...functions]]),
  row('scaleBySchedule', () => [schedule()], [functions]),
  row('scaleByParameterRms', () => [1e-3], [['undefined', ...notNegative]]),
  row('addDecayedWeights', () => [0.1], [notNegative]),
  row('maskGradients', () => [{ keep: 0.5 }], [[]]),
  row('correctBias', () => [{ beta1: 0.5 }], [options]),
  row('decayAfterStep', () => [0.1, 0.1], [notNegative, [...notNegative, ...functions]]),
  row('limitNormGrowth', () => [1.01], [['undefined', '1.5', '2**53']]),
  row('growthLimited', () => [tensor([1, 2]), noLimit(), 1.01], [['other shape'], [], ['1.5', '2**53']]),
  row('noLimit', () => [], []),
  row('clipByBlockRms', () => [1], [positive]),
  row('clipByGlobalNorm', () => [1], [positive]),
  row('clipByValue', () => [1], [positive]),
  row('applyIfFinite', () => [scale(2), {}], [[], options], {
    options: { maxConsecutive: ['undefined', '0'] },
  }),
  row('schedules.constant', () => [0.1], [finite]),
  row('schedules.linear', () => [{ from: 1, steps: 10 }], [[]]),
  row('schedules.logLinear', () => [{ from: 1, steps: 10 }], [[]]),
  row('schedules.cosine', () => [{ from: 1, steps: 10 }], [[]]),
  row('schedules.cosineWithRestarts', () => [{ peak: 1, steps: 10, restartEvery: 5 }], [[]]),
  row('schedules.warmupCosine', () => [{ peak: 1, warmup: 2, steps: 10 }], [[]]),
  row('schedules.exponentialDecay', () => [{ from: 1, rate: 0.5 }], [[]]),
  row('schedules.join', () => [[schedule(), schedule()], [5]], [[], ['[1]']]),
  row('accumulate', () => [2, sgd({ learningRate: 0.1 })], [[], []]),
  row('chain', () => [scale(2), scale(3)], [[], []], { variadic: true }),
  row('errorFeedback', () => [scale(2)], [[]]),
  row('powerSgd', () => [{ rank: 2 }], [[]]),
  row('masked', () => [scale(2), () => true], [[], functions]),
  row('partition', () => [{ a: scale(2) }, () => 'a'], [['{}'], functions]),
  row('applyUpdates', () => [params(), params()], [[], ['{}']]),
  row('explain', () => [adam({ learningRate: 0.1 }), params()], [[], records]),
  row('stateBytes', () => [ema({ decay: 0.9 }).init(params())], [everything]),
  row('mapParams', () => [params(), (x: unknown) => x], [['{}', '{ tensor }'], []], { called: ['mapParams', 'w'] }),
  row('identity.init', () => [params()], [records]),
  row('identity.update', () => [params(), identity.init(params()), params()], [
    records,
    objects,
    [...records, '{ unknown }'],
  ]),
  row('transform', () => [scale(2)], [[]]),
  row('transform().init', () => [params()], [records], {
    call: (args) => scale(2).init(...(args as [never])),
    called: ['scale.init'],
  }),
  row(
    'transform().update',
    () => [{ w: zeros([2]) }, ema({ decay: 0.9 }).init(params()), params()],
    [['{}'], [], [...records, '{ unknown }']], // its leaves are looked at where they are used: a leafwise trainer passes all of them for each

    {
      call: (args) => ema({ decay: 0.9 }).update(...(args as [never, never, never])),
      called: ['ema.update', 'ema', 'axpby'],
    },
  ),
];
