import { ShapeError } from '../../base/errors';
import { fold, key, seedKind } from '../../base/key';
import { type Kind, kindOf, number, type OptionsOf, optional, readOptions, refuseExtra } from '../../base/options';
import { type Shape, show } from '../../base/shape';
import { Adapter } from '../../nn/adapter';
import type { ForwardOptions } from '../../nn/forward-options';
import { initializers } from '../../nn/initializers';
import { type Module, matchKind } from '../../nn/module';
import { extent } from '../../nn/options';
import { noGrad } from '../../tensor/derivatives/no-grad';
import { full, zeros } from '../../tensor/ops/create';
import { add } from '../../tensor/ops/elementwise/add';
import { mul } from '../../tensor/ops/elementwise/mul';
import { unsqueeze } from '../../tensor/ops/movement/reshape';
import { slice } from '../../tensor/ops/movement/slice';
import { linear } from '../../tensor/ops/products/linear';
import { matmul } from '../../tensor/ops/products/matmul';
import { dropout } from '../../tensor/ops/random/dropout';
import { runInScope } from '../../tensor/scope';
import type { Tensor } from '../../tensor/tensor';
import { isTensor } from '../../tensor/tree';
import { type AdapterReport, attach } from '../attach';
import { notAMatrix } from '../matrix-layers';

/** The matrices that all layers of a model share. */
export interface VeraPair {
  /** [r, at least the inputs of the widest layer]; a layer of fewer inputs has its first columns. */
  readonly A: Tensor;
  /** [at least the outputs of the tallest layer, r]; a layer of fewer outputs has its first rows. */
  readonly B: Tensor;
}

const pairKind: Kind<VeraPair> = kindOf<VeraPair>('{ A, B }, float32 tensors', (value) => {
  const { A, B } = (value ?? {}) as Readonly<Record<string, unknown>>;
  return [A, B].every((t) => isTensor(t) && t.dtype === 'float32');
});
const nonzero: Kind<number> = kindOf<number>(
  'a finite number other than 0, with which d and b would have no gradient',
  (value) => Number.isFinite(value) && value !== 0,
  'options/range',
);

const veraOptions = {
  /** r (default 256): it costs r numbers a layer, so it may be larger than with LoRA. */
  rank: optional(extent, 256),
  /** What all numbers of d start as (default 0.1). */
  dInitial: optional(nonzero, 0.1),
  /** Probability of zeroing an element of what the adapter sees, where `forward` gets a key (default 0). */
  dropout: optional(number({ low: 0, high: 1 }), 0),
  /** Which layers, by their path; a string matches everything below it too (default: all with a weight [out, in]). */
  match: optional(matchKind),
  /** What the shared pair is drawn from (default 0). Adapters that are loaded need the seed, and the layers, of those that were saved. */
  seed: optional(seedKind, 0),
  /** The shared pair, in place of a drawn one: PEFT writes its own to files. */
  shared: optional(pairKind),
};

/** Size, start, and which layers. */
export interface VeraOptions extends OptionsOf<typeof veraOptions> {}

/** One layer with VeRA's adapter. */
export interface VeraLayer {
  /** Dotted path of the layer; its vectors are '….lora.d' and '….lora.b'. */
  readonly path: string;
  /** Shape of its weight. */
  readonly shape: Shape;
  /** r */
  readonly rank: number;
}

/**
 * VeRA: ΔW = diag(b)·B·diag(d)·A with one pair A, B for the whole model, which stays as it was drawn, and vectors d [r] and
 * b [out] for each layer, which are trained. The pair is as large as the largest of the layers, and others have a piece of it.
 * It is no parameter and in no file: the seed and the extents make it again. b starts at 0, so that the function stays.
 *
 * Its entries are uniform in ±√(6/fan), where fan is the second extent of each, as PEFT has them.
 * @throws OptionError `adapter/no-match`, `options/…`
 * @throws ShapeError `vera/shared`
 * @see Kopiczko, Blankevoort and Asano, "VeRA: vector-based random matrix adaptation", arXiv 2310.11454, eq. 2.
 * @example
 * const model = new MLP({ sizes: [64, 64, 10], key: random.key(0) });
 * const { trainable } = vera(model, { rank: 32 });
 * console.log(trainable); // prints 138
 */
export function vera(model: Module, options: VeraOptions = {}): AdapterReport<VeraLayer> {
  if (arguments.length > 2) refuseExtra('vera', arguments, 2);
  const read = readOptions('vera', veraOptions, options, 'model');
  const { rank, match, seed, shared } = read;
  const pieces = new Pieces();
  const { adapted, ...report } = attach('vera', model, {
    match,
    seed,
    settings: read,
    make({ path, layer }) {
      const refusal = notAMatrix(layer);
      if (refusal !== null) return refusal;
      const { shape } = layer.weight;
      if (shared && !isLargeEnough(shared, rank, shape)) throw wrongPair(shared, rank, path, shape);
      return new Vera(pieces, { d: full([rank], read.dInitial), b: zeros(shape.slice(0, 1)) }, read.dropout);
    },
  });
  const rows = adapted.map(({ path, layer: { weight } }) => ({ path, shape: weight.shape, rank }));
  const shapes = rows.map(({ shape }) => shape);
  pieces.cut(() => shared ?? drawn(shapes, rank, seed), shapes);
  return { adapted: rows, ...report };
}

