import { FileError } from '../base/errors';
import { checkArgument, readOptions, refuseExtra, type ValuesOf } from '../base/options';
import { type Shape, sameShape, show } from '../base/shape';
import { badFactors, type PeftAdapter, peftAdapter, ranksOf } from '../io/peft';
import { moduleKind } from '../nn/kinds';
import { Embedding } from '../nn/layers/embedding';
import { Linear } from '../nn/layers/linear';
import type { Module } from '../nn/module';
import { noGrad } from '../tensor/derivatives/no-grad';
import { clone } from '../tensor/ops/movement/clone';
import { reshape } from '../tensor/ops/movement/reshape';
import type { Tensor } from '../tensor/tensor';
import { adaptersOf, someAdaptersOf } from './adapters-of';
import { type AdapterReport, attach } from './attach';
import { DoraLinear } from './methods/dora-linear';
import { GatedLora } from './methods/gated-lora';
import { LoraEmbedding } from './methods/lora-embedding';
import { LoraLinear } from './methods/lora-linear';
import { vera } from './methods/vera';
import { setPlain } from './origin';
import { type PeftForm, peftForm } from './peft-forms';
import { type Site, sitesOf } from './sites';

/**
 * The adapters of a model as `savePeft` and `encodePeft` take them: those of `lora` and of what trains them in another way,
 * `dora`, `vera`, and, as AdaLoRA's, all that have gates. They belong to the weights that they stand beside: where those have
 * changed, as after a stage of `periodicLora`, save the model.
 * @throws OptionError `adapter/none`
 * @throws FileError `peft/factors` for adapters that PEFT has no place for, that have a mask, or that are of several kinds
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
    const form = path === '' ? null : peftForm(adapter);
    if (form === null) throw otherAdapter(path);
    return { path, adapter, form };
  });
  const forms = found.map(({ form }) => form);
  const [first] = found as [(typeof found)[number]];
  const { kind, projections } = first.form;
  const other = found.find(({ form }) => !isLike(form, first.form));
  if (other) throw severalKinds(other.path, first.path);
  const rank = kind === 'adalora' ? Math.max(...forms.map((form) => form.rank)) : first.form.rank;
  const alphaOf = (form: PeftForm): number => form.scale * (kind === 'adalora' ? rank + adaLoraOffset : form.rank);
  const rows = found.map(({ path, form }) => ({ path, alpha: alphaOf(form) }));
  const alpha = alphaOf(first.form);
  const params = found.map(({ path, form }) =>
    Object.entries(form.params).map(([name, tensor]) => [`${path}.lora.${name}`, tensor] as const),
  );
  return {
    ...(kind !== 'lora' && { kind }),
    params: Object.fromEntries(params.flat()),
    ...(projections && { projections }),
    rank,
    alpha,
    alphas: Object.fromEntries(rows.filter((row) => row.alpha !== alpha).map((row) => [row.path, row.alpha])),
    dropout: Math.max(...forms.map(({ dropout }) => dropout)),
    embeddings: found.flatMap(({ path, adapter }) => (adapter instanceof LoraEmbedding ? [path] : [])),
  };
}

/** PEFT's scale of AdaLoRA is α/(r + 10⁻⁵). */
const adaLoraOffset = 1e-5;

/** Whether one file of PEFT holds both: AdaLoRA has one scale, and VeRA one pair. */
function isLike(a: PeftForm, b: PeftForm): boolean {
  if (a.kind !== b.kind) return false;
  if (a.kind === 'adalora') return a.scale === b.scale;
  return a.projections?.A === b.projections?.A && a.projections?.B === b.projections?.B;
}

/**
 * Attach adapters with given tensors, as `loadPeft` and `decodePeft` return them, and freeze all else: all of them or,
 * if it throws, none. The tensors are copied.
 * @throws FileError `peft/factors` where the model has no such layer, or one of another shape
 * @throws OptionError `options/…`
 * @see Hu et al., "LoRA: low-rank adaptation of large language models", arXiv 2106.09685.
 */
