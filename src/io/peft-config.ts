import { FileError } from '../base/errors';
import { isRecord, type Json, JsonError, parseJson } from './json';
import { brief } from './limits';

/** Bytes of an `adapter_config.json` that is read; those of large models have a hundred thousand. */
export const longestConfig = 2 ** 24;

/** Values by name, in their order, of which the first that fits counts. */
type Pattern = ReadonlyMap<string, { readonly order: number; readonly value: number }>;

const none: Pattern = new Map();

/** The kinds of adapters that are read here: LoRA, LoRA with magnitudes, and two methods of their own. */
export type PeftKind = 'lora' | 'dora' | 'vera' | 'adalora';

/** What the configuration of an adapter says about its function. */
export interface PeftConfig {
  readonly kind: PeftKind;
  readonly rank: number;
  readonly alpha: number;
  readonly dropout: number;
  readonly rankStabilized: boolean;
  /** r and alpha by path, or by its end. */
  readonly rankPattern: Pattern;
  readonly alphaPattern: Pattern;
  /** The rank that AdaLoRA has left, by path. */
  readonly left: ReadonlyMap<string, number>;
  /** Modules with factors, and without: paths or their ends; null where the names of the tensors alone say it. */
  readonly targets: ReadonlySet<string> | null;
  readonly excluded: ReadonlySet<string> | null;
  readonly base: string | null;
}

/**
 * Settings that leave the function of the saved factors as it is: what they were made for and by, how modules were found,
 * how training began where it began with the weights of the base. Any value is read over.
 */
const harmless = [
  'peft_type',
  'target_modules',
  'exclude_modules',
  'base_model_name_or_path',
  'task_type',
  'auto_mapping',
  'peft_version',
  'revision',
  'inference_mode',
  'layers_to_transform',
  'layers_pattern',
];

const harmlessOfLora = [
  'megatron_core',
  'runtime_config',
  'merge_weights', // of the first versions: whether to merge for evaluation
  'loftq_config', // these three count only with the init_lora_weights of their name
  'corda_config',
  'lora_ga_config',
  'eva_config',
  'qalora_group_size', // counts only with use_qalora
];

/** How an AdaLoRA was trained; its r is that of LoRA, which it does not read. */
const harmlessOfAdaLora = [
  ...['r', 'target_r', 'tinit', 'tfinal', 'deltaT', 'beta1', 'beta2', 'orth_reg_weight', 'total_step'],
];

/** Settings under which nothing but the adapter changes the base, by the values that say so; null always does. */
const plainly: Readonly<Record<string, readonly Json[]>> = {
  bias: ['none'],
  fan_in_fan_out: [false],
};

const plainlyOfLora: Readonly<Record<string, readonly Json[]>> = {
  ...plainly,
  use_dora: [false, true],
  use_qalora: [false],
  lora_bias: [false],
  ensure_weight_tying: [false],
  // The others begin with a part of the base weights, which is taken out of them: pissa, olora, corda, loftq, lora_ga.
  init_lora_weights: [true, false, 'gaussian', 'eva', 'orthogonal', 'mica'],
};

/** What is read of each `peft_type`: names of the rank, of alpha and of the dropout, and the settings that it may have. */
const types = {
  LORA: {
    rank: 'r',
    alpha: 'lora_alpha',
    dropout: 'lora_dropout',
    read: ['use_rslora', 'rank_pattern', 'alpha_pattern'],
    harmless: harmlessOfLora,
    plainly: plainlyOfLora,
  },
  ADALORA: {
    rank: 'init_r',
    alpha: 'lora_alpha',
    dropout: 'lora_dropout',
    read: ['rank_pattern'],
    harmless: [...harmlessOfLora, ...harmlessOfAdaLora],
    plainly: { ...plainlyOfLora, use_dora: [false], use_rslora: [false], init_lora_weights: [true, false] },
  },
  VERA: {
    rank: 'r',
    alpha: null,
    dropout: 'vera_dropout',
    read: [],
    harmless: ['projection_prng_key', 'd_initial', 'init_weights'],
    plainly: { ...plainly, save_projection: [true] }, // else only the generator of PyTorch knows the projections
  },
} as const;

/**
 * Read `adapter_config.json`. A setting that changes the function, and one whose name is not known here, is refused by
 * its name, unless its value is what PEFT gives all that is switched off: null, false, an empty list or record.
 * @throws FileError `peft/config`, `peft/unsupported`
 */
export function readConfig(text: string): PeftConfig {
  const config = parse(text);
  const name = config.get('peft_type');
  if (typeof name !== 'string' || !Object.hasOwn(types, name)) throw unsupported('peft_type', name);
  const type = types[name as keyof typeof types];
  const readHere: readonly string[] = [
    ...harmless,
    ...type.harmless,
    ...type.read,
    type.rank,
    type.alpha ?? '',
    type.dropout,
  ];
  const values: Readonly<Record<string, readonly Json[]>> = type.plainly;
  for (const [field, value] of config) {
    if (readHere.includes(field)) continue;
    const plain = Object.hasOwn(values, field) ? [...(values[field] as Json[]), null].includes(value) : isOff(value);
    if (!plain) throw unsupported(field, value);
  }
  const get = <T>(field: string, ifNone: T, read: (value: Json) => T | undefined): T => {
    const value = config.get(field) ?? null;
    const found = value === null ? ifNone : read(value);
    if (found === undefined) throw badConfig(field, value);
    return found;
  };
  const rank = get(type.rank, undefined, wholeRank);
  const ada = name === 'ADALORA';
  const stated = type.alpha === null ? rank : get(type.alpha, undefined, number);
  const alpha = ada && stated !== undefined && stated <= 0 ? rank : stated; // as PEFT takes it
  if (rank === undefined || alpha === undefined) throw badConfig(rank === undefined ? type.rank : 'lora_alpha', null);
  if (name === 'VERA' && (config.get('save_projection') ?? null) === null) throw unsupported('save_projection', null);
  return {
    kind: name === 'LORA' ? (config.get('use_dora') === true ? 'dora' : 'lora') : ada ? 'adalora' : 'vera',
    rank,
    alpha,
    dropout: get(type.dropout, 0, (x) => (typeof x === 'number' && x >= 0 && x < 1 ? x : undefined)),
    rankStabilized: get('use_rslora', false, (x) => (typeof x === 'boolean' ? x : undefined)),
    rankPattern: ada ? none : get('rank_pattern', none, (x) => readPattern('rank_pattern', x, wholeRank)),
    alphaPattern: get('alpha_pattern', none, (x) => readPattern('alpha_pattern', x, number)),
    left: ada ? get('rank_pattern', new Map<string, number>(), readLeft) : new Map(),
    targets: get('target_modules', null, readModules),
    excluded: get('exclude_modules', null, readModules),
    base: get('base_model_name_or_path', null, (x) => (typeof x === 'string' ? x : undefined)),
  };
}

