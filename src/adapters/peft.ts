import { FileError } from '../base/errors';
import { checkArgument, readOptions, refuseExtra } from '../base/options';
import { sameShape, show } from '../base/shape';
import { badFactors, factorA, factorB, type PeftAdapter, peftAdapter, ranksOf } from '../io/peft';
import { moduleKind } from '../nn/kinds';
import { Embedding } from '../nn/layers/embedding';
import { Linear } from '../nn/layers/linear';
import type { Module } from '../nn/module';
import { noGrad } from '../tensor/derivatives/no-grad';
import { clone } from '../tensor/ops/movement/clone';
import type { Tensor } from '../tensor/tensor';
import { adaptersOf, someAdaptersOf } from './adapters-of';
import { type AdapterReport, attach } from './attach';
import { describedLowRank } from './attach-low-rank';
import { LoraEmbedding } from './methods/lora-embedding';
import { LoraLinear } from './methods/lora-linear';
import { setPlainLora } from './origin';
import { type Site, sitesOf } from './sites';

/**
 * The LoRA adapters of a model as `savePeft` and `encodePeft` take them. They belong to the weights that they stand beside:
 * where those have changed, as after a stage of `periodicLora`, save the model.
 * @throws OptionError `adapter/none`
 * @throws FileError `peft/factors` for adapters that are not LoRA's, or that have a mask
 * @example
 * const make = () => new MLP({ sizes: [4, 8, 2], key: random.key(0) });
 * const [model, other] = [make(), make()];
 * lora(model, { rank: 2, alpha: 6, match: 'layers.0' });
 * attachPeft(other, decodePeft(await encodePeft(peftOf(model))));
 * console.log(adaptersOf(other).map(({ path }) => path)); // prints [ 'layers.0' ]
 */
export function peftOf(model: Module): PeftAdapter {
  if (arguments.length > 1) refuseExtra('peftOf', arguments, 1);
  const found = someAdaptersOf('peftOf', model).map(({ path, adapter }) => {
    if (path !== '' && isLora(adapter) && adapter.mask === null) return { path, adapter };
    throw otherAdapter(path);
  });
  const rows = found.map(({ path, adapter: { rank, scale } }) => ({ path, rank, alpha: scale * rank }));
  const [{ rank, alpha }] = rows as [(typeof rows)[number]];
  const dropout = found.map(({ adapter }) => (adapter instanceof LoraLinear ? adapter.dropout : 0));
  return {
    params: Object.fromEntries(
      found.flatMap(({ path, adapter: { A, B } }) => [
        [path + factorA, A],
        [path + factorB, B],
      ]),
    ),
    rank,
    alpha,
    alphas: Object.fromEntries(rows.filter((row) => row.alpha !== alpha).map((row) => [row.path, row.alpha])),
    dropout: Math.max(...dropout),
    embeddings: found.flatMap(({ path, adapter }) => (adapter instanceof LoraEmbedding ? [path] : [])),
  };
}

/**
 * Attach LoRA adapters with given factors, as `loadPeft` and `decodePeft` return them, and freeze all else: all of them or,
 * if it throws, none. The factors are copied.
 * @throws FileError `peft/factors` where the model has no such layer, or one of another shape, `peft/unsupported` for other kinds
 * @throws OptionError `options/…`
 * @see Hu et al., "LoRA: low-rank adaptation of large language models", arXiv 2106.09685.
 */
export function attachPeft(model: Module, adapter: PeftAdapter): AdapterReport {
  if (arguments.length > 2) refuseExtra('attachPeft', arguments, 2);
  checkArgument('attachPeft', 'model', moduleKind, model);
  const read = readOptions('attachPeft', peftAdapter, adapter, 'model');
  const { kind, params, alpha, alphas, rankStabilized, dropout } = read;
  if (kind !== 'lora') throw otherKind(kind);
  const ranks = ranksOf(params);
  const sites = new Map(sitesOf(model).map((site) => [site.path, site]));
  const factor = (path: string, name: string): Tensor => params[path + name] as Tensor;
  for (const path of ranks.keys()) checkSite(path, sites.get(path), factor(path, factorA), factor(path, factorB));
  const report = attach('attachPeft', model, {
    seed: 0,
    match: (path) => ranks.has(path),
    make({ path, layer }) {
      const rank = ranks.get(path) as number;
      const own = Object.hasOwn(alphas, path) ? (alphas[path] as number) : alpha;
      const scale = own / (rankStabilized ? Math.sqrt(rank) : rank);
      const [A, B] = noGrad(() => [clone(factor(path, factorA)), clone(factor(path, factorB))] as const);
      const made =
        layer instanceof Linear ? new LoraLinear({ A, B }, scale, dropout) : new LoraEmbedding({ A, B }, scale);
      return setPlainLora(made);
    },
  });
  return describedLowRank(report);
}

/** Whether `peftOf` takes the adapters of a model. */
export function hasPeftForm(model: Module): boolean {
  return adaptersOf(model).every(({ path, adapter }) => path !== '' && isLora(adapter) && adapter.mask === null);
}

const isLora = (adapter: unknown): adapter is LoraLinear | LoraEmbedding =>
  adapter instanceof LoraLinear || adapter instanceof LoraEmbedding;

function checkSite(path: string, site: Site | undefined, a: Tensor, b: Tensor): void {
  if (!site || !(site.layer instanceof Linear || site.layer instanceof Embedding))
    throw badFactors(`"${path}", which is no Linear or Embedding of the model`, 'factors of layers of the model');
  if (site.shared || site.layer.lora)
    throw badFactors(
      `"${path}", which the model ${site.shared ? 'shares' : 'has adapted already'}`,
      'a layer of its own',
    );
  const change = [b.shape[0] as number, a.shape[1] as number];
  const { weight } = site.layer;
  const shape = site.layer instanceof Linear ? change : change.reverse();
  if (!sameShape(shape, weight.shape))
    throw badFactors(`"${path}" for a weight ${show(shape)}`, `${show(weight.shape)}, as the model has it`);
}

function otherKind(kind: string): FileError {
  return new FileError({
    code: 'peft/unsupported',
    got: `attachPeft got an adapter of the kind "${kind}"`,
    expected: 'LoRA, the kind that is attached here so far',
    fix: 'merge the adapter in PEFT and load the merged model',
  });
}

function otherAdapter(path: string): FileError {
  return new FileError({
    code: 'peft/factors',
    got: `peftOf got an adapter of "${path}" that is not LoRA's, or has a mask`,
    expected: 'adapters that lora makes, in layers of a model',
    fix: 'call compact(model) to remove masks, or mergeAdapters(model) and save the model',
  });
}
