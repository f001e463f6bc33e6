import type { Comment } from './comments';
import { type Found, findFormulas, wholeFormula } from './find-formulas';

/** A formula of a file, with a name on its page. */
export interface Formula extends Found {
  /** `f1`, `f2` …: the anchor. */
  readonly id: string;
  readonly line: number;
  /** The declaration at the top of the file that it belongs to. */
  readonly symbol: string | undefined;
}

/** What a comment is made of. */
export type Part =
  /** Words, in markdown. */
  | { readonly kind: 'words'; readonly text: string; readonly formulas: readonly Formula[] }
  /** Formulas under each other, in columns: each row a list of words like those above. */
  | { readonly kind: 'rows'; readonly text: string; readonly formulas: readonly Formula[] }
  /** A formula alone. */
  | { readonly kind: 'formula'; readonly formula: Formula }
  | { readonly kind: 'tag'; readonly tag: string; readonly text: string; readonly formulas: readonly Formula[] }
  | { readonly kind: 'example'; readonly text: string }
  /** A line that divides a file. */
  | { readonly kind: 'heading'; readonly text: string };

/** Stands in a text for its formula number n, where markdown leaves it alone. */
export const placeholder = (n: number): string => `\uE000${n}\uE001`;
export const placeholders = /\uE000(\d+)\uE001/g;

/** How formulas of a comment get names: their line and number in the file are those of the comment's. */
export type Naming = (found: Found, newlinesBefore: number) => Formula;

/** A comment in its parts, with all formulas found and taken out. */
export function partsOf({ words }: Pick<Comment, 'words'>, named: Naming): Part[] {
  if (words === '') return [];
  const divider = /^-{3} (.+?) -{2,}$/.exec(words.split('\n')[0] ?? '')?.[1];
  if (divider !== undefined) return [{ kind: 'heading', text: divider }, ...partsOf(rest(words), named)];
  const whole = wholeFormula(words.replace(/\.$/, ''));
  if (whole) return [{ kind: 'formula', formula: named(whole, 0) }];
  const parts: Part[] = [];
  const { body, tags } = splitTags(words);
  for (const { text, rows, before } of splitRows(body)) {
    parts.push({ kind: rows ? 'rows' : 'words', ...taken(text, rows, before, named) });
  }
  for (const { tag, text, before } of tags) {
    if (tag === 'example') parts.push({ kind: 'example', text });
    else parts.push({ kind: 'tag', tag, ...taken(text, false, before, named) });
  }
  return parts;
}

export const formulasOf = (part: Part): readonly Formula[] =>
  part.kind === 'formula' ? [part.formula] : part.kind === 'example' || part.kind === 'heading' ? [] : part.formulas;

/** What stands under a divider. */
function rest(words: string): Pick<Comment, 'words'> {
  return { words: words.split('\n').slice(1).join('\n').trim() };
}

interface Piece {
  readonly text: string;
  /** Newlines of the comment in front of it. */
  readonly before: number;
}

const newlines = (text: string): number => text.split('\n').length - 1;

function splitTags(words: string): { body: string; tags: (Piece & { tag: string })[] } {
  const first = /^@\w+/m.exec(words)?.index ?? words.length;
  const tags = Array.from(words.slice(first).matchAll(/^@(\w+) ?([\s\S]*?)(?=\n@\w|$(?![\s\S]))/gm), (match) => ({
    tag: match[1] as string,
    text: (match[2] as string).trim(),
    before: newlines(words.slice(0, first + match.index)),
  }));
  return { body: words.slice(0, first).trimEnd(), tags };
}

/** Blocks that are indented by four spaces hold formulas in columns. */
function splitRows(body: string): (Piece & { rows: boolean })[] {
  const pieces: (Piece & { rows: boolean })[] = [];
  let before = 0;
  for (const block of body.split(/\n{2,}/)) {
    const rows = /^ {4}/.test(block) && block.split('\n').every((line) => /^ {4}/.test(line)) && /[←=]/.test(block);
    const last = pieces.at(-1);
    if (last && !rows && !last.rows) pieces[pieces.length - 1] = { ...last, text: `${last.text}\n\n${block}` };
    else pieces.push({ text: block, rows, before });
    before += newlines(block) + 2;
  }
  return pieces;
}

/** A text that is no comment, such as a README, with its formulas taken out; they have no anchors. */
export function marked(text: string): { readonly text: string; readonly formulas: readonly Formula[] } {
  return taken(text, false, 0, (found) => ({ ...found, kind: 'symbol', id: '', line: 0, symbol: undefined }));
}

function taken(text: string, rows: boolean, before: number, named: Naming) {
  const found = findFormulas(text, rows ? 'fraction' : 'slash', rows);
  const formulas = found.map((one) => named(one, before + newlines(text.slice(0, one.start))));
  let [marked, at] = ['', 0];
  for (const [n, { start, end }] of found.entries()) {
    marked += text.slice(at, start) + placeholder(n);
    at = end;
  }
  return { text: marked + text.slice(at), formulas };
}
