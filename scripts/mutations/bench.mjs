// The comparison of all methods of fine-tuning, and its controls.

const finetune = 'test/unit/cli/finetune/finetune.test.ts';
const comparison = 'test/unit/bench/adapters/comparison.test.ts';
const tuning = 'test/unit/bench/adapters/tuning.test.ts';
const run = 'src/cli/finetune/run.ts';
const tables = 'bench/adapters/comparison.ts';

export const BENCH = [
  {
    name: 'finetune: a cyclic rate that does not come back',
    file: 'src/cli/finetune/rows/controls.ts',
    find: 'stage(step % stageSteps)',
    replace: 'stage(step)',
    tests: [`${finetune} > measures of lora-cyclic`],
  },
  {
    name: 'finetune: a cyclic rate of the whole run',
    file: 'src/cli/finetune/rows/controls.ts',
    find: 'Math.ceil(steps / stages)',
    replace: 'steps',
    tests: [`${finetune} > measures of lora-cyclic`],
  },
  {
    name: 'finetune: a learning rate of what is not trained',
    file: run,
    find: 'own === null ? null : (learningRate ?? own)',
    replace: 'learningRate ?? own',
    tests: [`${finetune} > the base as it is`],
  },
  {
    name: 'finetune: weights without what their adapters have learned are saved',
    file: run,
    find: 'if (kept?.asWeights && mergeable === false) throw notKept(method);',
    replace: '',
    tests: [`${finetune} > cannot be saved`],
  },
  {
    name: 'finetune: a rank of change where adapters are no change of a weight',
    file: run,
    find: 'if (lora && !isMergeable(lora)) return null;',
    replace: 'if (lora && !isMergeable(lora)) continue;',
    tests: [`${finetune} > beside its weights`],
  },
  {
    name: 'finetune: the rank of what goes into the weights alone',
    file: run,
    find: 'lora.mergedInto(weight, 1)',
    replace: 'lora.mergedInto(weight, 0)',
    tests: [`${finetune} > compares methods from one start`],
  },
  {
    name: 'finetune: all means what is usual',
    file: 'src/cli/finetune/options.ts',
    find: "list.trim() === 'all' ? methodNames",
    replace: "list.trim() === 'all' ? usualMethods",
    tests: [`${finetune} > by one word`],
  },
  {
    name: 'finetune: families among what is usual',
    file: 'src/cli/finetune/methods.ts',
    find: '[row.baselineOf, row.trains, row.family]',
    replace: '[row.baselineOf, row.trains]',
    tests: [`${finetune} > by one word`],
  },
  {
    name: 'finetune: what is not trained is left out of the chart',
    file: 'src/cli/report/finetune-page.ts',
    find: 'runs.filter(({ steps }) => steps === 0)',
    replace: 'runs.filter(({ steps }) => steps < 0)',
    tests: [`${finetune} > as a level`],
  },
  {
    name: 'adapters: a gate that opens where it cannot be told',
    file: tables,
    find: "const holds = above(measured) === 'holds';",
    replace: "const holds = above(measured) !== 'fails';",
    tests: [`${comparison} > the gates`],
  },
  {
    name: 'adapters: stages against LoRA twice',
    file: tables,
    find: "cell: over('lora-cyclic')",
    replace: "cell: over('lora')",
    tests: [`${comparison} > stages are held`],
  },
  {
    name: 'adapters: differences from LoRA the other way round',
    file: tables,
    find: 'interval(difference(lora, row.losses), nats)',
    replace: 'interval(difference(row.losses, lora), nats)',
    tests: [`${comparison} > a table has`],
  },
  {
    name: 'adapters: pruned models held against LoRA in words',
    file: tables,
    find: '!references.includes(method) && !methods[method].sparse',
    replace: '!references.includes(method)',
    tests: [`${comparison} > what is found`],
  },
  {
    name: 'adapters: a scale that grows with the rank',
    file: 'bench/adapters/tuning.ts',
    find: 'alpha: scale * rank,',
    replace: 'alpha: scale * rank * rank,',
    tests: [`${tuning} > one of the command`],
  },
  {
    name: 'adapters: the text of the base in place of that of the task',
    file: 'bench/adapters/tuning.ts',
    find: 'vocabulary.encode(make(text))',
    replace: 'vocabulary.encode(text)',
    tests: [`${tuning} > one of the command`],
  },
  {
    name: 'scale-out: a crossover in the limits of rates, which no sum gets',
    file: 'bench/scale-out/analysis.ts',
    find: '({ megabits: rateOf(network), gain: gainOf(run, method) })',
    replace: '({ megabits: run.megabits ?? 1e9, gain: gainOf(run, method) })',
    tests: ['test/unit/bench/scale-out-analysis.test.ts'],
  },
  {
    name: 'scale-out: a mean of steps, which one late step moves',
    file: 'bench/scale-out/analysis.ts',
    find: 'return median(dense.samples.map(',
    replace: 'return dense.samples.reduce((sum, { seconds }) => sum + seconds, 0) - median(dense.samples.map(',
    tests: ['test/unit/bench/scale-out-analysis.test.ts'],
  },
  {
    name: 'scale-out: the counters of rank 16 alone',
    file: 'bench/scale-out/page.ts',
    find: "found: percent(excess('flora', 'half')),",
    replace: "found: percent(excess('flora')),",
    tests: ['test/unit/bench/scale-out-analysis.test.ts'],
  },
  {
    name: 'scale-out: what was saved, for what was left',
    file: 'bench/scale-out/page.ts',
    find: 'percent(1 - together / apart)',
    replace: 'percent(together / apart)',
    tests: ['test/unit/bench/scale-out-analysis.test.ts'],
  },
];
