/** What a formula of floats speaks of. */
export interface Weight {
  readonly n: number;
  readonly m: number;
  readonly r: number;
}

/** The value of a sum of products such as `2·r·M + r·μ + 1`, of codes in whole words `⌈r·μ/8⌉`; anything else is an error. */
export function floatsOf(formula: string, { n, m, r }: Weight): number {
  const letters: Readonly<Record<string, number>> = { n, m, r, M: Math.max(n, m), μ: Math.min(n, m) };
  const factor = (word: string): number => {
    const value = letters[word] ?? (/^\d+$/.test(word) ? Number(word) : undefined);
    if (value === undefined)
      throw new Error(`"${word}" in "${formula}" is neither a whole number nor one of n, m, r, M, μ`);
    return value;
  };
  const product = (term: string): number => term.split('·').reduce((all, word) => all * factor(word), 1);
  const value = (term: string): number => {
    const [, codes, each] = /^⌈(.+)\/(\d+)⌉$/.exec(term) ?? [];
    return codes && each ? Math.ceil(product(codes) / Number(each)) : product(term);
  };
  return formula.split(' + ').reduce((sum, term) => sum + value(term), 0);
}