export function attachPeft(model: Module, adapter: PeftAdapter): AdapterReport {
  if (arguments.length > 2) refuseExtra('attachPeft', arguments, 2);
  checkArgument('attachPeft', 'model', moduleKind, model);
  const read = readOptions('attachPeft', peftAdapter, adapter, 'model');
  const { kind, params, rank } = read;
  const ranks = ranksOf(params, kind);
  const sites = new Map(sitesOf(model).map((site) => [site.path, site]));
  const given = (path: string, name: string): Tensor => params[`${path}.lora.${name}`] as Tensor;
  for (const path of ranks.keys()) {
    const [outputs] = given(path, kind === 'vera' ? 'b' : 'B').shape as readonly [number];
    const inputs = kind === 'vera' ? null : (given(path, 'A').shape[1] as number);
    checkSite(path, sites.get(path), [outputs, inputs], kind === 'lora');
  }
  const copied = (path: string, name: string): Tensor => noGrad(() => clone(given(path, name)));
  if (kind === 'vera') return attachVera(model, read, ranks, copied);
  const scaleOf = (path: string): number => {
    const own = Object.hasOwn(read.alphas, path) ? (read.alphas[path] as number) : read.alpha;
    if (kind === 'adalora') return own / (rank + adaLoraOffset);
    const r = ranks.get(path) as number;
    return own / (read.rankStabilized ? Math.sqrt(r) : r);
  };
  const report = attach('attachPeft', model, {
    seed: 0,
    match: (path) => ranks.has(path),
    make({ path, layer }) {
      const own = { embedding: layer instanceof Embedding, scale: scaleOf(path), dropout: read.dropout };
      return adapterOf(kind, own, (name) => copied(path, name));
    },
  });
  const adapted = report.adapted.map(({ path, layer, adapter: { rank, scale } }) => {
    return { path, shape: layer.weight.shape, rank, scale };
  });
  return { ...report, adapted };
}

/** An adapter of a kind, of its tensors. */
function adapterOf(
  kind: Exclude<PeftForm['kind'], 'vera'>,
  { embedding, scale, dropout }: { readonly embedding: boolean; readonly scale: number; readonly dropout: number },
  tensor: (name: string) => Tensor,
): LoraLinear | LoraEmbedding | DoraLinear | GatedLora {
  const [A, B] = [tensor('A'), tensor('B')];
  if (kind === 'dora') return setPlain('dora', new DoraLinear({ A, B }, scale, tensor('magnitude'), dropout));
  if (kind === 'adalora') {
    const gate = noGrad(() => reshape(tensor('E'), [-1]));
    return setPlain('sora', new GatedLora({ A, B, gate }, scale, dropout));
  }
  if (embedding) return setPlain('lora', new LoraEmbedding({ A, B }, scale));
  return setPlain('lora', new LoraLinear({ A, B }, scale, dropout));
}

/** VeRA's adapters around the pair of the file, with its vectors. */
function attachVera(
  model: Module,
  { dropout, projections }: ValuesOf<typeof peftAdapter>,
  ranks: ReadonlyMap<string, number>,
  copied: (path: string, name: string) => Tensor,
): AdapterReport {
  if (!projections) throw badFactors('vectors of VeRA without the pair that they share', 'projections { A, B }');
  const [rank] = [...ranks.values()] as [number];
  const shared = noGrad(() => ({ A: clone(projections.A), B: clone(projections.B) }));
  const { adapted, ...report } = vera(model, { rank, dropout, shared, match: (path) => ranks.has(path) });
  for (const { path, adapter } of adaptersOf(model))
    if (ranks.has(path)) adapter.load({ b: copied(path, 'b'), d: copied(path, 'd') });
  return { ...report, adapted: adapted.map((row) => ({ ...row, scale: 1 })) };
}

/** Whether `peftOf` takes the adapters of a model. */
export function hasPeftForm(model: Module): boolean {
  const forms = adaptersOf(model).map(({ path, adapter }) => (path === '' ? null : peftForm(adapter)));
  return forms.every((form) => form !== null && forms[0] && isLike(form, forms[0]));
}

function checkSite(
  path: string,
  site: Site | undefined,
  [outputs, inputs]: readonly [number, number | null],
  embeddings: boolean,
): void {
  const fits = site && (site.layer instanceof Linear || (embeddings && site.layer instanceof Embedding));
  if (!fits)
    throw badFactors(
      `"${path}", which is no Linear${embeddings ? ' or Embedding' : ''} of the model`,
      'factors of layers of the model',
    );
  if (site.shared || site.layer.lora)
    throw badFactors(
      `"${path}", which the model ${site.shared ? 'shares' : 'has adapted already'}`,
      'a layer of its own',
    );
  const { shape } = site.layer.weight;
  const change: Shape = [outputs, inputs ?? (shape[1] as number)];
  const expected = site.layer instanceof Linear ? change : [...change].reverse();
  if (!sameShape(expected, shape))
    throw badFactors(`"${path}" for a weight ${show(expected)}`, `${show(shape)}, as the model has it`);
}

function severalKinds(path: string, first: string): FileError {
  return new FileError({
    code: 'peft/factors',
    got: `peftOf got an adapter of "${path}" that no file of PEFT has beside that of "${first}"`,
    expected: 'adapters of one kind; of AdaLoRA with one scale, of VeRA with one pair',
    fix: 'save them with savedAdapters(model), or mergeAdapters(model) and save the model',
  });
}

function otherAdapter(path: string): FileError {
  return new FileError({
    code: 'peft/factors',
    got: `peftOf got an adapter of "${path}" that PEFT has no place for, or that has a mask`,
    expected: 'adapters of lora, dora, vera, sora or adaLora, in layers of a model',
    fix: 'call compact(model) to remove masks, or save with savedAdapters(model)',
  });
}
