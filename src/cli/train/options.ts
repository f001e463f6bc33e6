import { OptionError } from '../../index';
import { type BackendName, backendNames } from '../backends';
import { commonOptions, type OptionSpecs, parseOptions, threadOption } from '../options';
import { projectorNames } from '../study/projectors';
import { listOf, oneOf, positive, whole, words } from '../values';
import { type OptimizerName, type Ordering, optimizerNames, orderings } from './optimizers';
import { type Plan, presetNames, presets } from './presets';

/** Bounds of the options that every training has. They keep one option from asking for the impossible; `limits.ts` bounds them together. */
export const trainingBounds = {
  rank: whole(1, 65_536),
  steps: whole(1, 1_000_000),
  batch: whole(1, 65_536),
  seeds: whole(1, 1_000),
  learningRate: positive({ upTo: 1e38 }),
};
const { rank, steps, batch, seeds, learningRate } = trainingBounds;

export const trainOptions = {
  preset: {
    value: 'NAME',
    of: oneOf(presetNames),
    otherwise: 'default',
    help: 'values for everything down to --seeds',
  },
  optimizer: { value: 'LIST', of: listOf(oneOf(optimizerNames)), help: 'what is compared, on the same batches' },
  rank: { value: 'LIST', of: listOf(rank), help: "rank of Flora's projection; several, as in 16,64, are several runs" },
  'refresh-every': { value: 'K', of: whole(1, 1e9), help: 'steps between new projections of Flora' },
  data: { value: 'NAME|FILE', of: words, help: 'moby-dick, names, sotu, or a text file in UTF-8' },
  steps: { value: 'N', of: steps, help: 'optimizer steps of each run' },
  batch: { value: 'N', of: batch, help: 'windows of text in a step' },
  context: { value: 'N', of: whole(1, 65_536), help: 'characters in a window' },
  width: { value: 'N', of: whole(1, 65_536), help: 'width of the model, a multiple of --heads' },
  heads: { value: 'N', of: whole(1, 65_536), help: 'attention heads' },
  layers: { value: 'N', of: whole(1, 10_000), help: 'transformer blocks' },
  seeds: { value: 'N', of: seeds, help: 'repeat every run with this many seeds, counted up from --seed' },
  projector: {
    value: 'NAME',
    of: oneOf(projectorNames, { listed: false }),
    otherwise: 'gaussian',
    help: 'how Flora projects; floragrad study --help lists the names',
  },
  ordering: {
    value: 'NAME',
    of: oneOf(orderings),
    otherwise: 'paper',
    help: "order of Flora's steps, of which the second is that of the authors' code",
  },
  'learning-rate': {
    value: 'X',
    of: learningRate,
    help: 'peak learning rate of every optimizer',
    shown: 'one for each',
  },
  sample: {
    value: 'N',
    of: whole(0, 100_000),
    otherwise: 200,
    help: 'characters of text that one model writes: that of the last run of flora, else of the last run',
  },
  report: { value: 'FILE', of: words, otherwise: 'report.html', help: 'where the report goes, one HTML page' },
  save: { value: 'FILE', of: words, help: 'write the model that writes the text here, as safetensors' },
  checkpoint: { value: 'DIR', of: words, help: 'save every run here as it goes; a crash leaves the last save whole' },
  'checkpoint-every': { value: 'N', of: steps, otherwise: 100, help: 'steps between these saves' },
  resume: { value: 'DIR', of: words, help: 'go on from these saves, bit for bit; the other options as before' },
  'any-kernels': { help: 'resume also what other kernels saved, where the numbers then differ' },
  profile: { help: 'show where the time and memory of a step go, by op' },
  backend: { value: 'NAME', of: oneOf(backendNames), otherwise: 'wasm', help: 'what computes' },
  ...threadOption,
  ...commonOptions,
} satisfies OptionSpecs;

export interface TrainSettings extends Plan {
  readonly preset: string;
  readonly seed: number;
  readonly projector: string;
  readonly ordering: Ordering;
  readonly learningRate: number | undefined;
  readonly sample: number;
  readonly save: string | undefined;
  readonly checkpoint: string | undefined;
  readonly checkpointEvery: number;
  readonly resume: string | undefined;
  readonly anyKernels: boolean;
  readonly profile: boolean;
  readonly backend: BackendName;
  /** undefined: one for each core. */
  readonly threads: number | undefined;
  readonly report: string;
  readonly json: string | undefined;
}

/** The settings of `floragrad train`, checked; `null` means help was asked for. */
export function readTrainOptions(argv: readonly string[]): TrainSettings | null {
  const parsed = parseOptions('train', trainOptions, argv);
  if (parsed === null) return null;
  const { values, given } = parsed;
  const plan: Plan = presets[values.preset];
  const settings = {
    preset: values.preset,
    data: values.data ?? plan.data,
    optimizers: (values.optimizer as readonly OptimizerName[] | undefined) ?? plan.optimizers,
    ranks: values.rank ?? plan.ranks,
    refreshEvery: values['refresh-every'] ?? plan.refreshEvery,
    seeds: values.seeds ?? plan.seeds,
    steps: values.steps ?? plan.steps,
    batch: values.batch ?? plan.batch,
    context: values.context ?? plan.context,
    width: values.width ?? plan.width,
    heads: values.heads ?? plan.heads,
    layers: values.layers ?? plan.layers,
    seed: values.seed,
    sample: values.sample,
    projector: values.projector,
    ordering: values.ordering,
    learningRate: values['learning-rate'],
    save: values.save,
    checkpoint: values.checkpoint,
    checkpointEvery: values['checkpoint-every'],
    resume: values.resume,
    anyKernels: values['any-kernels'],
    profile: values.profile,
    backend: values.backend,
    threads: values.threads,
    report: values.report,
    json: values.json,
  };
  checkNeeds(given, 'checkpoint-every', ['checkpoint', 'resume']);
  checkNeeds(given, 'any-kernels', ['resume']);
  if (settings.width % settings.heads !== 0) throw unevenHeads(settings.width, settings.heads);
  return settings;
}

type Name = keyof typeof trainOptions;

/** Refuse an option that would do nothing. */
function checkNeeds(given: ReadonlySet<Name>, name: Name, needs: readonly Name[]): void {
  if (!given.has(name) || needs.some((other) => given.has(other))) return;
  throw new OptionError({
    code: 'cli/needs',
    got: `--${name} without ${needs.map((other) => `--${other}`).join(' or ')}`,
    expected: 'both, since it does nothing alone',
    fix: `add --${needs[0]}, or leave it out`,
  });
}

function unevenHeads(width: number, heads: number): OptionError {
  return new OptionError({
    code: 'cli/heads',
    got: `--width ${width} and --heads ${heads}`,
    expected: 'a width that is a multiple of the heads, since each head gets an equal part of it',
    fix: `try --width ${heads * Math.ceil(width / heads)}`,
  });
}

/** `count` seeds, counted up from the first. @throws OptionError `cli/number` where that leaves the whole numbers */
export function seedsFrom(first: number, count: number): number[] {
  if (Number.isSafeInteger(first + (count - 1))) return Array.from({ length: count }, (_, i) => first + i);
  throw new OptionError({
    code: 'cli/number',
    got: `--seed ${first} with ${count} seeds`,
    expected: `seeds up to ${Number.MAX_SAFE_INTEGER}`,
    fix: 'pass another --seed',
  });
}
