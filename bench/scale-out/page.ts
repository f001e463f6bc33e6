import { markdownTable } from '../harness/markdown';
import type { Measured } from '../scale-out';
import { type Analysis, analyse, type Compressed, rateOf } from './analysis';
import { type Load, type Network, stepSeconds, type Way } from './model';
import { type Method, ranks } from './rank';
import { starting } from './starting';

const ms = (seconds: number): string => (1000 * seconds).toFixed(seconds < 0.01 ? 2 : 0);
const grouped = (x: number): string => Math.round(x).toLocaleString('en-US');
const percent = (x: number): string => `${(100 * x).toFixed(1)} %`;
const right = 'right' as const;
const nameOf = (method: Method): string => (ranks[method] === null ? method : `rank ${ranks[method]}`);

/** docs/scale-out.md: measured tables, the model, and what follows from it. */
export function pageOf(measured: Measured): string {
  const found = analyse(measured);
  const parts = [
    introduction(measured, found),
    bytes(found),
    model(found),
    times(measured, found),
    whenItPays(found),
    shown(found),
    overlap(measured, found),
    prediction(found),
    starting(),
    tenBillion(measured, found),
  ];
  return `${parts.flat().join('\n')}\n`;
}

function introduction({ processor, library, sizes, steps }: Measured, { parameters }: Analysis): string[] {
  const { width, layers, context, batch } = sizes;
  return [
    '# Scale out: several nodes',
    '',
    'Written by `npm run bench:scale-out -- --write` (`bench/scale-out.ts`); every measured number here is from that run, and every',
    'predicted one is computed in it from the measured ones. Each node is a network namespace with an interface of its own, whose sending',
    `\`tc\` limits; ranks are processes of ${library === 'mpich' ? 'MPICH' : 'Open MPI'} over TCP, with no memory in common. All of it is one machine, so nodes`,
    'share its cores: bytes are exact, times are those of cores that are shared.',
    '',
    `${processor}. A GPT of width ${width}, ${layers} layers, ${grouped(parameters)} parameters; ${batch} windows of ${context} tokens a rank; Adafactor.`,
    '_Dense_ is `chain(allReduce(comm), adafactor(…))`. The others are Flora: `allReduce` is inside `compress`, with a new Gaussian',
    `projection of that rank in each step. They take turns; times are medians of ${steps} steps.`,
  ];
}

function bytes({ bytes: rows }: Analysis): string[] {
  const dense = rows.find(({ method }) => method === 'dense')?.payload as number;
  const flora = rows.find(({ method }) => method === 'flora')?.payload as number;
  return [
    '',
    '## Bytes',
    '',
    'What one rank sends in a step. A ring needs 2(N − 1)/N·S for a vector of S bytes, and so do the Alltoall and the Allgather of which an',
    'ordered sum is made. The counter is that of the interface: with headers of packets, acknowledgements and what was sent again, and with the 8 bytes by which ranks compare',
    'their leaves before each sum. Without a limit TCP takes its own delays for losses and sends things again, more or less from run to run.',
    '',
    ...markdownTable(
      [
        { heading: 'nodes', align: right, cell: ({ nodes }) => `${nodes}` },
        { heading: 'limit, Mbit/s', align: right, cell: ({ megabits }) => `${megabits ?? 'none'}` },
        { heading: 'gradients', cell: ({ method }) => nameOf(method) },
        { heading: 'sums', align: right, cell: ({ sums }) => `${sums}` },
        { heading: '2(N − 1)/N·S', align: right, cell: ({ theory }) => grouped(theory) },
        { heading: 'payload', align: right, cell: ({ payload }) => grouped(payload) },
        { heading: 'counter', align: right, cell: ({ sent }) => grouped(sent) },
        { heading: 'counter over theory', align: right, cell: ({ sent, theory }) => percent(sent / theory - 1) },
      ],
      rows,
    ),
    '',
    `Flora at rank ${ranks.flora} sends ${(flora / dense).toFixed(3)} of what dense gradients are, in one sum a step: embeddings, biases and compressed matrices together.`,
  ];
}

