// Is this build slower than another one? Both are loaded into one process and take turns, so that what else the machine
// does meets both alike.
//   node --expose-gc --max-semi-space-size=256 bench/before-after.mjs OTHER/dist [dist] [rounds]
// For each case: the median over rounds of time(this)/time(other), with a 95 % interval by the bootstrap, and the bytes
// of JavaScript memory that one repetition allocates in each.

import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [other, own = 'dist', rounds = '40'] = process.argv.slice(2);
if (other === undefined) {
  console.error('node --expose-gc --max-semi-space-size=256 bench/before-after.mjs OTHER/dist [dist] [rounds]');
  process.exit(2);
}
const load = (folder) => import(pathToFileURL(resolve(folder, 'index.js')).href);
const builds = [await load(own), await load(other)];

/** Each makes a function of one repetition for a build; `inner`: repetitions that are timed together. */
const cases = {
  'tiny op: add of 8 numbers in a scope': {
    inner: 20_000,
    make({ add, keep, ones, scope }) {
      const a = keep(ones([8]));
      const step = () => void add(a, a);
      return (times) =>
        scope(() => {
          for (let i = 0; i < times; i++) scope(step);
        });
    },
  },
  'tiny op: gradient of a sum of squares of 8 numbers': {
    inner: 5000,
    make({ grad, keep, mul, ones, scope, sum }) {
      const a = keep(ones([8]));
      const f = grad((x) => sum(mul(x, x)));
      return (times) => {
        for (let i = 0; i < times; i++) scope(() => void f(a));
      };
    },
  },
  'training step: MLP 64-128-128-10, batch 32, Adam': {
    inner: 60,
    make(library) {
      const { adam, crossEntropy, MLP, random, tensor, trainer } = library;
      const model = new MLP({ sizes: [64, 128, 128, 10], key: random.key(0) });
      const x = random.normal(random.key(1), [32, 64]);
      const y = tensor(
        Array.from({ length: 32 }, (_, i) => i % 10),
        { dtype: 'int32' },
      );
      const loss = (batch) => crossEntropy(model.forward(batch.x), batch.y);
      return stepsOf(trainer({ model, transform: adam({ learningRate: 1e-3 }), loss, seed: 0 }), { x, y });
    },
  },
  'training step: GPT width 64, 2 layers, 8 × 32 tokens, Flora rank 16': {
    inner: 4,
    make: (library) => gpt(library, library.flora({ learningRate: 0.01, rank: 16, refreshEvery: 50, seed: 0 })),
  },
  'training step: the same GPT, Adafactor with momentum': {
    inner: 4,
    make: (library) => gpt(library, library.adafactor({ learningRate: 0.01, momentum: 0.9 })),
  },
  'projection: 512 × 512 down to rank 32 and up again, gaussian': {
    inner: 8,
    make: (library) => projection(library, library.projectors.gaussian),
  },
  'projection: 512 × 512 down to rank 32 and up again, srht': {
    inner: 8,
    make: (library) => projection(library, library.projectors.srht),
  },
};

function projection({ keep, random, scope }, projector) {
  const gradient = keep(random.normal(random.key(0), [512, 512]));
  const drawn = scope(() => projector.sample(random.key(1), [512, 512], 32, 0));
  const step = () => void projector.up(drawn, projector.down(drawn, gradient));
  return (times) => {
    for (let i = 0; i < times; i++) scope(step);
  };
}

function gpt({ crossEntropy, GPT, random, tensor, trainer }, transform) {
  const model = new GPT({ vocabularySize: 64, context: 32, width: 64, heads: 4, layers: 2, key: random.key(0) });
  const tokens = (shift) =>
    tensor(
      Array.from({ length: 256 }, (_, i) => (i * 7 + shift) % 64),
      { shape: [8, 32], dtype: 'int32' },
    );
  const loss = ({ ids, targets }) => crossEntropy(model.forward(ids), targets);
  return stepsOf(trainer({ model, transform, loss, seed: 0 }), { ids: tokens(0), targets: tokens(7) });
}

function stepsOf(training, batch) {
  return (times) => {
    for (let i = 0; i < times; i++) training.step(batch);
  };
}

for (const [name, { inner, make }] of Object.entries(cases)) {
  const runs = builds.map(make);
  for (const run of runs) for (let i = 0; i < 5; i++) run(inner); // compiled by now
  const ratios = [];
  for (let round = 0; round < Number(rounds); round++) {
    const seconds = [0, 0];
    for (const i of round % 2 ? [1, 0] : [0, 1]) {
      const start = process.hrtime.bigint();
      runs[i](inner);
      seconds[i] = Number(process.hrtime.bigint() - start);
    }
    ratios.push(seconds[0] / seconds[1]);
  }
  const [low, high] = interval(ratios);
  const [now, before] = runs.map((run) => allocated(run, inner));
  const bytes = `${Math.round(now)} bytes each, ${Math.round(before)} before`;
  console.log(`${name}: ${median(ratios).toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]; ${bytes}`);
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

function interval(values) {
  const medians = Array.from({ length: 2000 }, () =>
    median(values.map(() => values[Math.floor(Math.random() * values.length)])),
  ).sort((a, b) => a - b);
  return [medians[50], medians[1949]];
}

/** Bytes of one repetition, over so few that no collection comes between: what it finds would be missing. */
function allocated(run, inner) {
  const over = (times) =>
    median(
      Array.from({ length: 5 }, () => {
        globalThis.gc?.();
        const before = process.memoryUsage().heapUsed;
        run(times);
        return (process.memoryUsage().heapUsed - before) / times;
      }),
    );
  return over(Math.max(1, Math.min(inner, 1000, Math.floor(2 ** 20 / over(1)))));
}
