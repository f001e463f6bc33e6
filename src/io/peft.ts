import { FileError } from '../base/errors';
import {
  boolean,
  choice,
  kindOf,
  listOf,
  number,
  type OptionsOf,
  optional,
  readOptions,
  refuseExtra,
  required,
  string,
  type ValuesOf,
  whole,
} from '../base/options';
import { sameShape, show } from '../base/shape';
import { checkParams } from '../tensor/check';
import { paramsKind } from '../tensor/kinds';
import type { Params, Tensor } from '../tensor/tensor';
import { isTensor } from '../tensor/tree';
import { bytesKind, numbersKind } from './kinds';
import { brief } from './limits';
import { namesOf, type PeftKind, readConfig, unsupported, valueFor } from './peft-config';
import { decodeSafetensors, encodeSafetensors } from './safetensors';

const projectionsKind = kindOf<{
  /** [r, largest in] */
  readonly A: Tensor;
  /** [largest out, r] */
  readonly B: Tensor;
}>('{ A, B }, tensors', (value) => {
  const { A, B } = (value ?? {}) as Readonly<Record<string, unknown>>;
  return isTensor(A) && isTensor(B);
});

/** What an adapter has; also read where one is attached. */
export const peftAdapter = {
  /** What is adapted how (default 'lora'); of the others, `attachPeft` takes those whose method is here. */
  kind: optional(choice('lora', 'dora', 'vera', 'adalora'), 'lora'),
  /**
   * For each adapted path `'<path>.lora.A'` [r, in] and `'<path>.lora.B'` [out, r]; of DoRA `'<path>.lora.magnitude'` [out]
   * too, of AdaLoRA `'<path>.lora.E'` [r, 1]; of VeRA in their place `'<path>.lora.b'` [out] and `'<path>.lora.d'` [r].
   */
  params: required(paramsKind),
  /** The frozen pair that all layers of VeRA share. */
  projections: optional(projectionsKind),
  /** r of every path that has no other in its shapes; of AdaLoRA the first rank, by which its scale goes. */
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

/**
 * Adapters as plain tensors. LoRA: ΔW = scale·B·A with scale = alpha/r, or alpha/√r if `rankStabilized`. DoRA: the rows of
 * W + ΔW scaled to `magnitude`. AdaLoRA: ΔW = alpha/(rank + 10⁻⁵)·B·diag(E)·A. VeRA: ΔW = diag(b)·B·diag(d)·A with the
 * first rows and columns of `projections`.
 */
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

/** The tensors of one path: their names here after '.lora.', and PEFT's ends. */
const partsOf: Readonly<Record<PeftKind, readonly (readonly [name: string, end: string])[]>> = {
  lora: [
    ['A', '.lora_A.weight'],
    ['B', '.lora_B.weight'],
  ],
  dora: [
    ['A', '.lora_A.weight'],
    ['B', '.lora_B.weight'],
    ['magnitude', '.lora_magnitude_vector'],
  ],
  adalora: [
    ['A', '.lora_A'],
    ['B', '.lora_B'],
    ['E', '.lora_E'],
  ],
  vera: [
    ['b', '.vera_lambda_b'],
    ['d', '.vera_lambda_d'],
  ],
};

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
  const { kind, params, projections, embeddings } = read;
  checkParams(where, 'params', params);
  const ranks = ranksOf(params, kind);
  checkKind(read, ranks);
  const named = Object.entries(params).map(([name, tensor]) => {
    const [path, part] = splitName(name, kind);
    const embedding = embeddings.includes(path);
    const [, end = ''] = partsOf[kind].find(([own]) => own === part) ?? [];
    return [`${prefix}${path}${embedding ? `.lora_embedding_${part}` : end}`, tensor] as const;
  });
  const shared = projections && { 'base_model.vera_A': projections.A, 'base_model.vera_B': projections.B };
  const config = {
    ...settingsOf[kind](read, ranks),
    base_model_name_or_path: read.base ?? null,
    task_type: null,
    inference_mode: true,
    target_modules: [...ranks.keys()],
    fan_in_fan_out: false,
    bias: 'none',
    modules_to_save: null,
  };
  const model = await encodeSafetensors({ ...Object.fromEntries(named), ...shared }, { format: 'pt' });
  return { config: `${JSON.stringify(config, null, 2)}\n`, model };
}

