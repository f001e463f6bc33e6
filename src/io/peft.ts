import { checkNumber, checkOptions, FileError } from '../base/errors';
import { show } from '../base/shape';
import type { Params, Tensor } from '../tensor/tensor';
import { isRecord, type Json, JsonError, parseJson } from './json';
import { decodeSafetensors, encodeSafetensors } from './safetensors';

/** LoRA adapters as plain tensors: ΔW = scale·B·A with scale = alpha/r, or alpha/√r if `rankStabilized`. */
export interface PeftAdapter {
  /** For each adapted path: `'<path>.lora.A'` [r, in] and `'<path>.lora.B'` [out, r]. */
  readonly params: Params;
  /** r of every path that has no other in its shapes. */
  readonly rank: number;
  /** The numerator of the scale. */
  readonly alpha: number;
  /** The numerator where it differs, by path. */
  readonly alphas?: Readonly<Record<string, number>>;
  /** The scale is alpha/√r (rsLoRA) instead of alpha/r. */
  readonly rankStabilized?: boolean;
  /** Rate of the dropout before A, in training. */
  readonly dropout?: number;
  /** Paths that are embeddings, which PEFT names differently; A is [r, tokens] and B [width, r]. */
  readonly embeddings?: readonly string[];
  /** What was adapted: a name or a path of the base model. */
  readonly base?: string;
}

/** The two files of an adapter in PEFT's format. */
export interface PeftFiles {
  /** `adapter_config.json` */
  readonly config: string;
  /** `adapter_model.safetensors` */
  readonly model: Uint8Array;
}

const prefix = 'base_model.model.';
const [factorA, factorB] = ['.lora.A', '.lora.B'];

/**
 * The files of an adapter as PEFT reads them: `base_model.model.<path>.lora_A.weight`, `r`, `lora_alpha`, `target_modules` …
 * @throws FileError `peft/factors` where a factor is missing or the two do not fit
 * @throws OptionError `options/…`
 * @see https://huggingface.co/docs/peft/developer_guides/checkpoint
 * @example
 * const params = { 'head.lora.A': ones([2, 8]), 'head.lora.B': zeros([4, 2]) };
 * const files = await encodePeft({ params, rank: 2, alpha: 4 });
 * console.log(Object.keys(decodeSafetensors(files.model)));
 * // prints [
 * // prints   'base_model.model.head.lora_A.weight',
 * // prints   'base_model.model.head.lora_B.weight'
 * // prints ]
 */
export async function encodePeft(adapter: PeftAdapter): Promise<PeftFiles> {
  checkOptions('encodePeft', adapter, fields);
  const { params, rank, alpha, alphas = {}, rankStabilized = false, dropout = 0, embeddings = [], base } = adapter;
  checkNumber('encodePeft', 'rank', rank, { low: 1, whole: true });
  checkNumber('encodePeft', 'alpha', alpha);
  const ranks = ranksOf(params);
  const named = Object.entries(params).map(([name, tensor]) => {
    const path = pathOf(name);
    const [letter, embedding] = [name.endsWith(factorA) ? 'A' : 'B', embeddings.includes(path)];
    return [`${prefix}${path}.${embedding ? `lora_embedding_${letter}` : `lora_${letter}.weight`}`, tensor] as const;
  });
  const config = {
    peft_type: 'LORA',
    base_model_name_or_path: base ?? null,
    task_type: null,
    inference_mode: true,
    r: rank,
    lora_alpha: alpha,
    lora_dropout: dropout,
    target_modules: [...ranks.keys()],
    rank_pattern: Object.fromEntries([...ranks].filter(([, own]) => own !== rank)),
    alpha_pattern: alphas,
    use_rslora: rankStabilized,
    use_dora: false,
    fan_in_fan_out: false,
    bias: 'none',
    modules_to_save: null,
    init_lora_weights: true,
  };
  const model = await encodeSafetensors(Object.fromEntries(named), { format: 'pt' });
  return { config: `${JSON.stringify(config, null, 2)}\n`, model };
}

const fields = ['params', 'rank', 'alpha', 'alphas', 'rankStabilized', 'dropout', 'embeddings', 'base'];

/**
 * The adapter in files that PEFT wrote. What PEFT can do beyond LoRA on weights (DoRA, biases, whole modules) is refused,
 * since without it the adapter would be another function.
 * @throws FileError `peft/config`, `peft/unsupported`, `peft/factors`, `safetensors/…`
 */
