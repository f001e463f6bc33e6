import { StateError } from '../base/errors';
import { keyKind } from '../base/key';
import {
  callable,
  checkArgument,
  type Kind,
  kindOf,
  number,
  type OptionsOf,
  optional,
  readOptions,
  refuseExtra,
  required,
  type ValuesOf,
  whole,
} from '../base/options';
import { yieldToEventLoop } from '../base/yield-to-event-loop';
import { noGrad } from '../tensor/derivatives/no-grad';
import { tensor } from '../tensor/ops/create';
import { reshape } from '../tensor/ops/movement/reshape';
import { slice } from '../tensor/ops/movement/slice';
import { random } from '../tensor/ops/random/random';
import type { Tensor } from '../tensor/tensor';
import type { ForwardOptions } from './forward-options';
import type { KeyValueCache } from './key-value-cache';
import { sampleToken } from './sampling';

/** What `generate` asks of a model: a `GPT`, or one of yours. */
export interface LanguageModel {
  /** Longest sequence, in tokens. */
  readonly context: number;
  /** Logits of the next token at each position. Shapes: ids int32 [B, T] → [B, T, V]. */
  forward(ids: Tensor, options?: ForwardOptions): Tensor;
  /** A cache that `forward` takes. A model without one computes all positions for every token. */
  cache?(): KeyValueCache;
}

const modelKind: Kind<LanguageModel> = kindOf<LanguageModel>(
  'a model with forward and context, such as a GPT',
  (value) => {
    const { context, forward } = (value ?? {}) as Partial<LanguageModel>;
    return extent.fits(context) && typeof forward === 'function';
  },
  'arguments/module',
);

const extent = whole({ low: 1 });
const token = whole({ low: 0 });
const isTokens = (value: unknown): boolean =>
  (Array.isArray(value) || value instanceof Int32Array) && Array.from(value as ArrayLike<unknown>).every(token.fits);
const tokens = kindOf<ArrayLike<number>>('an array of token ids', isTokens, 'options/range');
const prompt = kindOf<ArrayLike<number>>(
  'at least one token id, such as vocabulary.encode(text)',
  (value) => isTokens(value) && (value as ArrayLike<unknown>).length > 0,
  'options/range',
);

const generateOptions = {
  /** The ids of the tokens to go on from, at least one. */
  prompt: required(prompt),
  /** Most tokens to make (default 256). */
  length: optional(whole({ low: 0 }), 256),
  /** What logits are divided by (default 1): less is safer, more is wilder, 0 takes the most likely token every time. */
  temperature: optional(number({ low: 0 }), 1),
  /** Draw among this many most likely tokens only. */
  topK: optional(extent),
  /** Draw among the fewest most likely tokens that together have this probability. */
  topP: optional(number({ low: 0, high: 1 })),
  /** Source of the draws: that of the token number t is the number t of `random.uniform(key, …)`, however many are made. */
  key: required(keyKind),
  /** Ids of tokens that end the text; they are not part of it. */
  stop: optional(tokens, []),
  /** Called with each token, before the loop gets it. */
  onToken: optional(callable<(id: number) => void>('of a token id')),
};

/** Where to begin and to end, and how tokens are drawn. */
export interface GenerateOptions extends OptionsOf<typeof generateOptions> {}

/**
 * The tokens that a language model goes on with, one at a time as they are made. Each is drawn from the softmax of the
 * logits behind the last `model.context` tokens of prompt and text. While they all fit into the context, a model with a
 * cache computes the last position alone; once they do not, every token gets another position with each step, and the
 * whole window is computed anew. With and without a cache the tokens are the same, up to the rounding of the logits.
 * Gives the event loop a turn between tokens; `break` ends it.
 * @throws OptionError `arguments/module`, `options/…`
 * @throws StateError `generate/non-finite` when the model is no longer able to say which token is likely
 * @example
 * const vocabulary = new CharVocabulary('abc');
 * const model = new GPT({ vocabularySize: 3, context: 8, width: 8, heads: 2, layers: 1, key: random.key(0) });
 * let text = 'ab';
 * const prompt = vocabulary.encode(text);
 * for await (const id of generate(model, { prompt, length: 4, key: random.key(1) })) text += vocabulary.decode([id]);
 * console.log(text.length); // prints 6
 */
export function generate(model: LanguageModel, options: GenerateOptions): AsyncGenerator<number, void, undefined> {
  if (arguments.length > 2) refuseExtra('generate', arguments, 2);
  checkArgument('generate', 'model', modelKind, model);
  return generated(model, readOptions('generate', generateOptions, options, 'model'));
}

async function* generated(
  model: LanguageModel,
  { prompt, length, key, stop, onToken, ...sampling }: ValuesOf<typeof generateOptions>,
): AsyncGenerator<number, void, undefined> {
  const ids = Array.from(prompt);
  const ends = new Set(Array.from(stop));
  const cache = model.cache?.();
  let draws: ArrayLike<number> = [];
  try {
    for (let t = 0; t < length; t++) {
      const logits = await noGrad(() => nextLogits(model, ids, cache)).data();
      if (!logits.every(Number.isFinite)) throw notFinite(t);
      // A longer draw begins with the numbers of a shorter one.
      if (t >= draws.length) draws = await random.uniform(key, [Math.max(256, 2 * t)]).data();
      const id = sampleToken(logits, draws[t] as number, sampling);
      if (ends.has(id)) return;
      ids.push(id);
      onToken?.(id);
      yield id;
      await yieldToEventLoop();
    }
  } finally {
    cache?.reset();
  }
}

/** The logits [V] of what comes after the last `context` ids. */
function nextLogits(model: LanguageModel, ids: readonly number[], cache: KeyValueCache | undefined): Tensor {
  const cached = cache !== undefined && ids.length <= model.context;
  if (!cached) cache?.reset(); // every token moves to another position
  const news = ids.slice(cached ? cache.length : -model.context);
  const input = tensor(Int32Array.from(news), { shape: [1, news.length] });
  const logits = cached ? model.forward(input, { cache }) : model.forward(input); // [1, T, V]
  const last = slice(logits, [0, news.length - 1], [1, news.length]);
  return reshape(last, [last.size]);
}

function notFinite(t: number): StateError {
  return new StateError({
    code: 'generate/non-finite',
    got: `generate got logits that are not finite, for the token ${t}`,
    expected: 'finite logits',
    fix: 'load a model whose training did not diverge; debug({ nonFinite: true }) names the op',
  });
}
