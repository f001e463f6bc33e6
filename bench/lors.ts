// LoRS against its masked baselines on one layer: time of a step and peak memory.
//   npm run bench:lors [-- --steps 40]
// Steps of all methods alternate, so that what slows the machine down slows all of them; times are compared in pairs.
// Bytes are the most that a step holds beyond inputs, weight, output and its cotangent, and the gradients it returns.
import { parseArgs } from 'node:util';
import { loraLinear } from '../src/adapters/methods/lora-linear';
import { lorsLinear } from '../src/adapters/methods/lors-linear';
import { spLoraLinear, sqftLinear } from '../src/adapters/methods/masked-linear';
import { backend, memory, random, scope, sum, type Tensor, valueAndGrad, where } from '../src/index';
import { less } from '../src/tensor/ops/elementwise/compare';

const { values: options } = parseArgs({ options: { steps: { type: 'string', default: '40' } } });
const steps = Number(options.steps);
const [tokens, size, rank] = [512, 1024, 16];

const methods = {
  lors: lorsLinear,
  'sp-lora': spLoraLinear,
  sqft: sqftLinear,
  'lora (dense)': (x: Tensor, weight: Tensor, change: Parameters<typeof lorsLinear>[2]) =>
    loraLinear(x, x, weight, change, null),
};
type Method = keyof typeof methods;
const names = Object.keys(methods) as Method[];

scope(() => {
  const draw = (seed: number, shape: number[]): Tensor => random.normal(random.key(seed), shape);
  const x = draw(1, [tokens, size]);
  const weight = where(less(random.uniform(random.key(2), [size, size]), 0.5), 0, draw(3, [size, size]));
  const factors = { A: draw(4, [rank, size]), B: draw(5, [size, rank]) };
  const step = (name: Method) =>
    valueAndGrad(() => sum(methods[name](x, weight, { ...factors, scale: 0.5 }, null)), { x, ...factors });

  const times = new Map(names.map((name) => [name, [] as number[]]));
  const peaks = new Map<Method, number>();
  for (const name of names) for (let i = 0; i < 5; i++) scope(() => step(name));
  for (let round = 0; round < steps; round++) {
    for (const name of [...names.slice(round % names.length), ...names.slice(0, round % names.length)]) {
      const { bytes } = memory();
      backend().resetPeak();
      const start = performance.now();
      scope(() => step(name));
      times.get(name)?.push(performance.now() - start);
      peaks.set(name, memory().peakBytes - bytes);
    }
  }
  const results = 4 * (3 * tokens * size + 2 * rank * size);
  const own = times.get('lors') as number[];
  console.log(`weight [${size}, ${size}], ${tokens} tokens, rank ${rank}, ${steps} steps; ${backend().name}`);
  console.table(
    names.map((name) => {
      const all = times.get(name) as number[];
      return {
        method: name,
        'ms/step (median)': median(all).toFixed(2),
        'lors/this (median of pairs)': median(all.map((time, i) => (own[i] as number) / time)).toFixed(3),
        'extra bytes': (peaks.get(name) as number) - results,
        'of one weight': (((peaks.get(name) as number) - results) / (4 * size * size)).toFixed(3),
      };
    }),
  );
});

function median(list: readonly number[]): number {
  const sorted = [...list].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] as number;
}
