import { OptionError, ShapeError } from '../base/errors';
import { checkArgument, inMessage, type Kind, kindOf, refuseExtra, string } from '../base/options';

/** What a tokenizer decodes. */
export const idsKind: Kind<Iterable<number>> = kindOf<Iterable<number>>(
  'ids to go through, such as an array of numbers',
  (value) => typeof value === 'object' && value !== null && Symbol.iterator in value,
);

/**
 * A character tokenizer: one id for each Unicode code point of a text, in code point order.
 * @example
 * const vocabulary = new CharVocabulary('banana');
 * const ids = vocabulary.encode('nab');
 * console.log(vocabulary.characters, [...ids], vocabulary.decode(ids)); // prints [ 'a', 'b', 'n' ] [ 2, 0, 1 ] nab
 */
export class CharVocabulary {
  /** The characters; the id of a character is its position here. */
  readonly characters: readonly string[];
  readonly #ids: ReadonlyMap<string, number>;

  /** The vocabulary of all characters that occur in `text`. */
  constructor(text: string) {
    if (arguments.length > 1) refuseExtra('CharVocabulary', arguments, 1);
    checkArgument('CharVocabulary', 'text', string, text);
    const points = new Set<number>();
    for (const character of text) points.add(character.codePointAt(0) as number);
    this.characters = [...points].sort((a, b) => a - b).map((point) => String.fromCodePoint(point));
    this.#ids = new Map(this.characters.map((character, id) => [character, id]));
  }

  /** How many characters there are. */
  get size(): number {
    return this.characters.length;
  }

  /** The id of each character. @throws OptionError `vocabulary/unknown` at the first character that the vocabulary lacks */
  encode(text: string): Int32Array {
    if (arguments.length > 1) refuseExtra('encode', arguments, 1);
    checkArgument('encode', 'text', string, text);
    return Int32Array.from(text, (character) => {
      const id = this.#ids.get(character);
      if (id === undefined) throw unknownCharacter(character, this.size);
      return id;
    });
  }

  /** The characters of ids. @throws ShapeError `index/range` at an id outside the vocabulary */
  decode(ids: Iterable<number>): string {
    if (arguments.length > 1) refuseExtra('decode', arguments, 1);
    checkArgument('decode', 'ids', idsKind, ids);
    let text = '';
    for (const id of ids) {
      const character = this.characters[id];
      if (character === undefined) throw unknownId(id, this.size);
      text += character;
    }
    return text;
  }
}

function unknownCharacter(character: string, size: number): OptionError {
  return new OptionError({
    code: 'vocabulary/unknown',
    got: `encode got the character ${JSON.stringify(character)}`,
    expected: `one of the ${size} characters of the text the vocabulary was made from`,
    fix: 'make the vocabulary from all the text it will see, or remove the character',
  });
}

/** The error of an id that a tokenizer of `size` tokens does not have. */
export function unknownId(id: number, size: number): ShapeError {
  return new ShapeError({
    code: 'index/range',
    got: `decode got the id ${inMessage(id)}`,
    expected: `an id from 0 to ${size - 1}`,
    fix: 'decode with the vocabulary that encoded the ids',
  });
}