type Values = ValuesOf<typeof peftAdapter>;
type Ranks = ReadonlyMap<string, number>;

function loraSettings({ rank, alpha, alphas, rankStabilized, dropout }: Values, ranks: Ranks): object {
  return {
    peft_type: 'LORA',
    r: rank,
    lora_alpha: alpha,
    lora_dropout: dropout,
    rank_pattern: Object.fromEntries([...ranks].filter(([, own]) => own !== rank)),
    alpha_pattern: alphas,
    use_rslora: rankStabilized,
    use_dora: false,
    init_lora_weights: true,
  };
}

/** What the configuration says of each kind alone. */
const settingsOf: Readonly<Record<PeftKind, (read: Values, ranks: Ranks) => object>> = {
  lora: loraSettings,
  dora: (read, ranks) => ({ ...loraSettings(read, ranks), use_dora: true }),
  adalora: ({ rank, alpha, dropout }, ranks) => ({
    peft_type: 'ADALORA',
    init_r: rank,
    lora_alpha: alpha,
    lora_dropout: dropout,
    rank_pattern: Object.fromEntries(
      [...ranks].map(([path, own]) => [`${path}.lora_E`, Array.from({ length: rank }, (_, i) => i < own)]),
    ),
    total_step: 1, // PEFT asks for one
    init_lora_weights: true,
  }),
  vera: ({ rank, dropout }) => ({
    peft_type: 'VERA',
    r: rank,
    vera_dropout: dropout,
    projection_prng_key: 0,
    save_projection: true,
    init_weights: true,
  }),
};

/**
 * The adapter in files that PEFT wrote: LoRA, DoRA, AdaLoRA or VeRA. What PEFT can do beyond them (biases, whole modules,
 * base weights that were changed) is refused by the name of its setting, since without it the adapter would be another
 * function; so is a setting that is not known here and not switched off.
 * @throws FileError `peft/config`, `peft/unsupported`, `peft/factors`, `safetensors/…`
 */
