import { OptionError } from '../base/errors';
import { type Key, keyKind } from '../base/key';
import {
  checkArgument,
  kindOf,
  number,
  type OptionsOf,
  optional,
  readOptions,
  refuseExtra,
  required,
  whole,
} from '../base/options';
import { philox } from '../base/philox';
import { fromArray } from '../tensor/ops/create';
import type { Tensor } from '../tensor/tensor';

/** Windows of a text and the same windows one token later: targets[b, t] is the token after ids[b, t]. */
export interface TextBatch {
  /** int32 [batch, context] */
  readonly ids: Tensor;
  /** int32 [batch, context] */
  readonly targets: Tensor;
}

const textDatasetOptions = {
  /** Windows in a batch. */
  batch: required(whole({ low: 1 })),
  /** Tokens in a window. */
  context: required(whole({ low: 1 })),
  /** The part of the text, from its end, that is kept for validation. Default 0.1. */
  validationFraction: optional(number({ low: 0, high: 1 }), 0.1),
  /** Most validation batches; fewer when the validation text is short. Default 16. */
  validationBatches: optional(whole({ low: 1 }), 16),
};

/** How a text is cut. */
export interface TextDatasetOptions extends OptionsOf<typeof textDatasetOptions> {}

const tokensKind = kindOf<Int32Array>(
  'an Int32Array of tokens, such as vocabulary.encode(text)',
  (value) => value instanceof Int32Array,
);

/**
 * A text cut into training and validation parts, read in windows of `context` tokens.
 * @example
 * const text = 'Call me Ishmael. '.repeat(20);
 * const vocabulary = new CharVocabulary(text);
 * const dataset = new TextDataset(vocabulary.encode(text), { batch: 2, context: 8 });
 * const { ids, targets } = dataset.trainBatch(random.key(0));
 * console.log(ids.shape, dataset.validation.length); // prints [ 2, 8 ] 34
 * console.log([...targets.dataSync()].slice(0, 7).join() === [...ids.dataSync()].slice(1, 8).join()); // prints true
 */
export class TextDataset {
  /** The tokens that `trainBatch` takes its windows from. */
  readonly train: Int32Array;
  /** The last tokens of the text. */
  readonly validation: Int32Array;
  /** Windows in a batch. */
  readonly batch: number;
  /** Tokens in a window. */
  readonly context: number;
  /** Where each validation window starts; windows lie evenly over the validation text. */
  readonly #validationStarts: readonly number[][];

  /** @throws OptionError `options/unknown`, `options/range`, `dataset/too-short` */
  constructor(tokens: Int32Array, options: TextDatasetOptions) {
    if (arguments.length > 2) refuseExtra('TextDataset', arguments, 2);
    checkArgument('TextDataset', 'tokens', tokensKind, tokens);
    const read = readOptions('TextDataset', textDatasetOptions, options, 'tokens');
    const { batch, context, validationFraction, validationBatches } = read;
    const cut = tokens.length - Math.floor(tokens.length * validationFraction);
    this.train = tokens.subarray(0, cut);
    this.validation = tokens.subarray(cut);
    this.batch = batch;
    this.context = context;
    for (const part of ['train', 'validation'] as const) {
      if (this[part].length <= context) throw tooShort(part, this[part].length, tokens.length, context);
    }
    this.#validationStarts = evenStarts(this.validation.length - context, batch, validationBatches, context);
  }

  /** `batch` windows at random places of the training text; the same key gives the same windows. */
  trainBatch(key: Key): TextBatch {
    if (arguments.length > 1) refuseExtra('trainBatch', arguments, 1);
    checkArgument('trainBatch', 'key', keyKind, key);
    const places = this.train.length - this.context;
    const words = new Uint32Array(4);
    const starts = Array.from({ length: this.batch }, (_, i) => {
      philox(key, i, 0, 0, batchStream, words);
      return Math.floor(((words[0] as number) / 2 ** 32) * places); // bias below places·2^−32
    });
    return this.#windows(this.train, starts);
  }

  /** The same batches every time, so that validation losses can be compared. Made anew, so that a scope may free them. */
  validationBatches(): Generator<TextBatch> {
    if (arguments.length > 0) refuseExtra('validationBatches', arguments, 0); // a generator would refuse them later
    return this.#validation();
  }

  *#validation(): Generator<TextBatch> {
    for (const starts of this.#validationStarts) yield this.#windows(this.validation, starts);
  }

  #windows(text: Int32Array, starts: readonly number[]): TextBatch {
    const { context } = this;
    const ids = new Int32Array(starts.length * context);
    const targets = new Int32Array(starts.length * context);
    starts.forEach((start, row) => {
      ids.set(text.subarray(start, start + context), row * context);
      targets.set(text.subarray(start + 1, start + 1 + context), row * context);
    });
    const shape = [starts.length, context];
    return { ids: fromArray(ids, shape), targets: fromArray(targets, shape) };
  }
}

/** Keeps the windows apart from the other uses of one key. */
const batchStream = 3;

/** Starts in [0, places) for as many full batches as the text can fill without overlap, at least one and at most `most`. */
function evenStarts(places: number, batch: number, most: number, context: number): number[][] {
  const batches = Math.min(most, Math.max(1, Math.floor(places / (batch * context))));
  const step = places / (batches * batch);
  return Array.from({ length: batches }, (_, b) =>
    Array.from({ length: batch }, (_, i) => Math.floor((b * batch + i) * step)),
  );
}

function tooShort(part: string, length: number, total: number, context: number): OptionError {
  return new OptionError({
    code: 'dataset/too-short',
    got: `TextDataset got ${total} tokens, which leave ${length} for the ${part} part`,
    expected: `at least ${context + 1} tokens in each part, the context of ${context} and one more`,
    fix: 'use a longer text or a smaller context',
  });
}
