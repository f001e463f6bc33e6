import { FileError } from '../base/errors';
import {
  boolean,
  listOf,
  number,
  type OptionsOf,
  optional,
  readOptions,
  refuseExtra,
  required,
  string,
  whole,
} from '../base/options';
import { show } from '../base/shape';
import { checkParams } from '../tensor/check';
import { paramsKind } from '../tensor/kinds';
import type { Params, Tensor } from '../tensor/tensor';
import { bytesKind, numbersKind } from './kinds';
import { brief } from './limits';
import { namesOf, readConfig, unsupported, valueFor } from './peft-config';
import { decodeSafetensors, encodeSafetensors } from './safetensors';

/** What an adapter has; also read where one is attached. */
export const peftAdapter = {
  /** For each adapted path: `'<path>.lora.A'` [r, in] and `'<path>.lora.B'` [out, r]. */
  params: required(paramsKind),
  /** r of every path that has no other in its shapes. */
  rank: required(whole({ low: 1 })),
  /** The numerator of the scale. */
  alpha: required(number()),
  /** The numerator where it differs, by path. */
  alphas: optional(numbersKind, {}),
  /** The scale is alpha/√r (rsLoRA) instead of alpha/r. */
  rankStabilized: optional(boolean, false),
  /** Rate of the dropout before A, in training. */
  dropout: optional(number({ low: 0, high: 1 }), 0),
  /** Paths that are embeddings, which PEFT names differently; A is [r, tokens] and B [width, r]. */
  embeddings: optional(listOf(string), []),
  /** What was adapted: a name or a path of the base model. */
  base: optional(string),
};

/** LoRA adapters as plain tensors: ΔW = scale·B·A with scale = alpha/r, or alpha/√r if `rankStabilized`. */
export interface PeftAdapter extends OptionsOf<typeof peftAdapter> {}

const peftFiles = {
  /** `adapter_config.json` */
  config: required(string),
  /** `adapter_model.safetensors` */
  model: required(bytesKind),
};

/** The two files of an adapter in PEFT's format. */
export interface PeftFiles extends OptionsOf<typeof peftFiles> {}

const prefix = 'base_model.model.';
/** The ends of the names of factors. */
export const [factorA, factorB] = ['.lora.A', '.lora.B'];

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
  if (arguments.length > 1) refuseExtra('encodePeft', arguments, 1);
  return encodePeftIn('encodePeft', adapter);
}

/** As `encodePeft`, checked in the name of another function. */
export async function encodePeftIn(where: string, adapter: PeftAdapter): Promise<PeftFiles> {
  const read = readOptions(where, peftAdapter, adapter);
  const { params, rank, alpha, alphas, rankStabilized, dropout, embeddings, base } = read;
  checkParams(where, 'params', params);
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

/**
 * The adapter in files that PEFT wrote. What PEFT can do beyond LoRA on weights (DoRA, biases, whole modules, base weights
 * that were changed) is refused by the name of its setting, since without it the adapter would be another function; so is
 * a setting that is not known here and not switched off.
 * @throws FileError `peft/config`, `peft/unsupported`, `peft/factors`, `safetensors/…`
 */
export function decodePeft(files: PeftFiles): PeftAdapter {
  if (arguments.length > 1) refuseExtra('decodePeft', arguments, 1);
  const { config: text, model } = readOptions('decodePeft', peftFiles, files);
  const { rank, alpha, dropout, rankStabilized, rankPattern, alphaPattern, ...config } = readConfig(text);
  const params: [string, Tensor][] = [];
  const embeddings = new Set<string>();
  for (const [name, tensor] of Object.entries(decodeSafetensors(model))) {
    const [, path, embedding, letter] =
      /^base_model\.model\.(.+)\.lora_(embedding_)?([AB])(?:\.weight)?$/.exec(name) ?? [];
    if (path === undefined || name.endsWith('.weight') === (embedding !== undefined)) throw unsupported('tensor', name);
    if (embedding !== undefined) embeddings.add(path);
    params.push([`${path}.lora.${letter}`, tensor]);
  }
  const named: Params = Object.fromEntries(params);
  if (Object.keys(named).length < params.length) throw badFactors('two tensors of one factor', 'each factor once');
  const ranks = ranksOf(named);
  for (const [path, found] of ranks) {
    const stated = valueFor(rankPattern, path) ?? rank;
    if (found !== stated) throw badFactors(`${brief(path)} of rank ${found}`, `rank ${stated}, as the config says`);
    const names = [...namesOf(path)];
    if (config.targets && !names.some((name) => config.targets?.has(name)))
      throw badFactors(`${brief(path)}, which target_modules does not name`, 'factors of the modules that it names');
    if (names.some((name) => config.excluded?.has(name)))
      throw badFactors(`${brief(path)}, which exclude_modules names`, 'factors of other modules');
  }
  const alphas = [...ranks.keys()].flatMap((path) => {
    const stated = valueFor(alphaPattern, path);
    return stated === undefined ? [] : [[path, stated] as const];
  });
  return {
    params: named,
    rank,
    alpha,
    alphas: Object.fromEntries(alphas),
    rankStabilized,
    dropout,
    embeddings: [...embeddings],
    ...(config.base !== null && { base: config.base }),
  };
}

/** Path → r of all pairs of factors. */
export function ranksOf(params: Params): Map<string, number> {
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

/** The error for factors that do not fit each other, or a model. */
export function badFactors(got: string, expected: string): FileError {
  return new FileError({
    code: 'peft/factors',
    got: `an adapter has ${got}`,
    expected,
    fix: 'pass the two factors of each adapted weight, and nothing else',
  });
}
