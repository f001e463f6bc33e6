import { describe, expect, it } from 'vitest';
import { findFormulas, wholeFormula } from '../../site/annotate/find-formulas';
import { readFormula } from '../../site/annotate/formula';

const inline = (source: string): string | undefined => readFormula(source, 0, 'slash')?.latex;
const found = (text: string): string[] => findFormulas(text).map(({ source }) => source);
const formulas = (text: string): string[] =>
  findFormulas(text)
    .filter(({ kind }) => kind === 'formula')
    .map(({ source }) => source);

describe('the notation of the comments, as LaTeX', () => {
  it.each([
    ['M ← β·M·A_old·Aᵀ', 'M \\leftarrow \\beta \\cdot M \\cdot A_{\\text{old}} \\cdot A^{\\mathrm{T}}'],
    ['E‖Ĝ − G‖²', 'E\\lVert \\hat{G} - G\\rVert ^{2}'],
    ['β1·m', '\\beta_{1} \\cdot m'],
    ['x̂', '\\hat{x}'],
    ['√(V + ε)', '\\sqrt{V + \\varepsilon}'],
    ['√V̂ + ε', '\\sqrt{\\hat{V}} + \\varepsilon'],
    ['1 − β2^t', '1 - \\beta_{2}^{t}'],
    ['β^(t + 1)', '\\beta^{t + 1}'],
    ['Σ_{i>r} σ_i²', '\\sum_{i > r} \\sigma_{i}^{2}'],
    ['2⁻²⁴', '2^{-24}'],
    ['1e-8·x', '10^{-8} \\cdot x'],
    ['⌊n/4⌋', '\\lfloor n/4\\rfloor '],
    ['⟨gₐ, g_b⟩', '\\langle g_{a},\\ g_{b}\\rangle '],
    ['E[y⁴ | N]', 'E[y^{4} \\mid N]'],
    ['AAᵀ − I', 'A A^{\\mathrm{T}} - I'],
    ['Q∘²', 'Q^{\\circ 2}'],
    ['W*', 'W^{*}'],
    ["A·A'ᵀ", 'A \\cdot A^{\\prime \\mathrm{T}}'],
    ['t mod (a·b)', 't \\bmod (a \\cdot b)'],
    ['mean_j Q', '\\operatorname{mean}_{j} Q'],
  ])('%s', (source, latex) => {
    expect(inline(source)).toBe(latex);
  });

  it('draws quotients as fractions where a formula has a place of its own, and only there', () => {
    expect(wholeFormula('y = exp(x)/Σ exp(x)')?.latex).toBe('y = \\frac{\\text{exp}(x)}{\\sum \\text{exp}(x)}');
    expect(inline('y = exp(x)/Σ exp(x)')).toBe('y = \\text{exp}(x)/\\sum \\text{exp}(x)');
    expect(wholeFormula('(a + b)/(2·c)')?.latex).toBe('\\frac{a + b}{2 \\cdot c}');
    expect(wholeFormula('x^(−1/2)·y')?.latex).toBe('x^{-1/2} \\cdot y');
  });

  it('keeps brackets that are two, and not one around all', () => {
    expect(wholeFormula('(a + b)·(c + d)/e')?.latex).toBe('\\frac{(a + b) \\cdot (c + d)}{e}');
  });
});

describe('formulas in sentences', () => {
  it.each([
    ['With U the gradient: M ← β·M + (1 − β)·U·Aᵀ, step along M·A.', ['M ← β·M + (1 − β)·U·Aᵀ', 'M·A']],
    ['one draw has a relative squared error of (d + 1)/r, which is above 1', ['(d + 1)/r']],
    ['the state of a weight [n, m] is rank·max(n, m) + n + m floats', ['rank·max(n, m) + n + m']],
    ['Law of the error: y = ‖Sx‖² = q² + q·c/r and more', ['y = ‖Sx‖² = q² + q·c/r']],
    ['P ← orthonormal columns of M·Q', ['M·Q']],
    ['Decoupled: W ← W − η·decay·W.', ['W ← W − η·decay·W']],
    ['x [n] → exp(x)/Σ exp(x), and zeros', ['exp(x)/Σ exp(x)']],
    ["the rows of G's Aᵀ·C, as they are", ['Aᵀ·C']],
  ])('%s', (text, expected) => {
    expect(formulas(text)).toEqual(expected);
  });

  it('is a symbol where nothing is computed', () => {
    expect(findFormulas('ε is added, with λ = 0 and of Aᵀ').map(({ kind, source }) => [kind, source])).toEqual([
      ['symbol', 'ε'],
      ['symbol', 'λ = 0'],
      ['symbol', 'Aᵀ'],
    ]);
  });

  it.each([
    'Shapes: x [n, in], w [batch·m, ⌈n/4⌉] → [2·n, k].',
    'float32 → int32 truncates towards zero',
    'a → b and/or c, as in I/O',
    'See `a·b + c` and `docs/errors.md`, or "x = y·z", or https://a.b/c=d',
    'A row, I think, of the P-coordinates; r-rank, 4 × 4 elements, −1 and 2 + 2',
    'numbers of Björck, user_id and the file src/a/b.ts',
    'law · row',
    'U+0100 and 50 µs',
    'Σ of all, Π the projection',
  ])('%s: no formula', (text) => {
    expect(formulas(text)).toEqual([]);
  });

  it('leaves code and shapes alone altogether', () => {
    expect(found('`ε·x` of a [β·n, m]')).toEqual([]);
  });

  it('knows what counts work, and what counts state', () => {
    const subjects = (text: string): string[] => findFormulas(text).map(({ subject }) => subject);
    expect(subjects('All need 2·m·n·k operations and r·n floats for Aᵀ·C.')).toEqual(['work', 'state', 'values']);
  });

  it('reads columns of formulas with what stands between', () => {
    const row = findFormulas('P ← V_rᵀ of the gradient at hand   with a new A', 'fraction', true);
    expect(row.map(({ source }) => source)).toEqual(['P ← V_rᵀ', 'A']);
  });
});
