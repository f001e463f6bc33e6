/** Control characters and the marks that turn the direction of text, which a terminal obeys; a tab is harmless. */
const obeyed = /(?!\t)[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;

/**
 * A text that a terminal shows and does not obey: what it would obey stands there as an escape, `\x1b` or `\u202e`.
 * Texts to learn from, names of files and whatever users type pass through here on their way to the screen.
 */
export function visible(text: string): string {
  return text.replace(obeyed, (character) => {
    const code = (character.codePointAt(0) as number).toString(16);
    return names[character] ?? (code.length <= 2 ? `\\x${code.padStart(2, '0')}` : `\\u${code.padStart(4, '0')}`);
  });
}

const names: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r' };

/** One line of JSON of the same value, all of whose characters a terminal may get. */
export function visibleJson(value: unknown): string {
  return JSON.stringify(value).replace(
    obeyed,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
