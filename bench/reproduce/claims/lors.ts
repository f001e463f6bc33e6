import { markdownTable } from '../../harness/markdown';
import type { ClaimOf } from '../claim';
import { fixed, interval, lossTable } from '../format';
import { type Layer, type LayerCost, layerCost, layerMethods } from '../tasks/layer-cost';
import { type Recovered, type Recovery, recover } from '../tasks/pruned';
import { type Seeds, type Tuned, tuned } from '../tuned';
import { above, type BySeed, behindGate, counted, difference } from '../verdict';

/** One layer whose costs are counted, and a small model that is trained. */
interface Setting {
  readonly layer: Layer;
  readonly task: Pick<Recovery, 'width' | 'rank' | 'steps'>;
  readonly rates: readonly number[];
  readonly seeds: Seeds;
}

type Job = { readonly layer: Layer; readonly method: (typeof layerMethods)[number] } | Recovery;
type Result = LayerCost | Recovered;

const trained: readonly Recovery['method'][] = ['none', 'LoRA, dense', 'sp-lora', 'lors'];

/** Sparse weights that stay sparse, for less memory and fewer products than masked gradients. */
export const lors: ClaimOf<Setting, Job, Result> = {
  name: 'lors',
  title: 'LoRS: zeros stay zeros for less memory and fewer products than masked gradients',
  source:
    'LoRS (arXiv 2501.08582): weight recompute, graph rearrangement ∇B = Dᵀ(X·Aᵀ) and ∇A = (D·B)ᵀX, and the comparison with SP-LoRA and SQFT',
  quick: true,
  setting: {
    layer: { tokens: 512, size: 1024, rank: 16 },
    task: { width: 32, rank: 4, steps: 400 },
    rates: [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1],
    seeds: { tuning: 100, counted: [0, 1, 2, 3, 4] },
  },

  perform: (job) => ('layer' in job ? layerCost(job.layer, job.method) : recover(job)),

  async measure({ layer, task, rates, seeds }, run) {
    const costs = (await run(layerMethods.map((method) => ({ layer, method })))).filter((cost) => 'held' in cost);
    const cost = (name: (typeof layerMethods)[number]): LayerCost => costs[layerMethods.indexOf(name)] as LayerCost;
    const kept: Recovered[] = [];
    const rows = await tuned(
      trained.map((method) => ({
        name: method,
        rates: method === 'none' ? [0] : rates,
        job: (rate, seed) => ({ ...task, method, rate, seed }),
      })),
      seeds,
      async (jobs: readonly Recovery[]) => {
        const results = (await run(jobs)).filter((result) => 'loss' in result);
        kept.push(...results.filter((_, i) => jobs[i]?.method === 'lors'));
        return results.map(({ loss }) => loss);
      },
    );
    const logs = rows.map(
      (row): Tuned => ({ ...row, losses: row.losses.map((x) => (x === null ? null : Math.log10(x))) }),
    );
    const of = (name: Recovery['method']): BySeed => (logs.find((row) => row.name === name) as Tuned).losses;
    const gate = difference(of('none'), of('sp-lora'));
    const behind = difference(of('sp-lora'), of('lors'));
    const baselines = ['SP-LoRA', 'SQFT'] as const;
    const fewer = (what: keyof LayerCost): boolean => baselines.every((name) => cost('LoRS')[what] < cost(name)[what]);
    const against = (what: keyof LayerCost, show: (x: number) => string): string =>
      `${show(cost('LoRS')[what])} against ${baselines.map((name) => `${show(cost(name)[what])} (${name})`).join(' and ')}`;
    const billions = (x: number): string => `${(x / 1e9).toFixed(3)}·10⁹`;
    const [zeros, pruned] = [
      kept.reduce((n, { zeros }) => n + zeros, 0),
      kept.reduce((n, { pruned }) => n + pruned, 0),
    ];
    return {
      setting: [
        `Costs are of one layer ${layer.size} × ${layer.size}, half of it zeros, ${layer.tokens} tokens, rank ${layer.rank}, forward and backward; counted, so that there is no seed. Times`,
        'are not in this page: `npm run bench:lors` takes them. The training is of an MLP of two layers of width',
        `${task.width} with half of its weights pruned, which learns from ${8 * task.width} examples what it was; Adam, ${task.steps} steps, rank ${task.rank}. Rates ${rates.join(', ')} on seed`,
        `${seeds.tuning}; seeds ${seeds.counted.join(', ')} count; log₁₀ of the loss. The gate, SP-LoRA better than the pruned model: by ${interval(gate, fixed(2))}.`,
      ],
      parts: [
        {
          statement: 'LoRS holds less memory than SP-LoRA and SQFT.',
          verdict: counted(fewer('held')),
          because: `Beyond operands and results, in weights: ${against('held', fixed(2))}.`,
        },
        {
          statement: 'LoRS takes fewer multiply-adds than SP-LoRA and SQFT.',
          verdict: counted(fewer('multiplyAdds')),
          because: `${against('multiplyAdds', billions)}.`,
        },
        {
          statement: 'Zeros stay zeros, after merging too.',
          verdict: counted(zeros === pruned),
          because: `${zeros.toLocaleString('en-US')} of ${pruned.toLocaleString('en-US')} in all trainings.`,
        },
        {
          statement: 'The biased gradients of LoRS learn as well as the exact ones of SP-LoRA, to a tenth of the loss.',
          verdict: behindGate(gate, above(behind, Math.log10(1 / 1.1))),
          because: `SP-LoRA less LoRS: ${interval(behind, fixed(3))}, where ${Math.log10(1 / 1.1).toFixed(3)} is a tenth.`,
        },
      ],
      table: [
        ...markdownTable<(typeof layerMethods)[number]>(
          [
            { heading: 'method', cell: (name) => name },
            { heading: 'held, in weights', align: 'right', cell: (name) => cost(name).held.toFixed(3) },
            {
              heading: 'multiply-adds',
              align: 'right',
              cell: (name) => cost(name).multiplyAdds.toLocaleString('en-US'),
            },
          ],
          layerMethods,
        ),
        '',
        ...lossTable(logs, seeds.counted, fixed(2)),
      ],
    };
  },
};
