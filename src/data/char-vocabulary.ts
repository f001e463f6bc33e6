import { OptionError, ShapeError } from '../base/errors';

/** A character tokenizer: one id for each Unicode code point of a text, in code point order. */
export class CharVocabulary {
  /** The characters; the id of a character is its position here. */
  readonly characters: readonly string[];
  readonly #ids: ReadonlyMap<string, number>;

  /** The vocabulary of all characters that occur in `text`. */
  constructor(text: string) {
    const points = new Set<number>();
    for (const character of text) points.add(character.codePointAt(0) as number);
    this.characters = [...points].sort((a, b) => a - b).map((point) => String.fromCodePoint(point));
    this.#ids = new Map(this.characters.map((character, id) => [character, id]));
  }

  get size(): number {
    return this.characters.length;
  }

  /** @throws OptionError `vocabulary/unknown` at the first character that the vocabulary lacks */
  encode(text: string): Int32Array {
    return Int32Array.from(text, (character) => {
      const id = this.#ids.get(character);
      if (id === undefined) throw unknownCharacter(character, this.size);
      return id;
    });
  }

  /** @throws ShapeError `index/range` at an id outside the vocabulary */
  decode(ids: Iterable<number>): string {
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

function unknownId(id: number, size: number): ShapeError {
  return new ShapeError({
    code: 'index/range',
    got: `decode got the id ${id}`,
    expected: `an id from 0 to ${size - 1}`,
    fix: 'decode with the vocabulary that encoded the ids',
  });
}
