import { compress, ema, liftUpdate, projectors, quantise, random, sgd } from '../../../../src/index';
import { firstRefresh } from '../../../support/refresh';
import { type Row, row } from '../harness';
import { functions, type KindName, left, nothing, options } from '../kinds';
import { ones, type Tensor } from '../library';

// Compression of gradients, and all methods of all projectors.

type Method =
  | 'side'
  | 'sample'
  | 'refresh'
  | 'down'
  | 'up'
  | 'transfer'
  | 'compressedShape'
  | 'storedFloats'
  | 'theory';
type Ready = Partial<Record<Method, (...args: never[]) => unknown>>;

const shape = [4, 6];
const rank = 2;
const key = () => random.key(3);
const values = () => ({ values: new Float32Array(24).fill(1), shape, side: 'left' });

/** Valid arguments of each method and what else each takes, the same for every projector. */
function projectorRows(name: string): Row[] {
  const projector = projectors[name as 'gaussian'] as unknown as Ready;
  const draw = () => (projector.sample as (...args: unknown[]) => unknown)(key(), shape, rank);
  const down = (p: unknown) => (projector.down as (...args: unknown[]) => Tensor)(p, ones(shape));
  const compressed = () => down(draw());
  // The projectors whose error depends on the gradient need it.
  const alone = ['svd', 'topCoordinates', 'twoSidedAverage', 'twoSidedProduct'].includes(name) ? nothing : left;
  const table: Record<Method, [valid: () => unknown[], accepts: Row['accepts']]> = {
    side: [() => [shape], [nothing]],
    sample: [() => [key(), shape, rank, 0], [nothing, nothing, nothing, ['undefined', '0', '-1']]],
    refresh: [() => [draw(), ones(shape), firstRefresh(key())], [nothing, nothing, nothing]],
    down: [() => [draw(), ones(shape)], [nothing, nothing]],
    up: [() => [draw(), compressed()], [nothing, nothing]],
    transfer: [() => [compressed(), draw(), draw()], [nothing, nothing, nothing]],
    compressedShape: [() => [draw()], [nothing]],
    storedFloats: [() => [shape, rank], [nothing, nothing]],
    theory: [() => [4, rank, values()], [nothing, nothing, alone]],
  };
  return Object.entries(table)
    .filter(([key]) => projector[key as Method] !== undefined)
    .map(([key, [valid, accepts]]) =>
      row(`projectors.${name}.${key}`, valid, accepts, {
        call: (args) => projector[key as Method]?.(...(args as never[])),
        called: [`${name}.${key}`],
      }),
    );
}

const plain = Object.keys(projectors).filter((name) => typeof projectors[name as 'gaussian'] !== 'function');
const inner = () => ema({ decay: 0.9 });
const compressing = () =>
  ({ projector: projectors.gaussian, rank, inner: inner(), refreshEvery: 10, onRefresh: 'transfer' }) as const;
const strings: readonly KindName[] = ["''", "'x'"];

/** What `compress` hands to its `combine`. */
function ofCombine(): unknown[] {
  let seen: unknown[] = [];
  const combine = (...args: Parameters<typeof liftUpdate>): ReturnType<typeof liftUpdate> => {
    seen = args;
    return liftUpdate(...args);
  };
  const spy = compress({ ...compressing(), combine: combine as never });
  const params = { w: ones(shape) };
  spy.update({ w: ones(shape) }, spy.init(params), params);
  const [, leaf, moves] = seen;
  return [ones(shape), leaf, moves, 'w'];
}