/** How many components AdaLoRA has left, by path; the file has marks, by the name of the tensor of singular values. */
function readLeft(value: Json): ReadonlyMap<string, number> | undefined {
  if (!isRecord(value)) return undefined;
  const left = new Map<string, number>();
  for (const [name, marks] of value) {
    if (!name.endsWith('.lora_E') || !Array.isArray(marks) || !marks.every((mark) => typeof mark === 'boolean'))
      return undefined;
    left.set(name.slice(0, -'.lora_E'.length), marks.filter(Boolean).length);
  }
  return left;
}

const isOff = (x: Json): boolean =>
  x === null || x === false || (Array.isArray(x) && x.length === 0) || (isRecord(x) && x.size === 0);
const number = (x: Json): number | undefined => (typeof x === 'number' ? x : undefined);
const wholeRank = (x: Json): number | undefined =>
  Number.isSafeInteger(x) && (x as number) >= 1 ? (x as number) : undefined;

/** A list of names; a text is a regular expression of Python or a word for a group of modules, and says nothing here. */
function readModules(value: Json): ReadonlySet<string> | null | undefined {
  if (typeof value === 'string') return null;
  return Array.isArray(value) && value.every((name) => typeof name === 'string') ? new Set(value) : undefined;
}

function readPattern(field: string, value: Json, read: (value: Json) => number | undefined): Pattern | undefined {
  if (!isRecord(value)) return undefined;
  const pattern = new Map<string, { order: number; value: number }>();
  for (const [path, own] of value) {
    if (!/^[\w.-]+$/.test(path)) throw unsupported(`in ${field}`, path); // a regular expression of Python
    const found = read(own);
    if (found === undefined) throw badConfig(`${field} of ${brief(path)}`, own);
    pattern.set(path, { order: pattern.size, value: found });
  }
  return pattern;
}

/** A name of PEFT means a path or its end, `q_proj` for `layers.0.q_proj`: all of them for one path. */
export function* namesOf(path: string): Generator<string> {
  yield path;
  for (let dot = path.indexOf('.'); dot >= 0; dot = path.indexOf('.', dot + 1)) yield path.slice(dot + 1);
}

/** What a pattern says of a path: the first of its names that fits counts, as in PEFT. */
export function valueFor(pattern: Pattern, path: string): number | undefined {
  let first: { order: number; value: number } | undefined;
  for (const name of namesOf(path)) {
    const found = pattern.get(name);
    if (found && !(first && first.order < found.order)) first = found;
  }
  return first?.value;
}

function parse(text: string): ReadonlyMap<string, Json> {
  if (text.length > longestConfig) throw longConfig(text.length);
  try {
    const config = parseJson(text);
    if (isRecord(config)) return config;
  } catch (cause) {
    if (!(cause instanceof JsonError)) throw cause;
    throw badConfig('text', cause.message);
  }
  throw badConfig('text', 'JSON that is no record');
}

/** A value in a message. */
const shown = (value: Json): string => {
  if (typeof value === 'string') return brief(value);
  return isRecord(value) ? 'a record' : Array.isArray(value) ? 'a list' : String(value);
};

/** Bytes from which `adapter_config.json` is not read. */
export function longConfig(bytes: number): FileError {
  return new FileError({
    code: 'peft/config',
    got: `adapter_config.json has ${bytes} bytes`,
    expected: `at most ${longestConfig}`,
    fix: 'check that this is the configuration of an adapter, and save the adapter again with PEFT',
  });
}

function badConfig(field: string, value: Json): FileError {
  return new FileError({
    code: 'peft/config',
    got: `adapter_config.json has ${field} ${field === 'text' ? value : shown(value)}`,
    expected: 'a record with peft_type, a rank, lora_alpha and target_modules, as PEFT writes it',
    fix: 'save the adapter again with PEFT',
  });
}

/** Something of PEFT without which the adapter would be another function. */
export function unsupported(field: string, value: Json | undefined): FileError {
  const [name, changed] = [brief(field).slice(1, -1), field === 'init_lora_weights'];
  return new FileError({
    code: 'peft/unsupported',
    got: `an adapter in PEFT's format has ${name} ${shown(value ?? null)}${changed ? ', which may change the base weights' : ''}`,
    expected: 'LoRA, DoRA, AdaLoRA or VeRA of weights, or LoRA of embeddings, alone',
    fix: changed
      ? 'save it in PEFT with path_initial_model_for_weight_conversion, which makes a plain adapter of it'
      : 'merge the adapter in PEFT and load the merged model; a setting that has no influence may be taken out of adapter_config.json',
  });
}
