import {
  Adapter,
  linear,
  lora,
  mergeAdapters,
  peftOf,
  Sequential,
  savedAdapters,
  sgd,
  type Tensor,
  zeros,
} from '../../../../src/index';
import { type Row, row } from '../harness';
import { type KindName, nothing, options } from '../kinds';
import { Linear, ones, random } from '../library';

// Adapters, and what is done to them.

const model = () => new Linear(4, 4, { key: random.key(6) });
const adapted = () => {
  const layer = model();
  lora(layer, { rank: 2 });
  return layer;
};
const trained = () => {
  const layer = adapted();
  layer.load({ ...layer.state(), 'lora.B': ones([4, 2]) });
  return layer;
};
const unadapted = () => new Sequential([model()]);
const named = () => new Sequential([adapted()]);
const merged = () => {
  const layer = adapted();
  mergeAdapters(layer);
  return layer;
};
class Idle extends Adapter {
  gain = zeros([1]);
  readonly additive = true;
  forward(x: Tensor, weight: Tensor): Tensor {
    return linear(x, weight);
  }
}
const source = () => ({ loss: () => ones([1]), batches: [1] });
const inner = () => sgd({ learningRate: 0.1 });
const models: readonly KindName[] = ['module'];

export const adapterRows: readonly Row[] = [
  row('lora', () => [model(), { rank: 2 }], [models, options]),
  row('dora', () => [model(), { rank: 2 }], [models, options]),
  row('lors', () => [model(), { rank: 2 }], [models, options]),
  row('periodicLora', () => [model(), { rank: 2, stageSteps: 3, inner: inner() }], [models, nothing]),
  row('reLora', () => [model(), { rank: 2, stageSteps: 3, inner: inner() }], [models, nothing]),
  row('xgbLora', () => [model(), { stageSteps: 3, inner: inner() }], [models, nothing]),
  row('mora', () => [model(), { rank: 2 }], [models, options]),
  row('vera', () => [model(), { rank: 2 }], [models, options]),
  row('loraMini', () => [model(), { rank: 2 }], [models, options]),
  row('vectorFit', () => [model(), { bias: false }], [models, options]),
  row('lily', () => [model(), { rank: 2 }], [models, options]),
  row('auroRa', () => [model(), { rank: 2 }], [models, options]),
  row('nora', () => [model(), { rank: 2 }], [models, nothing]),
  row('geoLora', () => [model(), { rank: 2, learningRate: 0.1 }], [models, nothing]),
  row('flatLora', () => [model(), { rank: 2, steps: 3, inner: inner() }], [models, nothing]),
  row('gradientSvd', () => [source()], [nothing]),
  row('loraGa', () => [source()], [nothing]),
  row('goraStart', () => [source()], [nothing]),
  row('pissa', () => [{}], [options]),
  row('orthonormal', () => [{}], [options]),
  row('sitesOf', () => [adapted()], [['module']]),
  row('mergeAdapters', () => [adapted()], [nothing]),
  row('unmergeAdapters', () => [merged()], [nothing]),
  row('removeAdapters', () => [adapted()], [nothing]),
  row('attachAdapters', () => [model(), { make: () => new Idle() }], [models, nothing]),
  row('peftOf', () => [named()], [nothing]),
  row('attachPeft', () => [unadapted(), peftOf(named())], [nothing, nothing], { called: ['attachPeft', 'an adapter'] }),
  row('savedAdapters', () => [adapted()], [nothing]),
  row('attachSaved', () => [model(), savedAdapters(adapted())], [nothing, nothing], {
    called: ['attachSaved', 'a file of adapters'],
  }),
  row('projectConflicts', () => [[{ w: ones([2]) }], {}], [nothing, options]),
  row('conGrad', () => [{ groups: ['a'], keep: 1, inner: inner() }], [nothing]),
  row('adaptersOf', () => [adapted()], [models]),
  row('activeAdapter', () => [adapted()], [models]),
  row('compact', () => [adapted()], [nothing], { asynchronous: true }),
  row('factorPairs', () => [{ 'a.lora.A': 1, 'a.lora.B': 2 }], [['{}', '{ tensor }', '{ unknown }']]),
  row('loraRite', () => [{ learningRate: 0.1 }], [nothing]),
  row('altLora', () => [{ learningRate: 0.1 }], [nothing]),
  row('altLoraPlus', () => [{ learningRate: 0.1 }], [nothing]),
  row('loraPlus', () => [{ learningRate: 0.1 }], [nothing]),
  row('preconditionPairs', () => [{ damping: 0.1 }], [options]),
  row('preconditionUp', () => [{ damping: 0.1 }], [options]),
  row('alternateFactors', () => [{ every: 2 }], [nothing]),
  row('orthogonalPenalty', () => [{ strength: 0.1 }], [options]),
  row('imbalancePenalty', () => [{ strength: 0.1 }], [options]),
  row('rmLora', () => [{ learningRate: 0.1 }], [nothing]),
  row('imbalanceLora', () => [{ learningRate: 0.1 }], [nothing]),
  row('piLora', () => [{ learningRate: 0.1 }], [nothing]),
  row('sora', () => [model(), { rank: 2 }], [models, options]),
  row('soraGate', () => [{ learningRate: 0.1, lambda: 1 }], [nothing]),
  row('softThreshold', () => [{ threshold: 0.1 }], [nothing]),
  row('adaLora', () => [{ inner: inner(), steps: 20 }], [nothing]),
  row('goraRanks', () => [source()], [nothing]),
  row('weLoreRanks', () => [{ threshold: 0.1 }], [nothing]),
  row('weLoreCounts', () => [[[2, 1]], { threshold: 0.1 }], [['[]'], nothing]),
  row('twoNN', () => [random.normal(random.key(0), [9, 3]), {}], [nothing, options]),
  row('blockStates', () => [model(), { blocks: [], run: () => {} }], [models, nothing]),
  row('geLoraRanks', () => [{ states: [] }], [nothing]),
  row('placementScores', () => [model(), { loss: () => ones([1]), batches: [1], match: 'no' }], [models, nothing]),
  row('reallocateRanks', () => [trained(), { rank: 2 }], [nothing, nothing], { asynchronous: true }),
  row('prune', () => [model(), { sparsity: 0.5 }], [models, nothing]),
  row('sparsity', () => [model(), {}], [models, options], { asynchronous: true }),
];