export function decodePeft({ config: text, model }: PeftFiles): PeftAdapter {
  const config = readConfig(text);
  const [rank, alpha, dropout] = [config.get('r'), config.get('lora_alpha'), config.get('lora_dropout') ?? 0];
  if (config.get('peft_type') !== 'LORA') throw unsupported('peft_type', config.get('peft_type'));
  if (typeof rank !== 'number' || !Number.isInteger(rank) || rank < 1) throw badConfig('r', rank);
  if (typeof alpha !== 'number') throw badConfig('lora_alpha', alpha);
  if (typeof dropout !== 'number') throw badConfig('lora_dropout', dropout);
  for (const [field, plain] of Object.entries(plainly)) {
    const given = config.get(field) ?? plain;
    if (given !== plain) throw unsupported(field, given);
  }
  const params: Record<string, Tensor> = {};
  const embeddings = new Set<string>();
  for (const [name, tensor] of Object.entries(decodeSafetensors(model))) {
    const [, path, embedding, letter] =
      /^base_model\.model\.(.+)\.lora_(embedding_)?([AB])(?:\.weight)?$/.exec(name) ?? [];
    if (path === undefined || name.endsWith('.weight') === (embedding !== undefined)) throw unsupported('tensor', name);
    if (embedding !== undefined) embeddings.add(path);
    params[`${path}.lora.${letter}`] = tensor;
  }
  const ranks = ranksOf(params);
  const [rankPattern, alphaPattern] = [config.get('rank_pattern'), config.get('alpha_pattern')];
  for (const [path, own] of ranks) {
    const stated = patternFor(rankPattern, path) ?? rank;
    if (own !== stated) throw badFactors(`"${path}" of rank ${own}`, `rank ${stated}, as the config says`);
  }
  const alphas = [...ranks.keys()].flatMap((path) => {
    const own = patternFor(alphaPattern, path);
    return own === undefined ? [] : [[path, own] as const];
  });
  const base = config.get('base_model_name_or_path');
  return {
    params,
    rank,
    alpha,
    alphas: Object.fromEntries(alphas),
    rankStabilized: config.get('use_rslora') === true,
    dropout,
    embeddings: [...embeddings],
    ...(typeof base === 'string' && { base }),
  };
}

/** Settings under which an adapter is W + scale·B·A and nothing else. */
const plainly: Readonly<Record<string, Json>> = {
  use_dora: false,
  fan_in_fan_out: false,
  bias: 'none',
  modules_to_save: null,
};

function readConfig(text: string): ReadonlyMap<string, Json> {
  try {
    const config = parseJson(text);
    if (isRecord(config)) return config;
  } catch (cause) {
    if (!(cause instanceof JsonError)) throw cause;
    throw badConfig('text', cause.message);
  }
  throw badConfig('text', 'JSON that is no record');
}

/** A pattern names a path or its end, as PEFT matches it: `q_proj` is meant for `layers.0.q_proj`. */
function patternFor(patterns: Json | undefined, path: string): number | undefined {
  if (!isRecord(patterns)) return undefined;
  for (const [pattern, value] of patterns) {
    if (!/^[\w.-]+$/.test(pattern)) throw unsupported('pattern', pattern); // a regular expression of Python
    if (path !== pattern && !path.endsWith(`.${pattern}`)) continue;
    if (typeof value !== 'number') throw badConfig(`pattern ${pattern}`, value);
    return value;
  }
  return undefined;
}

/** Path → r of all pairs of factors. */
function ranksOf(params: Params): Map<string, number> {
  const ranks = new Map<string, number>();
  for (const name of Object.keys(params)) {
    const path = pathOf(name);
    if (ranks.has(path)) continue;
    const [a, b] = [params[path + factorA], params[path + factorB]];
    if (!a || !b) throw badFactors(`"${path}" without ${a ? 'B' : 'A'}`, 'both factors');
    if (a.ndim !== 2 || b.ndim !== 2 || a.shape[0] !== b.shape[1]) {
      throw badFactors(`"${path}" with A ${show(a.shape)} and B ${show(b.shape)}`, 'A [r, in] and B [out, r]');
    }
    ranks.set(path, a.shape[0] as number);
  }
  return ranks;
}

function pathOf(name: string): string {
  if (name.endsWith(factorA) || name.endsWith(factorB)) return name.slice(0, -factorA.length);
  throw badFactors(`the tensor "${name}"`, `names that end in ${factorA} or ${factorB}`);
}

function badFactors(got: string, expected: string): FileError {
  return new FileError({
    code: 'peft/factors',
    got: `an adapter has ${got}`,
    expected,
    fix: 'pass the two factors of each adapted weight, and nothing else',
  });
}

function badConfig(field: string, value: unknown): FileError {
  return new FileError({
    code: 'peft/config',
    got: `adapter_config.json has ${field} ${typeof value === 'string' ? value : JSON.stringify(value ?? null)}`,
    expected: 'a record with peft_type, r, lora_alpha and target_modules, as PEFT writes it',
    fix: 'save the adapter again with PEFT',
  });
}

function unsupported(field: string, value: unknown): FileError {
  return new FileError({
    code: 'peft/unsupported',
    got: `an adapter in PEFT's format has ${field} ${value instanceof Map ? 'a record' : JSON.stringify(value ?? null)}`,
    expected: 'LoRA factors of weights and embeddings alone',
    fix: 'merge the adapter in PEFT and load the merged model',
  });
}
