import type { Column } from '../../../src/study/table';
import type { ClaimOf, Part } from '../claim';
import { interval, lossTable, significant } from '../format';
import { type FineTuning, fineTune, floorOf } from '../tasks/fine-tuning';
import { type Method, type Seeds, type Tuned, tuned } from '../tuned';
import { above, type BySeed, behindGate, difference } from '../verdict';

/** How large, how long, on which grid. */
interface Setting {
  readonly seeds: Seeds;
  readonly width: number;
  readonly rank: number;
  readonly steps: number;
  readonly stages: readonly number[];
  readonly rates: readonly number[];
  readonly tasks: readonly (Pick<FineTuning, 'layers' | 'shift'> & { readonly name: string })[];
}

type Job =
  | FineTuning
  | { readonly floor: number; readonly width: number; readonly shift: number; readonly seed: number };
type Row = Method<FineTuning>;

/** The number of stages that the sentences are about. */
const several = 4;

/** Periodic unloading, on shifts beyond the rank of LoRA and within it. */
export const periodicLora: ClaimOf<Setting, Job, number | null> = {
  name: 'periodic-lora',
  title: 'PeriodicLoRA: stages add up to more than the rank',
  source:
    'PeriodicLoRA (arXiv 2402.16141), abstract: k stages reach rank k·r with the memory of one adapter, and learn more than LoRA for it',
  quick: false,
  setting: {
    seeds: { tuning: 100, counted: [0, 1, 2, 3, 4] },
    width: 32,
    rank: 2,
    steps: 800,
    stages: [2, 4, 8],
    rates: [0.003, 0.01, 0.03, 0.1, 0.3],
    tasks: [
      { name: 'Linear, shift of full rank', layers: 1, shift: 32 },
      { name: 'MLP, shift of full rank', layers: 2, shift: 32 },
      { name: 'MLP, shift of rank 2', layers: 2, shift: 2 },
    ],
  },

  perform: (job) => ('floor' in job ? floorOf(job, job.floor) : fineTune(job)),

  async measure({ seeds, width, rank, steps, stages, rates, tasks }, run) {
    const rowsOf = (task: Pick<FineTuning, 'layers' | 'shift'>): Row[] => {
      const row = (name: string, method: FineTuning['method'], more: { stages?: number; rank?: number } = {}): Row => ({
        name,
        rates: method === 'none' ? [0] : rates,
        job: (rate, seed) => ({ ...task, width, steps, method, stages: 1, rank, rate, seed, ...more }),
      });
      return [
        row('none', 'none'),
        row('full', 'full'),
        row(`LoRA r ${4 * rank}`, 'LoRA', { rank: several * rank }),
        row('LoRA', 'LoRA'),
        row(`LoRA, rate in ${several} cycles`, 'LoRA, cyclic rate', { stages: several }),
        ...stages.map((k) => row(`PeriodicLoRA, ${k} stages`, 'PeriodicLoRA', { stages: k })),
      ];
    };
    const found = await Promise.all(
      tasks.map(async (task) => ({
        task,
        rows: await tuned(rowsOf({ layers: task.layers, shift: task.shift }), seeds, run),
      })),
    );
    const floors = new Map<string, BySeed>();
    for (const k of [1, ...stages]) {
      const asked = seeds.counted.map((seed) => ({ floor: k * rank, width, shift: width, seed }));
      floors.set(k === 1 ? 'LoRA' : `PeriodicLoRA, ${k} stages`, await run(asked));
    }
    const floor: Column<Tuned> = { heading: 'floor', align: 'right', cell: ({ name }) => meanOf(floors.get(name)) };
    return {
      setting: [
        `A model is fine-tuned to itself with shifted weights, ${width} × ${width}: one linear layer from all its inputs, or an MLP of two layers from`,
        `${8 * width} examples. Adam, ${steps} steps in all, rank ${rank}; every stage has a warm-up and a cosine of its own. Rates ${rates.join(', ')} on seed`,
        `${seeds.tuning}; seeds ${seeds.counted.join(', ')} count. Numbers are log₁₀ of the loss over that before. The gate, does rank matter here: LoRA of ${several} times the rank`,
        `better than LoRA by ${found.map(({ task, rows }) => `${show(rankGate(rows, rank))} (${task.name})`).join(', ')}.`,
      ],
      parts: found.flatMap(({ task, rows }) => partsOf(task, rows, rank)),
      table: found.flatMap(({ task, rows }, i) => [
        ...(i > 0 ? [''] : []),
        `${task.name}:`,
        '',
        ...lossTable(logarithmic(rows), seeds.counted, (x) => x.toFixed(2), task.layers === 1 ? [floor] : []),
      ]),
    };
  },
};

function logarithmic(rows: readonly Tuned[]): Tuned[] {
  return rows.map((row) => ({
    ...row,
    losses: row.losses.map((loss) => (loss === null ? null : Math.log10(loss + tiny))),
  }));
}

/** What float32 leaves of a loss that is zero otherwise. */
const tiny = 1e-14;

function of(rows: readonly Tuned[], name: string): BySeed {
  return (logarithmic(rows).find((row) => row.name === name) as Tuned).losses;
}

const show = (measured: ReturnType<typeof difference>): string => interval(measured, (x) => x.toFixed(2));

function rankGate(rows: readonly Tuned[], rank: number) {
  return difference(of(rows, 'LoRA'), of(rows, `LoRA r ${several * rank}`));
}

/** Within the rank of LoRA the gate has to fail, and the question is another one: does it cost anything there? */
function partsOf({ name: task, shift }: Setting['tasks'][number], rows: readonly Tuned[], rank: number): Part[] {
  const periodic = of(rows, `PeriodicLoRA, ${several} stages`);
  const gain = difference(of(rows, 'LoRA'), periodic);
  if (shift <= rank) {
    return [
      {
        statement: `${task}: PeriodicLoRA in ${several} stages costs nothing there, to a factor of ten in the loss.`,
        verdict: above(gain, -1),
        because: `LoRA less PeriodicLoRA: ${show(gain)}.`,
      },
    ];
  }
  const gate = rankGate(rows, rank);
  const control = difference(of(rows, `LoRA, rate in ${several} cycles`), periodic);
  return [
    {
      statement: `${task}: PeriodicLoRA in ${several} stages learns more than LoRA with the same memory.`,
      verdict: behindGate(gate, above(gain)),
      because: `By ${show(gain)}.`,
    },
    {
      statement: `${task}: the unloading does it, and not the cycles of the rate.`,
      verdict: behindGate(gate, above(control)),
      because: `Against LoRA with these cycles it gains ${show(control)}.`,
    },
  ];
}

function meanOf(values: BySeed | undefined): string {
  return values
    ? significant(Math.log10(values.reduce((total: number, x) => total + (x ?? 0) / values.length, 0)))
    : '';
}
