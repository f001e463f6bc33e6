import { type Quotients, type Reading, readFormula } from './formula';
import { functions } from './notation';

/** A formula says something about letters; a symbol is one of its parts alone, such as ε or Aᵀ in a sentence. */
export type FoundKind = 'formula' | 'symbol';

/** What a formula counts, by the word behind it: 2·m·n·k flops are work, r·n floats are state; others say what is computed. */
export type Subject = 'values' | 'state' | 'work';

export interface Found {
  readonly kind: FoundKind;
  readonly subject: Subject;
  readonly start: number;
  readonly end: number;
  /** As it stands in the source. */
  readonly source: string;
  readonly latex: string;
}

/** Signs that no English sentence has. */
const signs = /[←≤≥≈≠∝∈−·⊙×⊗∘Σ∏∫∇∂√‖⌊⌈⟨½¼⅛⅔²³⁴⁵⁶⁷⁸⁹⁰⁺⁻ᵀⁿˣᵉᵢⱼₖₐₑₒₜ₀-₉′∞Α-Ωα-ωµ]|[\u0302-\u0304\u0307]/u;
/** Slashes between letters that are words. */
const words = new Set(['I/O', 'A/B', 'n/a', 'N/A', 'w/o', 'a/an', 'U+0100', 'µs', 'μs']);
/** A letter with a number that it may be, or two words with a dot between them: nothing is computed. */
const condition = /^\S+ [=<>≤≥≠] [−±]?[\d.,e⁻⁰-⁹²³¹∞-]+$/u;
const list = /^[a-zA-Z]{2,}(?: · [a-zA-Z]{2,})+$/u;
/** Nothing in these is read: code, links, addresses, quotations. */
const closed = /`[^`]*`|\{@link[^}]*\}|https?:\/\/\S+|"[^"]*"/gu;
/** A bracket with a space before it that holds a list or one name: a shape or an interval. */
const shape = /(?<=^|[\s(])[[][^[\]]*[\])](?=[\s.,;:)]|$)/gu;

/** All formulas and symbols in a text of words, from left to right. */
export function findFormulas(text: string, quotients: Quotients = 'slash', rows = false): Found[] {
  const skipped = [closed, ...(rows ? [] : [shape])].flatMap((pattern) =>
    Array.from(text.matchAll(pattern), ({ 0: found, index }) => [index, index + found.length] as const),
  );
  const found: Found[] = [];
  for (let at = 0; at < text.length; at++) {
    const skip = skipped.find(([start, end]) => at >= start && at < end);
    if (skip) {
      at = skip[1] - 1;
      continue;
    }
    if (!mayBegin(text, at)) continue;
    const word = plainWord(text, at);
    if (word > 0) {
      at += word;
      continue;
    }
    const reading = readFormula(text, at, quotients);
    const one = reading && accept(text, at, reading, rows);
    if (!one || skipped.some(([start]) => start > at && start < one.end)) {
      at = wordEnd(text, at) - 1;
      continue;
    }
    found.push(one);
    at = one.end - 1;
  }
  return found;
}

/** The whole text as one formula, such as a comment beside the line that computes it. */
export function wholeFormula(text: string): Found | undefined {
  const reading = readFormula(text, 0, 'fraction');
  if (!reading || reading.end !== text.length) return undefined;
  return accept(text, 0, reading, false);
}

function accept(text: string, start: number, reading: Reading, rows: boolean): Found | undefined {
  const cut = withoutLastWord(text, reading);
  if (!mayEnd(text, cut.end)) return undefined;
  const source = text.slice(start, cut.end);
  const [kind, end] = [kindOf(source, cut, rows), cut.end];
  return kind && { kind, subject: subjectOf(text.slice(end)), start, end, source, latex: cut.latex };
}

function subjectOf(after: string): Subject {
  if (/^\s(?:floats|bytes|words of state)\b/.test(after)) return 'state';
  return /^\s(?:flops|operations|fetches|additions|multiplications|numbers|elements)\b/.test(after) ? 'work' : 'values';
}

/** In `P ← orthonormal columns of M·Q` a sentence begins behind the arrow. */
function withoutLastWord(text: string, reading: Reading): Reading {
  return reading.before && /^ [a-z]{2,}/.test(text.slice(reading.end)) ? reading.before : reading;
}

function kindOf(source: string, { operations, letters, words: named }: Reading, rows: boolean): FoundKind | undefined {
  if (words.has(source) || list.test(source)) return undefined;
  if (signs.test(source.normalize('NFD'))) {
    if (operations > 0 && letters + named > 0) return condition.test(source) ? 'symbol' : 'formula';
    if (letters > 0) return 'symbol';
    return /[√^²³⁴-⁹∞]/u.test(source) ? 'symbol' : undefined;
  }
  if (operations > 0 && letters > 0 && named === 0) return condition.test(source) ? 'symbol' : 'formula';
  return rows && letters > 0 && named === 0 && source !== 'a' ? 'symbol' : undefined;
}

function mayBegin(text: string, at: number): boolean {
  const before = text[at - 1] ?? ' ';
  const here = text[at] as string;
  if (/[\s,.;:)\]}>[]/u.test(here)) return false;
  if (/[a-z]$/.test(text.slice(0, at).trimEnd()) && text.startsWith('mean ', at)) return false; // has mean c²/r
  return !/[\p{L}\p{M}\d_.`\-'’/@#&^|·⊙]/u.test(before);
}

/** The length of a word of two letters and more with another word behind it, which begins no formula. */
function plainWord(text: string, at: number): number {
  const word = /[A-Za-z][a-z]+(?=,? [a-z]{2})/y;
  word.lastIndex = at;
  const found = word.exec(text)?.[0] ?? '';
  return functions.has(found) ? 0 : found.length;
}

function mayEnd(text: string, at: number): boolean {
  const rest = text.slice(at, at + 2);
  return !/^[\p{L}\p{M}\d_`@^·⊙←√|‖]|^-[\p{L}\d]|^\.\d|^\.\p{L}|^\(|^[[]/u.test(rest);
}

function wordEnd(text: string, at: number): number {
  const word = /[\p{L}\p{M}\d_]+/uy;
  word.lastIndex = at;
  return at + Math.max(1, word.exec(text)?.[0].length ?? 1);
}