/** The pair for layers of these shapes. */
function drawn(shapes: readonly Shape[], rank: number, seed: number): VeraPair {
  const [outputs, inputs] = [0, 1].map((axis) => Math.max(...shapes.map((shape) => shape[axis] as number)));
  const draw = (name: string, shape: Shape): Tensor =>
    initializers.kaimingUniform(fold(key(seed), 'vera', name), shape);
  return { A: draw('A', [rank, inputs as number]), B: draw('B', [outputs as number, rank]) };
}

/** What layers have of a pair: those of as many inputs, or outputs, have the same tensor, and no pass makes a copy. */
class Pieces {
  /** A's first columns [r, in], by in. */
  #columns: Readonly<Record<number, Tensor>> = {};
  /** B's first rows [out, r], by out. */
  #rows: Readonly<Record<number, Tensor>> = {};

  cut(pairOf: () => VeraPair, shapes: readonly Shape[]): void {
    const { columns, rows } = runInScope('vera', () => {
      const { A, B } = pairOf();
      const [rank] = A.shape as [number];
      return {
        columns: byExtent(shapes, 1, (inputs) => slice(A, [], [rank, inputs])),
        rows: byExtent(shapes, 0, (outputs) => slice(B, [], [outputs])),
      };
    });
    [this.#columns, this.#rows] = [columns, rows];
  }

  /** The largest pieces: all that the layers have of the pair. */
  get pair(): VeraPair {
    const largest = (pieces: Readonly<Record<number, Tensor>>): Tensor =>
      pieces[Math.max(...Object.keys(pieces).map(Number))] as Tensor;
    return { A: largest(this.#columns), B: largest(this.#rows) };
  }

  /** A's columns and B's rows for a weight of this shape. */
  of([outputs, inputs]: Shape): VeraPair {
    return { A: this.#columns[inputs as number] as Tensor, B: this.#rows[outputs as number] as Tensor };
  }
}

/** One piece for each extent that an axis of the shapes has. */
function byExtent(shapes: readonly Shape[], axis: 0 | 1, piece: (extent: number) => Tensor): Record<number, Tensor> {
  const extents = new Set(shapes.map((shape) => shape[axis] as number));
  return Object.fromEntries(Array.from(extents, (extent) => [extent, noGrad(() => piece(extent))]));
}

/** W + diag(b)·B·diag(d)·A, where only d and b are its own. */
export class Vera extends Adapter {
  /** [r] */
  d: Tensor;
  /** [out] */
  b: Tensor;
  readonly additive = true;
  readonly #pieces: Pieces;

  constructor(
    pieces: Pieces,
    { d, b }: { readonly d: Tensor; readonly b: Tensor },
    /** Probability of zeroing an element of what the adapter sees; the weight sees all of it. */
    readonly dropout = 0,
  ) {
    super();
    this.d = d;
    this.b = b;
    this.#pieces = pieces;
  }

  /** The pair A [r, largest in], B [largest out, r] of all layers that were adapted together. */
  get pair(): VeraPair {
    return this.#pieces.pair;
  }

  override forward(x: Tensor, weight: Tensor, bias: Tensor | null, { key }: ForwardOptions = {}): Tensor {
    const { A, B } = this.#pieces.of(weight.shape);
    const dropped = key ? dropout(x, this.dropout, key) : x;
    const inner = mul(linear(dropped, A), this.d); // (X·Aᵀ)·diag(d) [..., r]
    return add(linear(x, weight, bias ?? undefined), mul(linear(inner, B), this.b));
  }
  override mergedInto(weight: Tensor, fraction: number): Tensor {
    const { A, B } = this.#pieces.of(weight.shape);
    return add(weight, matmul(mul(B, mul(unsqueeze(this.b, 1), fraction)), mul(A, unsqueeze(this.d, 1))));
  }
}

function isLargeEnough({ A, B }: VeraPair, rank: number, [outputs, inputs]: Shape): boolean {
  const [rowsOfA, columnsOfA, rowsOfB, columnsOfB] = [...A.shape, ...B.shape] as [number, number, number, number];
  if (A.ndim !== 2 || B.ndim !== 2 || rowsOfA !== rank || columnsOfB !== rank) return false;
  return columnsOfA >= (inputs as number) && rowsOfB >= (outputs as number);
}

function wrongPair({ A, B }: VeraPair, rank: number, path: string, [outputs, inputs]: Shape): ShapeError {
  return new ShapeError({
    code: 'vera/shared',
    got: `vera got a pair A ${show(A.shape)} and B ${show(B.shape)} for "${path}" and rank ${rank}`,
    expected: `A [${rank}, ${inputs} or more] and B [${outputs} or more, ${rank}]`,
    fix: 'pass the rank of the pair, and match the layers that it was made for',
  });
}
