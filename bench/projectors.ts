// How long the maps of each projector take beside those of gaussian, on one thread of the wasm backend:
//   npm run bench:projectors -- --shape 512x256 --rank 16
// Every round takes each projector in turn, in an order that moves on, so that what slows the machine down slows all of
// them. Times are medians in milliseconds. A projection is a function of its key, so that sample is next to nothing: what
// a projector has to draw is drawn when down first uses the projection, and once for the up that follows.
//   sample   a projection from a key
//   draw     what the first down of a projection takes beyond a second one: 0 where entries are drawn inside products
//   down     without the draw
//   up       after a down
//   step     draw, down and up of a projection that was not the last one in use: what a step of training pays
//   ratio    of step to that of gaussian, the median over rounds
// Projectors that look at a gradient do their work in refresh, which is not timed.
//   --shape NxM     of the gradient [512x256]
//   --rank N,N      ranks [16]
//   --only A,B      projectors by label, beside gaussian [all that are functions of a key]
//   --rounds N      behind each median [60]
import { parseArgs } from 'node:util';
import { usualInstances } from '../src/compress/projectors/projectors';
import { backend, type Projector, random, scope, type Tensor } from '../src/index';

const { values: options } = parseArgs({
  options: {
    shape: { type: 'string', default: '512x256' },
    rank: { type: 'string', default: '16' },
    only: { type: 'string' },
    rounds: { type: 'string', default: '60' },
  },
});
const shape = options.shape.split('x').map(Number) as [number, number];
const rounds = Number(options.rounds);
const warmUp = 300; // rounds until everything is compiled: a draw of Haar rows takes some hundreds
const only = options.only?.split(',');
const list = Object.entries(usualInstances()).filter(
  ([label, { refresh }]) => label === 'gaussian' || (only ? only.includes(label) : refresh === undefined),
);

interface Times {
  readonly sample: number;
  readonly draw: number;
  readonly down: number;
  readonly up: number;
  readonly step: number;
}

function milliseconds(run: () => void): number {
  const start = performance.now();
  run();
  return performance.now() - start;
}

function once(projector: Projector, gradient: Tensor, rank: number, round: number): Times {
  return scope(() => {
    const key = random.fold(random.key(1), round);
    let projection = projector.sample(key, shape, rank, 0);
    const sample = milliseconds(() => {
      projection = projector.sample(key, shape, rank, 0);
    });
    let compressed = gradient;
    const first = milliseconds(() => {
      compressed = projector.down(projection, gradient);
    });
    const up = milliseconds(() => void projector.up(projection, compressed));
    const down = milliseconds(() => void projector.down(projection, gradient));
    return { sample, draw: first - down, down, up, step: first + up };
  });
}

function measure(gradient: Tensor, rank: number): Map<string, Times[]> {
  const times = new Map(list.map(([label]): [string, Times[]] => [label, []]));
  for (let round = 0; round < warmUp + rounds; round++) {
    const start = round % list.length;
    for (const [label, projector] of [...list.slice(start), ...list.slice(0, start)]) {
      const taken = once(projector, gradient, rank, round);
      if (round >= warmUp) times.get(label)?.push(taken);
    }
  }
  return times;
}

function median(of: readonly number[]): number {
  const sorted = [...of].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] as number;
}

function table(times: ReadonlyMap<string, readonly Times[]>): object {
  const unit = times.get('gaussian') as readonly Times[];
  const rows = [...times].map(([label, taken]) => {
    const of = (column: keyof Times): string => median(taken.map((one) => one[column])).toFixed(3);
    const ratio = median(taken.map(({ step }, i) => step / (unit[i] as Times).step)).toFixed(2);
    const columns = { sample: of('sample'), draw: of('draw'), down: of('down'), up: of('up'), step: of('step'), ratio };
    return [label, columns];
  });
  return Object.fromEntries(rows);
}

scope(() => {
  const gradient = random.normal(random.key(0), shape);
  for (const rank of options.rank.split(',').map(Number)) {
    console.log(`gradient [${shape.join(', ')}], rank ${rank}, ${rounds} rounds; ${backend().name}`);
    console.table(table(measure(gradient, rank)));
  }
});
