import { OptionError } from '../base/errors';
import { checkArgument, refuseExtra } from '../base/options';
import { checkParams } from '../tensor/check';
import { noGrad } from '../tensor/derivatives/no-grad';
import { transpose } from '../tensor/ops/movement/transpose';
import type { Params } from '../tensor/tensor';
import { nameMapKind, newNameKind } from './kinds';

/** How a path is renamed: rules that are applied one after the other, or a function; null leaves the tensor out. */
export type NameMap =
  | readonly (readonly [pattern: string | RegExp, replacement: string | null])[]
  | ((path: string) => string | null);

/**
 * The same tensors under other paths, for a state dict that another program saved. Each rule `[pattern, replacement]`
 * works on what the rules before it made, as `String.replace` does; a replacement of null leaves a matching tensor out.
 * @throws OptionError `params/rename` where two tensors get one path
 * @example
 * const saved = { 'net.0.weight': ones([2, 2]), 'net.0.mask': ones([2]) };
 * console.log(Object.keys(renameParams(saved, [[/mask$/, null], ['net.', 'layers.']]))); // prints [ 'layers.0.weight' ]
 */
export function renameParams(params: Params, map: NameMap): Params {
  if (arguments.length > 2) refuseExtra('renameParams', arguments, 2);
  checkParams('renameParams', 'params', params);
  checkArgument('renameParams', 'map', nameMapKind, map);
  const rename = typeof map === 'function' ? map : (path: string) => apply(map, path);
  const from = new Map<string, string>();
  const renamed: [string, Params[string]][] = [];
  for (const [path, tensor] of Object.entries(params)) {
    const name = rename(path);
    checkArgument('renameParams', `the name for "${path}"`, newNameKind, name);
    if (name === null) continue;
    const other = from.get(name);
    if (other !== undefined) throw collision(other, path, name);
    from.set(name, path);
    renamed.push([name, tensor]);
  }
  return Object.fromEntries(renamed);
}

function apply(rules: Exclude<NameMap, (path: string) => string | null>, path: string): string | null {
  let name = path;
  for (const [pattern, replacement] of rules) {
    const matching = typeof pattern === 'string' ? name.includes(pattern) : name.search(pattern) >= 0;
    if (!matching) continue;
    if (replacement === null) return null;
    name = name.replace(pattern, replacement);
  }
  return name;
}

/**
 * The names of GPT-2 in PyTorch, as nanoGPT saves them, to those of our `GPT`. Masks, which some programs save too, are
 * left out. Weights of Hugging Face's own GPT-2 have these names but lie transposed: see `fromHuggingFaceGPT2`.
 * With `tieHead: true` leave `head.weight` out too: `[...gpt2Names, ['head.weight', null]]`.
 * @see https://github.com/karpathy/nanoGPT/blob/master/model.py
 */
export const gpt2Names: Exclude<NameMap, (path: string) => string | null> = [
  [/\.attn\.(masked_)?bias$/, null],
  [/^(_orig_mod\.)?(transformer\.)?/, ''],
  [/^wte\./, 'tokenEmbedding.'],
  [/^wpe\./, 'positionEmbedding.'],
  [/^h\./, 'blocks.'],
  [/\.ln_1\./, '.attentionNorm.'],
  [/\.ln_2\./, '.mlpNorm.'],
  [/\.attn\.c_attn\./, '.attention.qkv.'],
  [/\.attn\.c_proj\./, '.attention.proj.'],
  [/\.mlp\.c_fc\./, '.mlp.fc.'],
  [/\.mlp\.c_proj\./, '.mlp.proj.'],
  [/^ln_f\./, 'finalNorm.'],
  [/^lm_head\./, 'head.'],
];

/**
 * The parameters of GPT-2 as Hugging Face saves it, for a `GPT` with `tieHead: true`: under our names, with the weights of its
 * `Conv1D` layers turned from [in, out] to [out, in]. Masks and the head, which is the token embedding, are left out.
 * @throws OptionError `params/rename` where two tensors get one path
 * @see https://github.com/huggingface/transformers/blob/main/src/transformers/models/gpt2/modeling_gpt2.py
 * @example
 * const params = fromHuggingFaceGPT2({ 'transformer.h.0.attn.c_attn.weight': zeros([8, 24]) });
 * console.log(params['blocks.0.attention.qkv.weight']?.shape); // prints [ 24, 8 ]
 */
export function fromHuggingFaceGPT2(params: Params): Params {
  if (arguments.length > 1) refuseExtra('fromHuggingFaceGPT2', arguments, 1);
  checkParams('fromHuggingFaceGPT2', 'params', params);
  const named = Object.entries(renameParams(params, [...gpt2Names, ['head.weight', null]]));
  const turned = /^blocks\.\d+\.(attention\.(qkv|proj)|mlp\.(fc|proj))\.weight$/;
  return Object.fromEntries(named.map(([path, x]) => [path, turned.test(path) ? noGrad(() => transpose(x)) : x]));
}

/**
 * The names of `torch.nn.GRU` and `torch.nn.LSTM` of one layer to those of our `GRU` and `LSTM`, whose weights have the
 * same rows in the same order; the names of all else stay. PyTorch's `h_0` and `c_0` have an axis of layers that our states lack.
 * @example
 * const saved = { 'encoder.weight_ih_l0': ones([6, 3]), 'encoder.bias_hh_l0': ones([6]) };
 * console.log(Object.keys(renameParams(saved, recurrentNames))); // prints [ 'encoder.input.weight', 'encoder.hidden.bias' ]
 */
export const recurrentNames: Exclude<NameMap, (path: string) => string | null> = [
  [/(weight|bias)_ih_l0$/, 'input.$1'],
  [/(weight|bias)_hh_l0$/, 'hidden.$1'],
];

function collision(first: string, second: string, name: string): OptionError {
  return new OptionError({
    code: 'params/rename',
    got: `renameParams got a map that makes "${name}" of "${first}" and of "${second}"`,
    expected: 'a path of its own for each tensor',
    fix: 'make the patterns tell them apart, or map one of them to null',
  });
}
