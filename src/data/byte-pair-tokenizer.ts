import { OptionError } from '../base/errors';
import {
  checkArgument,
  inMessage,
  listOf,
  type OptionsOf,
  readOptions,
  refuseExtra,
  required,
  string,
  whole,
} from '../base/options';
import { idsKind, unknownId } from './char-vocabulary';

const tokenizerOptions = {
  /** Pairs of tokens that become one, 'left right', the first ones first: the lines of GPT-2's `merges.txt` below its header. */
  merges: required(listOf(string)),
};

/** What a tokenizer has learned: all that JSON has of it. */
export interface BytePairTokenizerOptions extends OptionsOf<typeof tokenizerOptions> {}

const trainOptions = {
  /** Tokens in all, the 256 bytes among them; fewer where the text has no more pairs. */
  size: required(whole({ low: 256, high: 2 ** 20 })),
};

/** How much to learn. */
export interface TrainTokenizerOptions extends OptionsOf<typeof trainOptions> {}

/**
 * A byte-pair tokenizer as GPT-2 has it: a text is cut into words, and the UTF-8 bytes of each are joined pair by pair in
 * the order in which training has found the pairs. Every text has ids, and they give it back (but
 * for halves of surrogate pairs). The ids are those of GPT-2: the bytes first, then one for each merge.
 *
 * `JSON.stringify` writes what it has learned, and `new BytePairTokenizer(JSON.parse(text))` reads it.
 * @see Sennrich, Haddow and Birch, "Neural machine translation of rare words with subword units", arXiv 1508.07909; on
 *   bytes: Radford et al., "Language models are unsupervised multitask learners" (2019), section 2.2.
 * @example
 * const tokenizer = BytePairTokenizer.train('low lower lowest, slow slower', { size: 260 });
 * const ids = tokenizer.encode('slowest');
 * console.log([...ids].map((id) => tokenizer.decode([id])).join('|'), tokenizer.decode(ids)); // prints s|lowe|s|t slowest
 */
export class BytePairTokenizer {
  /** The merges in words, 'left right'. */
  readonly merges: readonly string[];
  /** The token of each id, each byte as one character. */
  readonly #tokens: string[];
  /** The id that a pair of ids becomes; lower ones first. */
  readonly #joined = new Map<number, number>();
  readonly #words = new Map<string, readonly number[]>();