function model({ networks, efficiency }: Analysis): string[] {
  return [
    '',
    '## The model',
    '',
    '    t = compute + projection + k·m(N)·α + 2(N − 1)/N·S·β',
    '',
    'k sums a step, S bytes of all their vectors; m(N) messages one after the other in each: 3(N − 1) in order (a gather of the 8 bytes, an Alltoall,',
    'an Allgather), about 3·log₂N in a library that halves and doubles recursively. α is the latency of a message and β the time of a byte, as in Thakur,',
    'Rabenseifner and Gropp, "Optimization of collective communication operations in MPICH" (IJHPCA 19(1), 2005), which has these costs',
    'for each collective. The ordered sum is an Alltoall, N − 1 additions of a block, and an Allgather. Nothing overlaps: ranks compute, then they wait.',
    '',
    'α and β are fitted to sums of five lengths alone, without any training:',
    '',
    ...markdownTable(
      [
        { heading: 'limit, Mbit/s', align: right, cell: ({ megabits }) => `${megabits ?? 'none'}` },
        { heading: 'α, µs', align: right, cell: ({ latency }) => (1e6 * latency).toFixed(0) },
        { heading: '1/β, Mbit/s', align: right, cell: (network) => grouped(rateOf(network)) },
      ],
      networks,
    ),
    '',
    `A sum gets ${percent(efficiency)} of a limit (the median): packets have headers, and the first bytes after a pause pass at any rate.`,
  ];
}

function times({ steps }: Measured, { rows, loads }: Analysis): string[] {
  return [
    '',
    '## Times against the model',
    '',
    `Two nodes. Compute is taken from the run without a limit (dense ${ms(loads.dense.compute)} ms a step, rank ${ranks.flora} ${ms(loads.flora.compute)}, rank ${ranks.half} ${ms(loads.half.compute)}), α and β from`,
    `the table above; the model has seen none of the steps that it is compared with (${steps} each).`,
    '',
    ...markdownTable(
      [
        { heading: 'limit, Mbit/s', align: right, cell: ({ megabits }) => `${megabits}` },
        { heading: 'gradients', cell: ({ method }) => nameOf(method) },
        { heading: 'measured, ms', align: right, cell: ({ seconds }) => ms(seconds) },
        { heading: 'of which computing', align: right, cell: ({ compute }) => ms(compute) },
        { heading: 'model, ms', align: right, cell: ({ predicted }) => ms(predicted) },
        { heading: 'model/measured', align: right, cell: ({ seconds, predicted }) => (predicted / seconds).toFixed(2) },
      ],
      rows,
    ),
  ];
}

function whenItPays({ rows, crossovers, loads, fastest }: Analysis): string[] {
  const rates = [...new Set(rows.map(({ megabits }) => megabits))];
  const secondsOf = (method: Method, rate: number): number =>
    rows.find((row) => row.method === method && row.megabits === rate)?.seconds as number;
  const ratio = (method: Compressed) => ({
    heading: nameOf(method),
    align: right,
    cell: (rate: number) => (secondsOf('dense', rate) / secondsOf(method, rate)).toFixed(2),
  });
  const at = (rate: number | null): string => (rate === null ? 'none' : grouped(rate));
  return [
    '',
    '## When Flora pays',
    '',
    'How many of its steps a dense one takes:',
    '',
    ...markdownTable(
      [
        { heading: 'limit, Mbit/s', align: right, cell: (rate: number) => grouped(rate) },
        ratio('flora'),
        ratio('half'),
      ],
      rates,
    ),
    '',
    `A step computes for ${ms(loads.dense.compute)} ms where whole gradients are copied, added and divided, ${ms(loads.flora.compute)} ms with a projection of rank ${ranks.flora} (drawing it, down, up)`,
    `and ${ms(loads.half.compute)} ms of rank ${ranks.half}. The rate above which dense is faster, in Mbit/s that a sum gets (1/β): measured, by a straight line between`,
    'neighbouring rates, and by the model, which knows of compute without a limit alone. _None_ is Flora ahead at any; of measured ones, up to the',
    `${grouped(fastest)} that a sum got at most.`,
    '',
    ...markdownTable(
      [
        { heading: 'gradients', cell: (method: Compressed) => nameOf(method) },
        { heading: 'measured', align: right, cell: (method) => at(crossovers[method].measured) },
        { heading: 'model', align: right, cell: (method) => at(crossovers[method].model) },
      ],
      ['flora', 'half'] as const,
    ),
    '',
    'In words: the projection costs computing in proportion to rank × parameters on every node, the bytes saved are 2(N − 1)/N of nearly all parameters. So it',
    'pays where the network is slow beside the processor, where matrices are wide (r/width of their bytes is left), and where few tokens a node stand',
    'against each gradient. What it costs in accuracy is in [Results](results.md).',
  ];
}

