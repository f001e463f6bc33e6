import { markdownTable } from '../harness/markdown';
import type { Measured } from '../scale-out';
import { type Analysis, analyse } from './analysis';
import { type Load, type Network, stepSeconds, type Way } from './model';
import { starting } from './starting';

const ms = (seconds: number): string => (1000 * seconds).toFixed(seconds < 0.01 ? 2 : 0);
const grouped = (x: number): string => Math.round(x).toLocaleString('en-US');
const percent = (x: number): string => `${(100 * x).toFixed(1)} %`;
const right = 'right' as const;

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
    prediction(found),
    starting(),
    tenBillion(measured, found),
  ];
  return `${parts.flat().join('\n')}\n`;
}

function introduction({ processor, library, sizes, steps }: Measured, { parameters }: Analysis): string[] {
  const { width, layers, context, batch, rank } = sizes;
  return [
    '# Scale out: several nodes',
    '',
    'Written by `npm run bench:scale-out -- --write` (`bench/scale-out.ts`); every measured number here is from that run, and every',
    'predicted one is computed in it from the measured ones. Each node is a network namespace with an interface of its own, whose sending',
    `\`tc\` limits; ranks are processes of ${library === 'mpich' ? 'MPICH' : 'Open MPI'} over TCP, with no memory in common. All of it is one machine, so nodes`,
    'share its cores: bytes are exact, times are those of cores that are shared.',
    '',
    `${processor}. A GPT of width ${width}, ${layers} layers, ${grouped(parameters)} parameters; ${batch} windows of ${context} tokens a rank; Adafactor.`,
    '_Dense_ is `chain(allReduce(comm), adafactor(…))`. _Flora_ puts `allReduce` inside `compress`, with a new Gaussian projection of',
    `rank ${rank} in each step. They take turns; times are medians of ${steps} steps.`,
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
        { heading: 'gradients', cell: ({ method }) => method },
        { heading: 'sums', align: right, cell: ({ sums }) => `${sums}` },
        { heading: '2(N − 1)/N·S', align: right, cell: ({ theory }) => grouped(theory) },
        { heading: 'payload', align: right, cell: ({ payload }) => grouped(payload) },
        { heading: 'counter', align: right, cell: ({ sent }) => grouped(sent) },
        { heading: 'counter over theory', align: right, cell: ({ sent, theory }) => percent(sent / theory - 1) },
      ],
      rows,
    ),
    '',
    `Flora sends ${(flora / dense).toFixed(3)} of what dense gradients are. \`compress\` hands its leaves over one by one, so Flora's sums are many and small, and`,
    'what each of them sends besides its numbers shows.',
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
    'Rabenseifner and Gropp, "Optimization of collective communication operations in MPICH" (IJHPCA 2005), which has these costs',
    'for each collective. The ordered sum is an Alltoall, N − 1 additions of a block, and an Allgather. Nothing overlaps: ranks compute, then they wait.',
    '',
    'α and β are fitted to sums of five lengths alone, without any training:',
    '',
    ...markdownTable(
      [
        { heading: 'limit, Mbit/s', align: right, cell: ({ megabits }) => `${megabits}` },
        { heading: 'α, µs', align: right, cell: ({ latency }) => (1e6 * latency).toFixed(0) },
        { heading: '1/β, Mbit/s', align: right, cell: ({ perByte }) => (8e-6 / perByte).toFixed(0) },
      ],
      networks,
    ),
    '',
    `A sum gets ${percent(efficiency)} of the limit (the median): both directions are not always busy, and packets have headers.`,
  ];
}

function times({ steps }: Measured, { rows, loads }: Analysis): string[] {
  return [
    '',
    '## Times against the model',
    '',
    `Two nodes. Compute is taken from a run without a limit (dense ${ms(loads.dense.compute)} ms, Flora ${ms(loads.flora.compute)} ms a step), α and β from the table`,
    `above; the model has seen none of the steps that it is compared with (${steps} each).`,
    '',
    ...markdownTable(
      [
        { heading: 'limit, Mbit/s', align: right, cell: ({ megabits }) => `${megabits}` },
        { heading: 'gradients', cell: ({ method }) => method },
        { heading: 'measured, ms', align: right, cell: ({ seconds }) => ms(seconds) },
        { heading: 'of which computing', align: right, cell: ({ compute }) => ms(compute) },
        { heading: 'model, ms', align: right, cell: ({ predicted }) => ms(predicted) },
        { heading: 'model/measured', align: right, cell: ({ seconds, predicted }) => (predicted / seconds).toFixed(2) },
      ],
      rows,
    ),
  ];
}

