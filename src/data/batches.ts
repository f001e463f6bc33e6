import { allocate, type TypedArray } from '../base/dtype';
import { OptionError } from '../base/errors';
import { fold, type Key, keyKind } from '../base/key';
import {
  boolean,
  checkArgument,
  inMessage,
  isPlainObject,
  kindOf,
  type OptionsOf,
  optional,
  readOptions,
  refuseExtra,
  required,
  whole,
} from '../base/options';
import { type Shape, show, sizeOf } from '../base/shape';
import { fromArray, type NestedArray, type NumericArray } from '../tensor/ops/create';
import { permute } from '../tensor/ops/random/random';
import { dtypeFor, shapeOf, write } from '../tensor/ops/values';
import type { Tensor } from '../tensor/tensor';
import { isTensor } from '../tensor/tree';

/** Examples by name, one in each row of the first axis: tensors, typed arrays of numbers, or nested arrays. */
export type BatchData = Readonly<Record<string, Tensor | NumericArray | NestedArray>>;

/** The rows of the same examples, by the same names. */
export type Batch<D extends BatchData> = { readonly [Name in keyof D]: Tensor };

/** How far an iterator of batches is: plain data, for the `position` of a checkpoint. */
export interface BatchesState {
  /** The pass over the data that the next batch is of, from 0 on. */
  readonly epoch: number;
  /** How many examples of this pass have been given. */
  readonly index: number;
}

const count = whole({ low: 0 });
const positive = whole({ low: 1 });
const stateKind = kindOf<BatchesState>(
  'the state of an iterator, { epoch, index }',
  (value) => isPlainObject(value) && count.fits(value.epoch) && count.fits(value.index),
);

const batchesOptions = {
  /** Examples in a batch. */
  size: required(whole({ low: 1 })),
  /** Another order in each epoch, drawn from this key and the number of the epoch (default: the order of the data). */
  shuffle: optional<Key>(keyKind),
  /** Passes over the data (default 1); Infinity for as many as are asked for. */
  epochs: optional(
    kindOf<number>(
      'a whole number ≥ 1, or Infinity',
      (value) => value === Infinity || positive.fits(value),
      'options/range',
    ),
    1,
  ),
  /** Leave out the last examples of an epoch where they are fewer than `size` (default false: a smaller batch). */
  dropLast: optional(boolean, false),
  /** Where to go on: the `state` of an iterator over the same data with the same key. */
  from: optional(stateKind, { epoch: 0, index: 0 }),
};

/** Sizes, order and where to begin. */
export interface BatchesOptions extends OptionsOf<typeof batchesOptions> {}

/** Rows in host memory. */
interface Column {
  readonly values: TypedArray;
  /** The shape of one row. */
  readonly row: Shape;
}

/** What `batches` returns: an iterator whose `state` says how far it is. */
export class Batches<D extends BatchData> implements IterableIterator<Batch<D>> {
  readonly #columns: readonly (readonly [name: string, column: Column])[];
  readonly #examples: number;
  readonly #options: ReturnType<typeof optionsOf>;
  /** The order of an epoch, made when its first batch is. */
  #order: { readonly epoch: number; readonly ids: Int32Array } | null = null;
  #epoch = 0;
  #index = 0;