function overlap({ overlaps }: Measured, { bytes: rows }: Analysis): string[] {
  const share = (method: Method): number => rows.find((row) => row.method === method)?.theory as number;
  return [
    '',
    '## Sums beside computing',
    '',
    'All calls block. What a Worker that owns MPI could hide at most: forward and back alone and then a sum of all gradients, or both at once,',
    'the sum in the Worker. A training hides less, since its last gradients are there when the backward pass ends. Milliseconds:',
    '',
    ...markdownTable(
      [
        { heading: 'limit, Mbit/s', align: right, cell: ({ megabits }) => `${megabits ?? 'none'}` },
        { heading: 'the sum', align: right, cell: ({ sum }) => ms(sum) },
        { heading: 'one after the other', align: right, cell: ({ apart }) => ms(apart) },
        { heading: 'at once', align: right, cell: ({ together }) => ms(together) },
        { heading: 'saved', align: right, cell: ({ apart, together }) => percent(1 - together / apart) },
      ],
      overlaps,
    ),
    '',
    `It is not built: where a sum takes long Flora makes it ${(share('dense') / share('flora')).toFixed(0)} times as short, and leaves as much less to hide.`,
  ];
}

/** What was to be shown before anything was measured, and whether it is. */
function shown({ bytes: rows, rows: steps, crossovers, fastest }: Analysis): string[] {
  const limited = rows.filter(({ megabits }) => megabits !== null);
  const excess = (...which: Method[]): number =>
    Math.max(...limited.map(({ method, sent, theory }) => (which.includes(method) ? Math.abs(sent / theory - 1) : 0)));
  const sentBy = (which: Method): number => rows.find(({ method }) => method === which)?.sent as number;
  const slowest = (which: Method): number => steps.find(({ method }) => method === which)?.seconds as number;
  const speedUp = slowest('dense') / slowest('flora');
  const share = sentBy('flora') / sentBy('dense');
  const claims = [
    {
      claim: 'counters within 2 % of 2(N − 1)/N·S at every limit, dense',
      found: percent(excess('dense')),
      holds: excess('dense') <= 0.02,
    },
    {
      claim: 'counters within 2 % of 2(N − 1)/N·S at every limit, Flora',
      found: percent(excess('flora', 'half')),
      holds: excess('flora', 'half') <= 0.02,
    },
    { claim: 'Flora at rank 16 sends at most 0.11 of dense', found: share.toFixed(3), holds: share <= 0.11 },
    { claim: 'dense takes at least 2.5 times as long at 100 Mbit/s', found: speedUp.toFixed(2), holds: speedUp >= 2.5 },
    ...(['flora', 'half'] as const).map((method) => ({
      claim: `crossover of ${nameOf(method)}, measured and by the model, within a factor of 1.5`,
      found: Object.values(crossovers[method])
        .map((rate) => (rate === null ? 'none' : grouped(rate)))
        .join(' and '),
      holds: isNear(crossovers[method], fastest),
    })),
  ];
  return [
    '',
    '## What was to be shown',
    '',
    ...markdownTable(
      [
        { heading: 'claim', cell: ({ claim }) => claim },
        { heading: 'found', align: right, cell: (one) => one.found },
        { heading: 'holds', cell: ({ holds }) => (holds ? 'yes' : '**no**') },
      ],
      claims,
    ),
  ];
}

/** Where one of both is none, the other has to lie beyond all rates that were tried. */
function isNear({ measured, model }: Analysis['crossovers'][Compressed], fastest: number): boolean {
  if (measured === null) return model === null || model * 1.5 >= fastest;
  return model !== null && Math.max(measured / model, model / measured) <= 1.5;
}

interface Prediction {
  readonly megabits: number;
  readonly nodes: number;
  readonly scale: number;
}

function prediction(found: Analysis): string[] {
  const nodes = [8, 16, 32, 64, 128, 256, 512, 1024];
  const fixed = [100, 1000, 10_000].flatMap((megabits) => nodes.map((n) => ({ megabits, nodes: n, scale: 1 })));
  const shrinking = nodes.map((n) => ({ megabits: 1000, nodes: n, scale: 8 / n }));
  return [
    '',
    '## Prediction: 8 to 1,024 nodes',
    '',
    'From the model, with the compute that was measured, the α of the highest limit, and a β of the rate times the share that a sum got. _Library_ is',
    "`order: 'library'`. Milliseconds a step, with the same batch on each node:",
    '',
    ...predicted(found, fixed),
    '',
    'At a thousand nodes messages and not bytes decide: an ordered sum sends each rank a message of its own, twice. Bits that do not depend on the number',
    "of ranks (`order: 'tree'`) are for tens of nodes; beyond, use `order: 'library'`, whose bits repeat on the same nodes alone.",
    '',
    'With one batch of eight nodes shared by all, at 1 Gbit/s, forward and backward shrink and the projection stays:',
    '',
    ...predicted(found, shrinking),
  ];
}