function whenItPays({ rows, crossovers, loads }: Analysis): string[] {
  const rates = [...new Set(rows.map(({ megabits }) => megabits))];
  const ratios = rates.map((rate) => {
    const [dense, flora] = rows.filter(({ megabits }) => megabits === rate);
    return `${((dense?.seconds ?? 0) / (flora?.seconds ?? 1)).toFixed(2)} at ${rate} Mbit/s`;
  });
  const at = (rate: number | null): string => (rate === null ? 'none' : `${grouped(rate)} Mbit/s`);
  return [
    '',
    '## When Flora pays',
    '',
    `A dense step takes as long as this number of Flora's: ${ratios.join(', ')}. Without any limit the projection (drawing it, down, up) takes`,
    `${ms(loads.flora.compute)} ms of computing a step where whole gradients take ${ms(loads.dense.compute)}, which are copied, added and divided by ranks too. The rate above which`,
    `dense is faster, by a straight line between measured rates: ${at(crossovers.measured)}; by the model: ${at(crossovers.model)}. _None_: Flora was no slower at any.`,
    '',
    'In words: the projection costs computing in proportion to rank × parameters on every node, the bytes saved are 2(N − 1)/N of nearly all parameters. So it',
    'pays where the network is slow beside the processor, where matrices are wide (r/width of their bytes is left), and where few tokens a node stand',
    'against each gradient. It does not pay within one machine. What it costs in accuracy is in [Results](results.md).',
  ];
}

/** What was to be shown before anything was measured, and whether it is. */
function shown({ bytes: rows, rows: steps, crossovers }: Analysis): string[] {
  const excess = (method: string): number =>
    Math.max(...rows.map((row) => (row.method === method && row.megabits ? Math.abs(row.sent / row.theory - 1) : 0)));
  const [dense, flora] = rows as [Analysis['bytes'][number], Analysis['bytes'][number]];
  const [slowDense, slowFlora] = steps as [Analysis['rows'][number], Analysis['rows'][number]];
  const speedUp = slowDense.seconds / slowFlora.seconds;
  const { measured, model } = crossovers;
  const off = measured === model ? 1 : Math.max((measured ?? 0) / (model ?? 0), (model ?? 0) / (measured ?? 0));
  const claims = [
    {
      claim: 'counters within 2 % of 2(N − 1)/N·S at every limit, dense',
      found: percent(excess('dense')),
      holds: excess('dense') <= 0.02,
    },
    {
      claim: 'counters within 2 % of 2(N − 1)/N·S at every limit, Flora',
      found: percent(excess('flora')),
      holds: excess('flora') <= 0.02,
    },
    {
      claim: 'Flora at rank 16 sends at most 0.11 of dense',
      found: (flora.sent / dense.sent).toFixed(3),
      holds: flora.sent / dense.sent <= 0.11,
    },
    { claim: 'dense takes at least 2.5 times as long at 100 Mbit/s', found: speedUp.toFixed(2), holds: speedUp >= 2.5 },
    {
      claim: 'measured crossover and that of the model within a factor of 1.5',
      found: Number.isFinite(off) ? off.toFixed(2) : 'one of them is none',
      holds: off <= 1.5,
    },
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
    'From the model, with the compute and the α that were measured (at the highest limit) and a β of the rate times the share that a sum got. _Library_ is',
    "`order: 'library'`; _one sum_ is what Flora would take if its leaves travelled together, which they do not yet. Milliseconds a step, with the same",
    'batch on each node:',
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
    const latency = found.networks.at(-1)?.latency as number;
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
      column('Flora, in order', flora, 'order'),
      column('Flora, library', flora, 'library'),
      column('Flora, library, one sum', { ...flora, sums: 1 }, 'library'),
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