export const compressRows: readonly Row[] = [
  row('compress', () => [compressing()], [nothing]),
  row('flora', () => [{ rank, learningRate: 0.1 }], [nothing]),
  row('floraAccumulate', () => [{ rank, steps: 2, inner: sgd({ learningRate: 0.1 }) }], [nothing]),
  row('liftUpdate', ofCombine, [nothing, nothing, nothing, ['undefined', ...strings]], {
    called: ['liftUpdate', 'gaussian.down'],
  }),
  row('liftPlusRaw', () => [0.9], [['0']]),
  row('ldadam', () => [{ learningRate: 0.1 }], [nothing]),
  row('coap', () => [{ rank, learningRate: 0.1 }], [nothing]),
  row('subtrack', () => [{ rank, learningRate: 0.1 }], [nothing]),
  row('liftRecovered', () => [{ scale: 0.5 }], [options]),
  row('rotateMoments', () => [projectors.gaussian, { beta1: 0.8 }], [nothing, options]),
  row('matrixFilter', () => [{ rank }], [nothing]),
  row('onSide', () => [projectors.gaussian, 'left'], [nothing, nothing]),
  row('liftScaled', () => [0.25], [['1.5', '2**53']]),
  row('scaleByChannels', () => [ones(shape), ones([4, 2]), ones([4, 2]), 1], [
    nothing,
    nothing,
    nothing,
    ['undefined'],
  ]),
  row('rankAxis', () => [{ side: 'left', shape }], [nothing]),
  row('galore', () => [{ rank, learningRate: 0.1 }], [nothing]),
  row('apollo', () => [{ rank, learningRate: 0.1 }], [nothing]),
  row('apolloMini', () => [{ learningRate: 0.1 }], [nothing]),
  row('fixedSide', () => [projectors.gaussian, 'left'], [nothing, nothing]),
  row('liftPlusRest', ofCombine, [nothing, nothing, nothing, ['undefined', ...strings]], {
    called: ['liftPlusRest', 'gaussian.down'],
  }),
  row('withGain', () => [projectors.coordinates, (d: number, r: number) => r / d], [nothing, functions]),
  row('subspaceMomentum', () => [{ rank, learningRate: 0.1 }], [nothing]),
  row('adamSnsm', () => [{ rank, learningRate: 0.1 }], [nothing]),
  row('inUnits', () => [projectors.gaussian, 2], [nothing, ['1.5', '2**53']]),
  row('vlorp', () => [{ rank, learningRate: 0.1 }], [nothing]),
  row('lazyRefresh', () => [projectors.svd, {}], [nothing, options]),
  row('quantised', () => [projectors.svd, {}], [nothing, options]),
  row('quantise', () => [ones(shape), {}], [['int32', 'other shape'], options]),
  row('dequantise', () => [quantise(ones(shape))], [nothing]),
  row('qGalore', () => [{ rank, learningRate: 0.1 }], [nothing]),
  row('matrixMaps', () => [() => ones([2, 6])], [functions]),
  row('project', () => ['left', shape, rank], [nothing, nothing, nothing]),
  row('smallerSide', () => [shape], [nothing]),
  row('compressedDimension', () => [{ side: 'left', shape }], [nothing]),
  row('oneSided', () => [{ gain: 1, relativeMse: 2, varianceOf: () => 1 }], [nothing]),
  row('fira', () => [{ learningRate: 0.1, rank }], [nothing]),
  row('frugal', () => [{ learningRate: 0.1 }], [nothing]),
  row('grass', () => [{ learningRate: 0.1, rank }], [nothing]),
  row('projectors.sparse', () => [{ sparsity: 3 }], [options]),
  row('projectors.geodesic', () => [{ stepSize: 2 }], [options]),
  row('projectors.countSketch', () => [{ nonzeros: 2 }], [options]),
  row('projectors.coordinatesWithReplacement', () => [{ chances: [1, 2] }], [options]),
  row('projectors.coordinatesByNorm', () => [{ of: 'norm' }], [nothing]),
  row('projectors.entries', () => [{ density: 0.5 }], [nothing]),
  row('projectors.svdOf', () => [ones(shape)], [['other shape']]),
  row('projectors.explicit', () => [[ones([rank, 4])]], [['[]', '[tensor]']]),
  ...plain.flatMap(projectorRows),
];
