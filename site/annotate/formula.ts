import {
  accents,
  brackets,
  functions,
  greek,
  operators,
  prefixes,
  primes,
  products,
  relations,
  subscripts,
  superscripts,
  symbols,
} from './notation';

/** `fraction` draws a quotient as one; `slash` leaves it on the line, as within a sentence. */
export type Quotients = 'fraction' | 'slash';

/** What a text says from one position on, as far as it can be read as mathematics. */
export interface Reading {
  readonly end: number;
  readonly latex: string;
  /** Operators, relations, roots, sums and norms in it. */
  readonly operations: number;
  /** Letters that stand for something, single ones and Greek ones. */
  readonly letters: number;
  /** Names of two letters and more that are not applied to anything: `decay` in decay·state. */
  readonly words: number;
  /** Ends with such a name behind an operator that has spaces around it; here the text goes on after what is before both. */
  readonly before?: Reading;
}

/** The longest formula that begins at `start`, or undefined. */
export function readFormula(text: string, start: number, quotients: Quotients): Reading | undefined {
  const reader = new Reader(text, start, quotients);
  const latex = reader.relation('');
  if (latex === undefined) return undefined;
  return { ...reader.reading(), latex };
}

const latin = /[A-Za-zÀ-ÖØ-öø-ɏḀ-ỿ]\p{M}*/uy;
const name = /(?:[A-Za-zÀ-ÖØ-öø-ɏḀ-ỿ]\p{M}*)+\d*(?:\.[A-Za-z]+(?=\())?/uy;
const number = /(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+(?:\.\d+)?(?:e[-−+]?\d+)?)/uy;
const isSpace = (c: string | undefined): boolean => c === ' ' || c === '\n';

interface Counts {
  operations: number;
  letters: number;
  words: number;
}

/**
 * A recursive descent over relation, sum, product, factor. Each method returns LaTeX and moves on, or returns undefined
 * and stays. `closer` is the sign that ends the bracket around, which for ‖ and | is also the one that opens another.
 */
class Reader {
  private counts: Counts = { operations: 0, letters: 0, words: 0 };
  private before: Reading | undefined;
  private endsInWord = false;

  constructor(
    private readonly text: string,
    private at: number,
    private quotients: Quotients,
  ) {}

  reading(): Omit<Reading, 'latex'> {
    return { end: this.at, ...this.counts, ...(this.endsInWord && this.before ? { before: this.before } : {}) };
  }

  relation(closer: string): string | undefined {
    let latex = this.sum(closer);
    if (latex === undefined) return undefined;
    for (;;) {
      const next = this.binary(relations, (closerAt) => this.sum(closerAt), closer, latex);
      if (next === undefined) return latex;
      latex = next;
    }
  }

  private sum(closer: string): string | undefined {
    const start = this.at;
    const sign = ['−', '±', '+'].find((one) => this.text.startsWith(one, this.at));
    if (sign !== undefined) this.at += 1;
    const first = this.product(closer);
    if (first === undefined) return this.back(start);
    let latex = (sign === undefined ? '' : `${operators[sign]}`) + first;
    for (;;) {
      const next = this.binary(additive, (closerAt) => this.product(closerAt), closer, latex);
      if (next === undefined) return latex;
      latex = next;
    }
  }

  /** `left` with one more operand, where a sign of the table follows with spaces on both sides, or on none. */
  private binary(
    signs: Readonly<Record<string, string>>,
    operand: (closer: string) => string | undefined,
    closer: string,
    left: string,
  ): string | undefined {
    const start = this.at;
    const saved = this.save();
    const spaced = this.spaces();
    const sign = this.text[this.at];
    if (sign === undefined || signs[sign] === undefined) return this.back(start);
    this.at += 1;
    if (this.spaces() !== spaced) return this.restore(start, saved);
    const outer = closer === '' && spaced;
    const before: Reading | undefined = outer ? { end: start, latex: left, ...this.counts } : undefined;
    this.counts.operations += 1;
    this.endsInWord = false;
    const right = operand(closer);
    if (right === undefined) return this.restore(start, saved);
    if (outer) this.before = before;
    return `${left} ${signs[sign]} ${right}`;
  }

  private product(closer: string): string | undefined {
    let latex = this.factor(closer);
    if (latex === undefined) return undefined;
    for (;;) {
      const start = this.at;
      const saved = this.save();
      const spaced = this.spaces();
      const sign = spaced ? (this.match(/(?:mod|div)(?= )/uy) ?? this.text[this.at] ?? '') : (this.text[this.at] ?? '');
      if (multiplicative[sign] !== undefined) {
        this.at += sign.length;
        if (this.spaces() !== spaced) return this.restoreTo(start, saved, latex);
        this.counts.operations += 1;
        const right = this.factor(closer);
        if (right === undefined) return this.restoreTo(start, saved, latex);
        latex =
          sign === '/' && this.quotients === 'fraction'
            ? `\\frac{${bare(latex)}}{${bare(right)}}`
            : `${latex}${sign === '/' ? '/' : ` ${multiplicative[sign]} `}${right}`;
        this.endsInWord = false;
        continue;
      }
      this.at = start;
      // Side by side without a space is a product too: 2κE, BᵀB, N(0, 1).
      if (spaced || sign === '' || sign === closer || !this.mayTouch()) return latex;
      const right = this.factor(closer);
      if (right === undefined) return this.restoreTo(start, saved, latex);
      latex += ` ${right}`;
      this.endsInWord = false;
    }
  }

  /** Whether what comes next may stand right behind a factor: no digit, and no word. */
  private mayTouch(): boolean {
    if (/[\d√]/.test(this.text[this.at] as string)) return this.text[this.at] === '√';
    const word = this.match(name);
    return word === undefined || bases(word).length === 1 || products.has(word);
  }

  private factor(closer: string): string | undefined {
    const start = this.at;
    const sign = this.text[this.at] ?? '';
    if (sign === '√') {
      this.at += 1;
      this.counts.operations += 1;
      const radicand = this.primary(closer, false);
      return radicand === undefined ? this.back(start) : `\\sqrt{${bare(radicand)}}`;
    }
    const prefix = prefixes[sign];
    if (prefix === undefined) return this.primary(closer, true);
    this.at += 1;
    this.counts.operations += 1;
    const scripts = this.scripts() ?? '';
    if (this.spaces() && !this.strong()) return this.back(start);
    const of = this.factor(closer);
    if (of === undefined) return this.back(start);
    const over = sign === '∫' ? this.match(/ d[a-z](?![a-z])/uy) : undefined;
    this.at += over?.length ?? 0;
    return `${prefix}${scripts} ${of}${over === undefined ? '' : `\\,\\mathrm{d}${over[2]}`}`;
  }

  /** An atom with what is attached to it; the root of x² is over x alone, so `powers` may be left off. */
  private primary(closer: string, powers: boolean): string | undefined {
    const start = this.at;
    const saved = this.save();
    this.endsInWord = false;
    const sign = this.text[this.at] ?? '';
    const bracket = sign === closer && sign !== '‖' && sign !== '|' ? undefined : brackets[sign];
    let latex: string | undefined;
    if (bracket !== undefined) latex = this.bracketed(bracket);
    else if (greek[sign] !== undefined) latex = this.greekLetter(sign);
    else if (symbols[sign] !== undefined) {
      this.at += 1;
      latex = symbols[sign];
    } else latex = this.digits() ?? this.word(closer);
    if (latex === undefined) return this.restore(start, saved);
    const scripts = this.scripts(powers);
    if (scripts === undefined) return this.restore(start, saved);
    const applied = /[\p{L}]/u.test(sign) ? this.application(sign, closer, powers) : '';
    return latex + scripts + applied;
  }

  /** Brackets right behind a letter or a name: what it is applied to belongs to it, also in a denominator. */
  private application(head: string, closer: string, powers: boolean): string {
    const sign = this.text[this.at] ?? '';
    const bracket = brackets[sign];
    const opens = '([⟨'.includes(sign || ' ') || (sign === '‖' && head === 'E');
    if (bracket === undefined || sign === closer || !opens) return '';
    const [start, saved] = [this.at, this.save()];
    const inside = this.bracketed(bracket);
    const scripts = inside === undefined ? undefined : this.scripts(powers);
    if (scripts !== undefined) return `${inside}${scripts}`;
    this.restore(start, saved);
    return '';
  }

  private bracketed([close, left, right]: readonly [string, string, string]): string | undefined {
    const start = this.at;
    const saved = this.save();
    this.at += 1;
    const items: string[] = [];
    for (;;) {
      const item = this.relation(close);
      if (item === undefined) return this.restore(start, saved);
      items.push(item);
      if (this.text[this.at] === close) break;
      const between = /^(?:, ?\n?| \| |; )/.exec(this.text.slice(this.at, this.at + 3))?.[0];
      if (between === undefined) return this.restore(start, saved);
      this.at += between.length;
      items.push(between.includes('|') ? ' \\mid ' : between.startsWith(';') ? ';\\ ' : ',\\ ');
    }
    this.at += 1;
    this.endsInWord = false;
    return `${left}${items.join('')}${right}`;
  }

  private greekLetter(sign: string): string {
    this.at += 1;
    this.counts.letters += 1;
    const marked = this.marked(greek[sign] as string);
    const index = this.match(/\d+(?![.,]?\d)/uy);
    if (index === undefined) return marked;
    this.at += index.length;
    return this.text[this.at] === '_' ? `{${marked}_{${index}}}` : `${marked}_{${index}}`;
  }

  /** `latex` under the accents that come next. */
  private marked(latex: string): string {
    for (let mark = accents[this.text[this.at] ?? '']; mark; mark = accents[this.text[this.at] ?? '']) {
      latex = `${mark}{${latex}}`;
      this.at += 1;
    }
    return latex;
  }

  private digits(): string | undefined {
    const given = this.match(number);
    if (given === undefined) return undefined;
    const after = this.match(name, this.at + given.length);
    if (after !== undefined && (bases(after).length > 1 || /\d/.test(after)) && !products.has(after)) return undefined;
    this.at += given.length;
    const [mantissa, exponent] = given.split('e') as [string, string?];
    const plain = mantissa.replaceAll(',', '{,}');
    if (exponent !== undefined) {
      const power = `10^{${exponent.replace('−', '-').replace('+', '')}}`;
      return mantissa === '1' ? power : `${plain} \\cdot ${power}`;
    }
    const part = symbols[this.text[this.at] ?? ''];
    if (part?.startsWith('\\tfrac') !== true) return plain;
    this.at += 1;
    return plain + part;
  }

  /** A letter, a product of letters, the name of a function with what it is applied to, or another name. */
  private word(closer: string): string | undefined {
    const given = this.match(name);
    if (given === undefined) return undefined;
    const start = this.at;
    const saved = this.save();
    const letters = bases(given);
    const index = /\d+$/.exec(given)?.[0] ?? '';
    if (letters.length === 1) {
      this.at += given.length;
      this.counts.letters += 1;
      return index === '' ? (letters[0] as string) : `${letters[0]}_{${index}}`;
    }
    if (letters.some((letter) => letter.startsWith('\\'))) return undefined; // a name such as Björck
    this.at += given.length;
    if (products.has(given)) {
      this.counts.letters += letters.length;
      return letters.join(' ');
    }
    const differential = /^d[A-Zxyzhqkvwbus]$/.exec(given);
    if (differential) {
      this.counts.letters += 1;
      return `\\mathrm{d}${given[1]}`;
    }
    if (this.text[this.at] === '_' && !functions.has(given)) return this.restore(start, saved);
    if ('([⟨‖'.includes(this.text[this.at] || ' ') && this.text[this.at] !== closer) return `\\text{${given}}`;
    if (functions.has(given)) {
      const scripts = this.scripts();
      if (scripts === undefined) return this.restore(start, saved);
      const applied = this.at;
      if (this.spaces() && this.strong()) {
        const of = this.factor(closer);
        if (of !== undefined) return `\\operatorname{${given}}${scripts} ${of}`;
      }
      this.at = applied;
      if (scripts !== '') return `\\operatorname{${given}}${scripts}`;
    }
    this.counts.words += 1;
    this.endsInWord = true;
    return `\\text{${given}}`;
  }

  /** Whether what comes next can only be mathematics. */
  private strong(): boolean {
    const sign = this.text[this.at] ?? '';
    if (greek[sign] || prefixes[sign] || brackets[sign] || symbols[sign] || sign === '√') return sign !== '[';
    const word = this.match(name);
    if (word === undefined) return /\d/.test(sign);
    if (functions.has(word)) return true;
    const after = this.text.slice(this.at + word.length, this.at + word.length + 2);
    if (word === 'a') return /^ ?[⊙·]|^_/.test(after);
    return bases(word).length === 1 || /^[()·⊙_ᵢⱼ²]/.test(after) || products.has(word);
  }

  /** Indices, powers and primes, in LaTeX's order: index first. Undefined where one begins that cannot be read. */
  private scripts(powers = true): string | undefined {
    let [lower, upper] = ['', ''];
    for (;;) {
      const sign = this.text[this.at] ?? '';
      if (subscripts[sign] !== undefined) lower += this.run(subscripts);
      else if (powers && superscripts[sign] !== undefined) upper += this.run(superscripts);
      else if (primes[sign] !== undefined && !/[\p{Lu}\p{Ll}\d]/u.test(this.text[this.at + 1] ?? '') && this.primed()) {
        this.at += 1;
        upper += primes[sign]?.replaceAll("'", '\\prime ');
      } else if (powers && sign === '∘' && superscripts[this.text[this.at + 1] ?? ''] !== undefined) {
        this.at += 1;
        upper += `\\circ ${this.run(superscripts)}`; // element by element
      } else if (powers && sign === '*' && !/[\p{L}\d]/u.test(this.text[this.at + 1] ?? '')) {
        this.at += 1;
        upper += '*';
      } else if (sign === '_') {
        const index = this.index();
        if (index === undefined) return undefined;
        lower += index;
      } else if (powers && sign === '^') {
        const power = this.power();
        if (power === undefined) return undefined;
        upper += power;
        this.counts.operations += 1;
      } else break;
    }
    return (lower && `_{${lower}}`) + (upper && `^{${upper}}`);
  }

  /** An apostrophe is a prime behind one letter only; where a plural or a quotation may end, it is not. */
  private primed(): boolean {
    if (this.text[this.at] !== "'") return true;
    return /(?:^|[^\p{L}])[\p{L}]\p{M}*[₀-₉ᵢ]?$|_[\p{L}]+$/u.test(this.text.slice(Math.max(0, this.at - 12), this.at));
  }

  private run(table: Readonly<Record<string, string>>): string {
    let latex = '';
    for (let sign = this.text[this.at] ?? ''; ; sign = this.text[this.at] ?? '') {
      if (table[sign] !== undefined) latex += table[sign];
      else if (sign === '|' && table === superscripts && table[this.text[this.at + 1] ?? ''] !== undefined)
        latex += '|';
      else if (sign === '|' && /\|.$/u.test(latex)) latex += '|';
      else return latex;
      this.at += 1;
    }
  }

  /** Behind an underscore: `_old`, `_ij`, `_{i>r}`. */
  private index(): string | undefined {
    const start = this.at;
    this.at += 1;
    if (this.text[this.at] === '{') {
      const saved = this.save();
      this.at += 1;
      const inside = this.inline(() => this.relation('}'));
      if (inside === undefined || this.text[this.at] !== '}') return this.restore(start, saved);
      this.at += 1;
      return inside;
    }
    const word = this.match(/(?:[A-Za-z]+|\d+)(?![A-Za-z_])/uy);
    if (word !== undefined) {
      this.at += word.length;
      return word.length === 1 || /^\d+$|^[a-z]{2}$/.test(word) ? Array.from(word).join(' ') : `\\text{${word}}`;
    }
    const letter = greek[this.text[this.at] ?? ''];
    if (letter === undefined) return this.back(start);
    this.at += 1;
    return letter;
  }

  /** Behind a caret: `^t`, `^−p`, `^(t + 1)`, whose brackets a raised place makes needless. */
  private power(): string | undefined {
    const start = this.at;
    this.at += 1;
    const sign = this.text[this.at] ?? '';
    if (sign === '(' || sign === '{') {
      const inside = this.inline(() => this.primary('', false));
      return inside === undefined ? this.back(start) : bare(inside);
    }
    const minus = { '−': '-', '-': '-', '±': '\\pm ' }[sign];
    if (minus !== undefined) this.at += 1;
    const base = this.inline(() => this.primary('', false));
    return base === undefined ? this.back(start) : (minus ?? '') + base;
  }

  /** Small places have no room for fractions. */
  private inline<T>(read: () => T): T {
    const { quotients } = this;
    this.quotients = 'slash';
    const result = read();
    this.quotients = quotients;
    return result;
  }

  private spaces(): boolean {
    const start = this.at;
    while (isSpace(this.text[this.at])) this.at += 1;
    return this.at > start;
  }

  private match(pattern: RegExp, at = this.at): string | undefined {
    pattern.lastIndex = at;
    return pattern.exec(this.text)?.[0];
  }

  private save(): Counts & { endsInWord: boolean } {
    return { ...this.counts, endsInWord: this.endsInWord };
  }

  private restore(at: number, { endsInWord, ...counts }: Counts & { endsInWord: boolean }): undefined {
    this.at = at;
    this.counts = counts;
    this.endsInWord = endsInWord;
    return undefined;
  }

  private restoreTo<T>(at: number, saved: Counts & { endsInWord: boolean }, result: T): T {
    this.restore(at, saved);
    return result;
  }

  private back(at: number): undefined {
    this.at = at;
    return undefined;
  }
}

const additive = pick(['+', '−', '±']);
const multiplicative: Readonly<Record<string, string>> = {
  ...pick(['·', '⊙', '×', '⊗', '∘', '/']),
  mod: '\\bmod',
  div: '\\mathbin{\\text{div}}',
};

function pick(signs: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(signs.map((sign) => [sign, operators[sign] as string]));
}

/** The letters of a name in LaTeX, each under its accents. */
function bases(word: string): string[] {
  return Array.from(word.normalize('NFC').match(new RegExp(latin.source, 'gu')) ?? [], (letter) => {
    const [base, ...marks] = letter.normalize('NFD');
    return marks.reduce((latex, mark) => `${accents[mark] ?? '\\unknown'}{${latex}}`, base as string);
  });
}

/** Without the round brackets around all of it, which a fraction, a root or a raised place make needless. */
function bare(latex: string): string {
  if (!latex.startsWith('(') || !latex.endsWith(')')) return latex;
  let depth = 0;
  for (const [i, c] of Array.from(latex).entries()) {
    if (c === '(') depth += 1;
    if (c === ')') depth -= 1;
    if (depth === 0 && i < latex.length - 1) return latex;
  }
  return latex.slice(1, -1);
}
