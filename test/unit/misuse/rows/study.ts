import {
  flora,
  Linear,
  lora,
  MultiHeadAttention,
  ones,
  projectors,
  random,
  sgd,
  wasmBackend,
} from '../../../../src/index';
import * as laws from '../../../../src/laws';
import { gradientFamilies, MeanTest, methods, questions, Report } from '../../../../src/study';
import { method, type Row, row } from '../harness';
import { functions, type KindName, left, nothing, numbers, options } from '../kinds';

// Checks and laws: only made here, what they find is tested elsewhere.

const shapes: readonly KindName[] = ['[]', '[1]'];
const asynchronous = { asynchronous: true };
const test = () => ({ expected: 0, variance: 1, effect: 1, falseAlarm: 0.1, power: 0.9 });
const verdict = () => ({
  check: 'c',
  passed: true,
  statistic: 0,
  threshold: 1,
  draws: 0,
  seed: 0,
  shape: null,
  message: '',
});
const adapted = () => {
  const layer = new Linear(4, 4, { key: random.key(0) });
  lora(layer, { rank: 2 });
  return layer;
};
const quick = { cases: [{ shape: [2, 3], rank: 1 }], effect: 5, power: 0.5, falseAlarm: 0.1 };

/** Options that any question takes of those that it has: the smallest. */
const asked = ({ options }: { options: object }) =>
  Object.fromEntries(
    Object.entries({
      gradients: [{ name: 'g', gradient: ones([2, 3]) }],
      ranks: [1],
      trials: 166,
      dimension: 2,
      intervals: [2],
      batches: [1],
      steps: 1,
      learningRates: [0.1],
      seeds: 1,
    }).filter(([name]) => name in options),
  );

const study: readonly Row[] = [
  row('checkProjector', () => [projectors.rademacher, quick], [nothing, options], asynchronous),
  row(
    'checkTransform',
    () => [() => sgd({ learningRate: 0.1 }), { shapes: [[2]] }],
    [functions, options],
    asynchronous,
  ),
  row('new MeanTest', () => [test()], [nothing]),
  method('MeanTest.add', () => [new MeanTest(test()), 0.5], [numbers]),
  row('headRank', () => [new MultiHeadAttention(4, 2, { key: random.key(0) })], [nothing], asynchronous),
  row('updateSpectrum', () => [ones([2, 3]), ones([2, 3])], [nothing, nothing], asynchronous),
  row('adapterSpectra', () => [adapted()], [nothing], asynchronous),
  row('intruderDimensions', () => [ones([2, 3]), ones([2, 3]), {}], [nothing, nothing, options], asynchronous),
  row('adapterIntruders', () => [adapted(), {}], [nothing, options], asynchronous),
  row('mitigateIntruders', () => [ones([2, 3]), ones([2, 3]), {}], [nothing, nothing, options], asynchronous),
  row('mitigateAdapterIntruders', () => [adapted(), {}], [nothing, options], asynchronous),
  row('effectiveNoise', () => [ones([2, 3]), { rank: 2 }], [['other shape'], nothing], asynchronous),
  row('gradientConflicts', () => [[{ w: ones([2]) }], {}], [nothing, options], asynchronous),
  row('medianOfMeans', () => [new Array(200).fill(1), 1, 0.1], [nothing, ['0', '1.5', '2**53', 'Infinity'], nothing]),
  row(
    'projectionError',
    () => [{ projector: projectors.rademacher, rows: 2, columns: 3, rank: 1, trials: 166 }],
    [nothing],
    asynchronous,
  ),
  row(
    'curvesFigure',
    () => [
      {
        name: 'a',
        title: 'b',
        caption: 'c',
        x: { title: 'd' },
        y: { title: 'e' },
        curves: [{ label: 'f', points: [] }],
      },
    ],
    [nothing],
  ),
  row(
    'methodBias',
    () => [methods.galore, { shape: [2, 3], rank: 1, effect: 5, falseAlarm: 0.1 }],
    [nothing, nothing],
    {
      asynchronous: true,
    },
  ),
  ...Object.keys(gradientFamilies).map((name) =>
    row(`gradientFamilies.${name}`, () => [random.key(0), [2, 3]], [nothing, nothing]),
  ),
  ...Object.values(questions).flatMap(({ spec }) => [
    row(`questions.${spec.name}.ask`, () => [asked(spec)], [nothing], asynchronous),
    row(`questions.${spec.name}.rows`, () => [asked(spec), () => undefined], [nothing, [...functions, 'undefined']]),
  ]),
  row('observeCompression', () => [flora({ learningRate: 0.1, rank: 2 }), { every: 1 }], [nothing, options], {
    options: { every: left, parameters: ['undefined', ...functions] },
  }),
  row('new Report', () => ['subject', [verdict()]], [["''", "'x'"], ['[]']]),
  method('Report.assert', () => [new Report('subject', [verdict()])], []),
];