function predicted(found: Analysis, cases: readonly Prediction[]): string[] {
  const { dense, flora } = found.loads;
  const seconds = (load: Load, { megabits, nodes, scale }: Prediction, way: Way): number => {
    const latency = found.networks.filter(({ megabits }) => megabits !== null).at(-1)?.latency as number;
    const network: Network = { latency, perByte: 8e-6 / (megabits * found.efficiency) };
    const compute = dense.compute * scale + (load.compute - dense.compute);
    return stepSeconds({ ...load, compute }, network, nodes, way);
  };
  const column = (heading: string, load: Load, way: Way) => ({
    heading,
    align: right,
    cell: (one: Prediction) => ms(seconds(load, one, way)),
  });
  return markdownTable(
    [
      { heading: 'Mbit/s', align: right, cell: ({ megabits }) => grouped(megabits) },
      { heading: 'nodes', align: right, cell: (one) => grouped(one.nodes) },
      column('dense, in order', dense, 'order'),
      column('dense, library', dense, 'library'),
      column(`rank ${ranks.flora}, in order`, flora, 'order'),
      column(`rank ${ranks.flora}, library`, flora, 'library'),
    ],
    cases,
  );
}

function tenBillion({ sizes }: Measured, { loads, parameters }: Analysis): string[] {
  const [width, layers, rank] = [4608, 39, 256];
  const weights = 12 * width ** 2 * layers;
  const gb = (floats: number): string => `${((4 * floats) / 1e9).toFixed(1)} GB`;
  const speed = (6 * parameters * sizes.batch * sizes.context) / loads.dense.compute;
  const compressed = (weights * rank) / width;
  const seconds = (floats: number, gigabits: number): string => ((2 * 4 * floats * 8) / (gigabits * 1e9)).toFixed(1);
  const window = 2048;
  return [
    '',
    '## What 10¹⁰ parameters would need',
    '',
    `Arithmetic, not a run: a GPT of width ${width} and ${layers} layers has 12·width²·layers = ${(weights / 1e9).toFixed(2)}·10⁹ weights in its matrices; Flora at rank ${rank}.`,
    '',
    ...markdownTable<readonly [string, string]>(
      [
        { heading: 'what', cell: ([what]) => what },
        { heading: 'size', align: right, cell: ([, size]) => size },
      ],
      [
        ['weights, float32', gb(weights)],
        ['gradients, which `allReduce` holds whole', gb(weights)],
        ['state of Adam', gb(2 * weights)],
        [`momentum of Flora, r/width of the weights`, gb(compressed)],
        [
          `activations of one window of ${window}, about 34·width floats a token and layer`,
          gb(34 * width * window * layers),
        ],
        ['memory that WebAssembly has, 2³² bytes', '4.3 GB'],
        ['sent by a rank a step, dense', gb(2 * weights)],
        ['sent by a rank a step, Flora', gb(2 * compressed)],
        ['seconds of that at 10 Gbit/s, dense and Flora', `${seconds(weights, 10)} and ${seconds(compressed, 10)}`],
        [
          `hours that a node computes on one window of ${window}, at the ${(speed / 1e9).toFixed(1)} GFLOP/s of a step above`,
          ((6 * weights * window) / speed / 3600).toFixed(1),
        ],
      ],
    ),
    '',
    'So: not with this engine today. Data-parallel ranks hold the whole model each, and the weights alone are ten times what one WebAssembly memory can',
    'address. It would take, in this order: weights and state divided over ranks (by layers, or each matrix by its rows), so that a rank holds',
    '1/N of them, sixteen ranks for the weights and more for the rest; `remat` for activations; 64-bit memories or a device with its own; a GPU backend',
    'whose sums need no copy; counts beyond 2³¹ in the calls of MPI, or vectors sent in parts; sums that overlap with the backward pass; checkpoints that',
    'each rank writes its part of. What exists of this carries over: sums are one transform, and what is sent is r/width of a gradient.',
  ];
}