  /** @internal Use `batches()`. */
  constructor(data: D, options: BatchesOptions) {
    this.#options = optionsOf(options);
    const { size, from, dropLast } = this.#options;
    const { columns, examples } = columnsOf(data);
    if (examples < (dropLast ? size : 1)) throw wrongData(`${examples} examples`);
    [this.#columns, this.#examples] = [columns, examples];
    this.load(from);
  }

  /** Where the next batch begins; `batches(data, { ..., from: state })` goes on there. */
  get state(): BatchesState {
    return { epoch: this.#epoch, index: this.#index };
  }

  /** Go on where the `state` of an iterator over the same data with the same key says: what `fit` does when it resumes. */
  load(state: BatchesState): void {
    if (arguments.length > 1) refuseExtra('load', arguments, 1);
    checkArgument('load', 'state', stateKind, state);
    if (state.index > this.#examples) throw elsewhere(state, this.#examples);
    [this.#epoch, this.#index] = [state.epoch, state.index];
    this.#turn();
  }

  /** The next batch; its tensors belong to the scope that is open. */
  next(): IteratorResult<Batch<D>, undefined> {
    if (arguments.length > 0) refuseExtra('next', arguments, 0);
    const { size, epochs } = this.#options;
    if (this.#epoch >= epochs) return { done: true, value: undefined };
    const ids = this.#ids().subarray(this.#index, this.#index + size);
    const value = Object.fromEntries(this.#columns.map(([name, column]) => [name, rows(column, ids)])) as Batch<D>;
    this.#index += ids.length;
    this.#turn();
    return { done: false, value };
  }

  /** Itself: a loop that was left goes on in the next one. */
  [Symbol.iterator](): this {
    return this;
  }

  /** The next epoch, where this one has no batch left. */
  #turn(): void {
    const { size, dropLast } = this.#options;
    if (this.#examples - this.#index >= (dropLast ? size : 1)) return;
    this.#epoch += 1;
    this.#index = 0;
  }

  #ids(): Int32Array {
    const epoch = this.#epoch;
    if (this.#order?.epoch !== epoch)
      this.#order = { epoch, ids: orderOf(this.#examples, this.#options.shuffle, epoch) };
    return this.#order.ids;
  }
}

/**
 * Batches of examples, in the order of the data or shuffled anew in each epoch. `data` is a record of tensors or arrays with
 * as many rows each: a flat array is [N]; what `tensor` says of dtypes holds. Tensors are read once, and the data stay on
 * the host; a batch is made when it is asked for, and belongs to the scope that is open then.
 *
 * `state` goes into a checkpoint as `{ position: iterator.state }`, and `{ from: position }` goes on at that batch exactly,
 * also with another `size`.
 * @throws OptionError `batches/data` unless all have the same number of rows, and there is a batch; `batches/from`
 * @throws OptionError, ShapeError `tensor/…` for arrays of other things than numbers, or ragged ones
 * @throws BackendError `read/sync` for a tensor that its backend cannot read at once: pass arrays there
 * @example
 * const data = { x: random.normal(random.key(0), [5, 3]), label: Int32Array.of(0, 1, 2, 0, 1) };
 * const passes = batches(data, { size: 2, shuffle: random.key(1), epochs: 2 });
 * for (const { x, label } of passes) if (x.shape[0] === 1) console.log(label.shape, passes.state);
 * // prints [ 1 ] { epoch: 1, index: 0 }
 * // prints [ 1 ] { epoch: 2, index: 0 }
 */
export function batches<D extends BatchData>(data: D, options: BatchesOptions): Batches<D> {
  if (arguments.length > 2) refuseExtra('batches', arguments, 2);
  checkArgument('batches', 'data', dataKind, data);
  return new Batches(data, options);
}

const dataKind = kindOf<BatchData>('a record of tensors or arrays', isPlainObject);

const optionsOf = (options: BatchesOptions) => readOptions('batches', batchesOptions, options, 'data');

function columnsOf(data: BatchData): { columns: [name: string, column: Column][]; examples: number } {
  const columns: [string, Column][] = [];
  const extents: number[] = [];
  for (const [name, given] of Object.entries(data)) {
    const [extent, ...row] = isTensor(given) ? given.shape : shapeOf(given);
    if (extent === undefined) throw wrongData(`a scalar as ${name}`);
    extents.push(extent);
    columns.push([name, { values: isTensor(given) ? given.dataSync() : written(given), row }]);
  }
  const [examples = 0] = extents;
  if (extents.some((extent) => extent !== examples)) throw wrongData(`columns of ${show(extents)} rows`);
  return { columns, examples };
}

/** Numbers as a tensor of them would hold them. */
function written(given: NumericArray | NestedArray): TypedArray {
  const shape = shapeOf(given);
  const values = allocate(dtypeFor(given), sizeOf(shape), 'batches');
  write(given, shape, values);
  return values;
}

function orderOf(examples: number, shuffle: Key | undefined, epoch: number): Int32Array {
  return shuffle ? permute(fold(shuffle, epoch), examples) : Int32Array.from({ length: examples }, (_, i) => i);
}

function rows({ values, row }: Column, ids: Int32Array): Tensor {
  const width = sizeOf(row);
  const picked = values.slice(0, ids.length * width); // of the same dtype; overwritten
  for (const [i, id] of ids.entries()) picked.set(values.subarray(id * width, (id + 1) * width), i * width);
  return fromArray(picked, [ids.length, ...row]);
}

function wrongData(what: string): OptionError {
  return new OptionError({
    code: 'batches/data',
    got: `batches got ${what}`,
    expected: 'a record of tensors or arrays with as many rows each, enough for a batch',
    fix: 'pass { x, y } with one row for each example',
  });
}

function elsewhere(from: BatchesState, examples: number): OptionError {
  return new OptionError({
    code: 'batches/from',
    got: `batches got from = ${inMessage(from)} with the index ${from.index}, and ${examples} examples`,
    expected: 'a state of an iterator over the same data',
    fix: 'pass the data that the state belongs to, or leave from out',
  });
}