/** An arbitrary of extents, as `opLaws` hands it to a row. */
function extent(): unknown {
  let seen: unknown;
  const cases = (given: laws.Extents) => {
    seen = given;
    return laws.shapesOf(given).map((shape) => laws.opCase([laws.real(shape)], (x) => x));
  };
  laws.opLaws({ name: 'identity', cases });
  return seen;
}

const identity = (x: unknown) => x;
const finite: readonly KindName[] = ['0', '-1', '1.5', '2**53'];

const suites: readonly Row[] = [
  row('backendLaws', () => [wasmBackend, { runs: 1 }], [functions, options]),
  row('opLaws', () => [laws.elementwise('identity', (x) => x), { runs: 1 }], [nothing, options]),
  row('projectorLaws', () => [projectors.haar, { runs: 1 }], [nothing, options]),
  row('transformLaws', () => [sgd({ learningRate: 0.1 }), { runs: 1 }], [functions, options]),
  row(
    'adapterLaws',
    () => [
      {
        name: 'lora',
        layer: () => new Linear(2, 2, { key: random.key(0) }),
        attach: () => 0,
        input: () => ones([1, 2]),
      },
    ],
    [nothing],
  ),
  row('projectorCases', () => [16], [left]),
];

const cases: readonly Row[] = [
  row('real', () => [[2, 3], -100, 2 ** 54], [
    shapes,
    ['undefined', ...finite],
    ['undefined', '0', '-1', '1.5', '2**53'],
  ]),
  row('positive', () => [[2, 3]], [shapes]),
  row('spaced', () => [[2, 3], 1], [shapes, ['undefined', '0']]),
  row('ids', () => [[2, 3], 5], [shapes, nothing]),
  row('constant', () => [laws.real([2])], [nothing]),
  row('opCase', () => [[laws.real([2])], identity, {}], [
    ['[]'],
    functions,
    ['undefined', '{}', '{ unknown }', '{ tensor }'],
  ]),
  row('elementwise', () => ['name', identity, laws.real], [["''", "'x'"], functions, ['undefined', ...functions]]),
  row('broadcasting', () => ['name', identity, laws.real, laws.real], [
    ["''", "'x'"],
    functions,
    ['undefined', ...functions],
    ['undefined', ...functions],
  ]),
  row('reducing', () => ['name', identity, {}], [["''", "'x'"], functions, options]),
  row('shapesOf', () => [extent(), 0, 3], [nothing, ['undefined', '0'], ['undefined', '0']]),
  row('shapeAndAxis', () => [extent()], [nothing]),
  row('reductions', () => [extent()], [nothing]),
  row('broadcastShapesOf', () => [extent(), 2], [nothing, left]),
];

const made = Object.keys(methods).map((name) =>
  row(`methods.${name}.make`, () => [{ learningRate: 0.1, rank: 2, refreshEvery: 2, seed: 0 }], [nothing]),
);

export const studyRows: readonly Row[] = [...study, ...suites, ...cases, ...made];