export function decodePeft(files: PeftFiles): PeftAdapter {
  if (arguments.length > 1) refuseExtra('decodePeft', arguments, 1);
  const { config: text, model } = readOptions('decodePeft', peftFiles, files);
  const { kind, rank, alpha, dropout, rankStabilized, rankPattern, alphaPattern, left, ...config } = readConfig(text);
  const params: [string, Tensor][] = [];
  const embeddings = new Set<string>();
  const { 'base_model.vera_A': A, 'base_model.vera_B': B, ...tensors } = decodeSafetensors(model);
  if (kind !== 'vera' && (A || B)) throw unsupported('tensor', `base_model.vera_${A ? 'A' : 'B'}`);
  for (const [name, tensor] of Object.entries(tensors)) {
    const { path, part, embedding } = partOf(name, kind);
    if (embedding) embeddings.add(path);
    params.push([`${path}.lora.${part}`, tensor]);
  }
  const named: Params = Object.fromEntries(params);
  if (Object.keys(named).length < params.length) throw badFactors('two tensors of one factor', 'each factor once');
  const ranks = ranksOf(named, kind);
  for (const [path, found] of ranks) {
    const stated = left.get(path) ?? valueFor(rankPattern, path) ?? rank;
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
  const adapter = {
    params: named,
    rank,
    alpha,
    alphas: Object.fromEntries(alphas),
    rankStabilized,
    dropout,
    embeddings: [...embeddings],
    ...(kind !== 'lora' && { kind }),
    ...(A && B && { projections: { A, B } }),
    ...(config.base !== null && { base: config.base }),
  };
  checkKind(adapter, ranks);
  return adapter;
}

/** What a tensor of a file is. */
function partOf(name: string, kind: PeftKind): { path: string; part: string; embedding: boolean } {
  const found = /^base_model\.model\.(.+)\.(lora_embedding_[AB]|(?:lora|vera)_[A-Za-z_]+(?:\.weight)?)$/.exec(name);
  const [, path = '', end = ''] = found ?? [];
  if (end.startsWith('lora_embedding_') && kind === 'lora') return { path, part: end.slice(-1), embedding: true };
  // The first PEFT with DoRA wrote the magnitudes without ".weight", and so do later ones; some tools write it.
  const [part] =
    partsOf[kind].find(
      ([own, ours]) => `.${end}` === ours || (own === 'magnitude' && `.${end}` === `${ours}.weight`),
    ) ?? [];
  if (part === undefined) throw unsupported('tensor', name);
  return { path, part, embedding: false };
}

/** Path → r of the tensors of each path, which are those of the kind, all of them, and fit each other. */
export function ranksOf(params: Params, kind: PeftKind = 'lora'): Map<string, number> {
  const ranks = new Map<string, number>();
  for (const name of Object.keys(params)) {
    const [path] = splitName(name, kind);
    if (ranks.has(path)) continue;
    const own = partsOf[kind].map(([part]) => [part, params[`${path}.lora.${part}`]] as const);
    const missing = own.find(([, tensor]) => !tensor);
    if (missing)
      throw badFactors(`"${path}" without ${missing[0]}`, kind === 'lora' ? 'both factors' : 'all its tensors');
    ranks.set(path, rankOfParts(path, kind, Object.fromEntries(own) as Record<string, Tensor>));
  }
  return ranks;
}

/** The rank that the tensors of one path agree on. */
function rankOfParts(path: string, kind: PeftKind, { A, B, E, magnitude, b, d }: Record<string, Tensor>): number {
  if (kind === 'vera') {
    if (b?.ndim === 1 && d?.ndim === 1) return d.shape[0] as number;
    throw badFactors(`"${path}" with b ${show(b?.shape ?? [])} and d ${show(d?.shape ?? [])}`, 'b [out] and d [r]');
  }
  const [a, up] = [A as Tensor, B as Tensor];
  if (a.ndim !== 2 || up.ndim !== 2 || a.shape[0] !== up.shape[1])
    throw badFactors(`"${path}" with A ${show(a.shape)} and B ${show(up.shape)}`, 'A [r, in] and B [out, r]');
  const [rank, outputs] = [a.shape[0] as number, up.shape[0] as number];
  if (magnitude && !sameShape(magnitude.shape, [outputs]))
    throw badFactors(`"${path}" with the magnitude ${show(magnitude.shape)}`, `[${outputs}], one for each row`);
  if (E && !sameShape(E.shape, [rank, 1])) throw badFactors(`"${path}" with E ${show(E.shape)}`, `[${rank}, 1]`);
  return rank;
}

/** What only one of the kinds has. */
function checkKind({ kind = 'lora', params, projections, embeddings = [], rank }: PeftAdapter, ranks: Ranks): void {
  if (kind !== 'lora' && embeddings.length > 0)
    throw badFactors(`the embedding ${brief(embeddings[0] as string)} of ${kind}`, 'embeddings of LoRA alone');
  if ((kind === 'vera') !== (projections !== undefined))
    throw badFactors(`${projections ? 'projections' : 'no projections'} of ${kind}`, 'them for VeRA, and for it alone');
  for (const [path, own] of ranks) {
    if (kind === 'adalora' && own > rank)
      throw badFactors(`${brief(path)} of rank ${own}`, `at most ${rank}, the first`);
    if (!projections) continue;
    const { A, B } = projections;
    const outputs = params[`${path}.lora.b`]?.size as number;
    const fits =
      A.ndim === 2 && B.ndim === 2 && A.shape[0] === own && B.shape[1] === own && (B.shape[0] as number) >= outputs;
    if (!fits)
      throw badFactors(
        `projections A ${show(A.shape)} and B ${show(B.shape)} for ${brief(path)}`,
        `A [${own}, in] and B [at least ${outputs}, ${own}]`,
      );
  }
}

/** The path, and what the tensor is there. */
function splitName(name: string, kind: PeftKind): [path: string, part: string] {
  const at = name.lastIndexOf('.lora.');
  const part = name.slice(at + '.lora.'.length);
  const parts = partsOf[kind].map(([own]) => own);
  if (at >= 0 && parts.includes(part)) return [name.slice(0, at), part];
  throw badFactors(`the tensor "${name}"`, `names that end in ${parts.map((own) => `.lora.${own}`).join(' or ')}`);
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
