import { OptionError } from '../index';
import { type BackendName, backendNames } from './backends';
import { type OptimizerName, type Ordering, optimizerNames, orderings } from './optimizers';
import { commonOptions, type Given, type OptionSpecs, parseOptions, threadOption } from './options';
import { type Plan, presetNames, presets } from './presets';
import { projectorNames } from './projectors';
import { choice, list, positiveNumber, threadCount, wholeNumber } from './values';

export const trainOptions = {
  preset: { value: 'NAME', help: `${presetNames.join(', ')}: values for everything below [default]` },
  optimizer: { value: 'LIST', help: `any of ${optimizerNames.join(', ')}, compared on the same batches` },
  rank: { value: 'LIST', help: "rank of Flora's projection; several ranks are several runs, as in 16,64" },
  'refresh-every': { value: 'K', help: 'steps between new projections of Flora' },
  projector: { value: 'NAME', help: 'how Flora projects; floragrad study --help lists the names [gaussian]' },
  ordering: { value: 'NAME', help: "order of Flora's steps: paper, or flora-opt as in the authors' code [paper]" },
  data: { value: 'NAME|FILE', help: 'moby-dick, names, sotu, or a text file in UTF-8' },
  steps: { value: 'N', help: 'optimizer steps of each run' },
  batch: { value: 'N', help: 'windows of text in a step' },
  context: { value: 'N', help: 'characters in a window' },
  width: { value: 'N', help: 'width of the model, a multiple of --heads' },
  heads: { value: 'N', help: 'attention heads' },
  layers: { value: 'N', help: 'transformer blocks' },
  'learning-rate': { value: 'X', help: 'peak learning rate of every optimizer [one for each]' },
  seeds: { value: 'N', help: 'repeat every run with this many seeds, counted up from --seed' },
  sample: { value: 'N', help: 'characters of text written by the last model [200]' },
  report: { value: 'FILE', help: 'where the report goes, one HTML page [report.html]' },
  save: { value: 'FILE', help: 'write the model that writes the sample here, as safetensors' },
  checkpoint: { value: 'DIR', help: 'save every run here as it goes; a crash leaves the last save whole' },
  'checkpoint-every': { value: 'N', help: 'steps between these saves [100]' },
  resume: { value: 'DIR', help: 'go on from these saves, bit for bit; the other options as before' },
  'any-kernels': { help: 'resume also what other kernels saved, where the numbers then differ' },
  profile: { help: 'show where the time and memory of a step go, by op' },
  backend: { value: 'NAME', help: `what computes: ${backendNames.join(', ')} [wasm]` },
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
  const given = parseOptions('train', trainOptions, argv);
  if (given === null) return null;
  const preset = choice('preset', given.preset ?? 'default', presetNames);
  const plan: Plan = presets[preset];
  const whole = (name: keyof typeof trainOptions, otherwise: number, low = 1): number =>
    given[name] === undefined ? otherwise : wholeNumber(name, given[name], { low });
  const settings = {
    preset,
    data: given.data ?? plan.data,
    optimizers: optimizersOf(given, plan),
    ranks: given.rank === undefined ? plan.ranks : list(given.rank, (item) => wholeNumber('rank', item, { low: 1 })),
    refreshEvery: whole('refresh-every', plan.refreshEvery),
    seeds: whole('seeds', plan.seeds),
    steps: whole('steps', plan.steps),
    batch: whole('batch', plan.batch),
    context: whole('context', plan.context),
    width: whole('width', plan.width),
    heads: whole('heads', plan.heads),
    layers: whole('layers', plan.layers),
    seed: whole('seed', 0, 0),
    sample: whole('sample', 200, 0),
    projector: choice('projector', given.projector ?? 'gaussian', projectorNames),
    ordering: choice('ordering', given.ordering ?? 'paper', orderings),
    learningRate:
      given['learning-rate'] === undefined ? undefined : positiveNumber('learning-rate', given['learning-rate']),
    save: given.save,
    checkpoint: given.checkpoint,
    checkpointEvery: whole('checkpoint-every', 100),
    resume: given.resume,
    anyKernels: given['any-kernels'] !== undefined,
    profile: given.profile !== undefined,
    backend: choice('backend', given.backend ?? 'wasm', backendNames),
    threads: threadCount(given.threads),
    report: given.report ?? 'report.html',
    json: given.json,
  };
  checkNeeds(given, 'checkpoint-every', ['checkpoint', 'resume']);
  checkNeeds(given, 'any-kernels', ['resume']);
  if (settings.width % settings.heads !== 0) throw unevenHeads(settings.width, settings.heads);
  return settings;
}

function optimizersOf(given: Given<typeof trainOptions>, plan: Plan): readonly OptimizerName[] {
  if (given.optimizer === undefined) return plan.optimizers;
  return list(given.optimizer, (item) => choice('optimizer', item, optimizerNames));
}

/** Refuse an option that would do nothing. */
function checkNeeds(
  given: Given<typeof trainOptions>,
  name: keyof typeof trainOptions,
  needs: (keyof typeof trainOptions)[],
): void {
  if (given[name] === undefined || needs.some((other) => given[other] !== undefined)) return;
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