  /** @throws OptionError `tokenizer/merges` for a merge of tokens that none before it makes */
  constructor(options: BytePairTokenizerOptions) {
    if (arguments.length > 1) refuseExtra('BytePairTokenizer', arguments, 1);
    const { merges } = readOptions('BytePairTokenizer', tokenizerOptions, options);
    this.merges = [...merges];
    this.#tokens = [...alphabet.characters];
    const ids = new Map(this.#tokens.map((token, id) => [token, id]));
    for (const merge of merges) {
      const [left = '', right = '', ...more] = merge.split(' ');
      const [a, b] = [ids.get(left), ids.get(right)];
      if (a === undefined || b === undefined || more.length > 0 || ids.has(left + right)) throw wrongMerge(merge);
      this.#joined.set(pairOf(a, b), this.#tokens.length);
      ids.set(left + right, this.#tokens.length);
      this.#tokens.push(left + right);
    }
  }

  /**
   * Learn merges from a text: the pair of neighbours within words that is most frequent becomes a token (the one that
   * comes first, of several), again and again. A pair that occurs once is left alone. Each merge takes one pass over the
   * different words of the text.
   */
  static train(text: string, options: TrainTokenizerOptions): BytePairTokenizer {
    if (arguments.length > 2) refuseExtra('BytePairTokenizer.train', arguments, 2);
    checkArgument('BytePairTokenizer.train', 'text', string, text);
    const { size } = readOptions('BytePairTokenizer.train', trainOptions, options, 'text');
    const counts = new Map<string, number>();
    for (const word of wordsOf(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
    let words = [...counts].map(([word, count]) => ({ ids: bytesOf(word), count }));
    const tokens = [...alphabet.characters];
    const merges: string[] = [];
    while (tokens.length < size) {
      const pair = mostFrequent(words);
      if (pair === null) break;
      const [left, right] = [tokens[Math.floor(pair / pairBase)] as string, tokens[pair % pairBase] as string];
      const id = tokens.push(left + right) - 1;
      merges.push(`${left} ${right}`);
      words = words.map(({ ids, count }) => ({ ids: join(ids, pair, id), count }));
    }
    return new BytePairTokenizer({ merges });
  }

  /** How many tokens there are. */
  get size(): number {
    return this.#tokens.length;
  }

  /** The ids of a text. */
  encode(text: string): Int32Array {
    if (arguments.length > 1) refuseExtra('encode', arguments, 1);
    checkArgument('encode', 'text', string, text);
    return Int32Array.from(wordsOf(text).flatMap((word) => this.#word(word)));
  }

  /** The text of ids; bytes that are no UTF-8 become U+FFFD. @throws ShapeError `index/range` */
  decode(ids: Iterable<number>): string {
    if (arguments.length > 1) refuseExtra('decode', arguments, 1);
    checkArgument('decode', 'ids', idsKind, ids);
    const bytes: number[] = [];
    for (const id of ids) {
      const token = this.#tokens[id];
      if (token === undefined) throw unknownId(id, this.size);
      for (const character of token) bytes.push(alphabet.bytes.get(character) as number);
    }
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(bytes));
  }

  /** For `JSON.stringify`: what the constructor takes. */
  toJSON(): BytePairTokenizerOptions {
    return { merges: this.merges };
  }

  /** The merge that was learned first is made first, wherever it is in the word. */
  #word(word: string): readonly number[] {
    const known = this.#words.get(word);
    if (known) return known;
    let ids = bytesOf(word);
    for (;;) {
      let [first, pair] = [Infinity, 0];
      for (let i = 1; i < ids.length; i++) {
        const here = pairOf(ids[i - 1] as number, ids[i] as number);
        const id = this.#joined.get(here) ?? Infinity;
        if (id < first) [first, pair] = [id, here];
      }
      if (first === Infinity) break;
      ids = join(ids, pair, first);
    }
    this.#words.set(word, ids);
    return ids;
  }
}

/** More than there are tokens, so that a pair is one exact number. */
const pairBase = 2 ** 21;
const pairOf = (left: number, right: number): number => left * pairBase + right;

/** GPT-2's words: a contraction, letters, digits or other signs with the space before them, or spaces. */
const wordPattern = /'(?:[stmd]|re|ve|ll)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;
const wordsOf = (text: string): string[] => text.match(wordPattern) ?? [];

/**
 * One visible character for each byte, in GPT-2's order of ids: those that Latin-1 prints stand for themselves and come
 * first, the others are U+0100 and on.
 */
const alphabet = /* @__PURE__ */ alphabetOf();

function alphabetOf() {
  const all = Array.from({ length: 256 }, (_, byte) => byte);
  const visible = (byte: number): boolean => (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
  const hidden = all.filter((byte) => !visible(byte));
  const order = [...all.filter(visible), ...hidden];
  const characters = order.map((byte) => String.fromCharCode(visible(byte) ? byte : 256 + hidden.indexOf(byte)));
  return {
    characters,
    ids: all.map((byte) => order.indexOf(byte)),
    bytes: new Map(characters.map((character, id) => [character, order[id] as number])),
  };
}

function bytesOf(word: string): number[] {
  return Array.from(new TextEncoder().encode(word), (byte) => alphabet.ids[byte] as number);
}

/** Every occurrence of a pair, from the left, as one id. */
function join(ids: readonly number[], pair: number, id: number): number[] {
  const joined: number[] = [];
  for (let i = 0; i < ids.length; i++) {
    const whole = i + 1 < ids.length && pairOf(ids[i] as number, ids[i + 1] as number) === pair;
    joined.push(whole ? id : (ids[i] as number));
    if (whole) i += 1;
  }
  return joined;
}

/** null: no pair occurs twice. */
function mostFrequent(words: readonly { readonly ids: readonly number[]; readonly count: number }[]): number | null {
  const counts = new Map<number, number>();
  for (const { ids, count } of words) {
    for (let i = 1; i < ids.length; i++) {
      const pair = pairOf(ids[i - 1] as number, ids[i] as number);
      counts.set(pair, (counts.get(pair) ?? 0) + count);
    }
  }
  let [best, most]: [number | null, number] = [null, 1];
  for (const [pair, count] of counts) if (count > most) [best, most] = [pair, count];
  return best;
}

function wrongMerge(merge: string): OptionError {
  return new OptionError({
    code: 'tokenizer/merges',
    got: `BytePairTokenizer got the merge ${inMessage(merge)}`,
    expected: 'two tokens with a space between them, bytes or made by merges before, and each pair once',
    fix: 'leave out the first line of merges.txt, #version, and empty lines',
  });
}
