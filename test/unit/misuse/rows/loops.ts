import { sgd } from '../../../../src/index';
import { type Row, row } from '../harness';
import { functions, type KindName, nothing, options } from '../kinds';
import { ones } from '../library';

// The loop over a trainer, its callbacks, and the logs that it writes.

const strings: readonly KindName[] = ["''", "'x'"];
const training = () => ({
  ...{ params: { w: ones([2]) }, transform: sgd({ learningRate: 0.1 }), loss: () => ones([2]).sum() },
  ...{ data: [1], epochs: 1, yieldEvery: Infinity },
});
const log =
  '{"run":"a","seed":0,"resumed":0,"parameters":2,"details":{}}\n{"step":1,"epoch":1,"loss":2,"values":{},"seconds":0}\n';
const left: readonly KindName[] = ['undefined'];
const parsed = () => ({
  ...{ run: 'a', seed: 0, parameters: 1, details: {}, stopped: null, reports: [] },
  steps: [{ step: 1, epoch: 1, loss: 1, values: {}, seconds: 0 }],
});

export const loopRows: readonly Row[] = [
  row('fit', () => [training()], [nothing], {
    asynchronous: true,
    options: { every: left, callbacks: [...left, '[]'], resume: left, signal: left },
  }),
  row('earlyStop', () => [{ patience: 1 }], [nothing]),
  row('keepBest', () => [{ restore: true }], [options]),
  row('averageParameters', () => [{ decay: 0.5 }], [nothing]),
  row('gradientNorm', () => [], []),
  row('progressLine', () => [() => undefined, { every: 2 }], [functions, options]),
  row('logLines', () => [() => undefined, { every: 2 }], [functions, options]),
  row('parseLog', () => [log], [nothing]),
  row('compareRuns', () => [[parsed()], { title: 'x' }], [nothing, options], {
    options: { title: [...left, ...strings] },
  }),
];
