/** The unicode notation of the comments, as LaTeX: one table for each kind of token. */

export const relations: Readonly<Record<string, string>> = {
  '=': '=',
  '←': '\\leftarrow',
  '≤': '\\le',
  '≥': '\\ge',
  '<': '<',
  '>': '>',
  '≈': '\\approx',
  '≠': '\\ne',
  '∝': '\\propto',
  '∈': '\\in',
};

export const operators: Readonly<Record<string, string>> = {
  '+': '+',
  '−': '-',
  '±': '\\pm',
  '·': '\\cdot',
  '⊙': '\\odot',
  '×': '\\times',
  '⊗': '\\otimes',
  '∘': '\\circ',
  '/': '/',
};

/** What stands in front of what it applies to. */
export const prefixes: Readonly<Record<string, string>> = {
  Σ: '\\sum',
  '∏': '\\prod',
  '∫': '\\int',
  '∇': '\\nabla ',
  '∂': '\\partial ',
};

export const greek: Readonly<Record<string, string>> = {
  α: '\\alpha',
  β: '\\beta',
  γ: '\\gamma',
  δ: '\\delta',
  ε: '\\varepsilon',
  ζ: '\\zeta',
  η: '\\eta',
  θ: '\\theta',
  κ: '\\kappa',
  λ: '\\lambda',
  μ: '\\mu',
  µ: '\\mu',
  ν: '\\nu',
  ξ: '\\xi',
  π: '\\pi',
  ρ: '\\rho',
  σ: '\\sigma',
  τ: '\\tau',
  φ: '\\varphi',
  χ: '\\chi',
  ψ: '\\psi',
  ω: '\\omega',
  Δ: '\\Delta ',
  Π: '\\Pi',
  Φ: '\\Phi',
  Ψ: '\\Psi',
  Ω: '\\Omega',
  Λ: '\\Lambda',
  Θ: '\\Theta',
};

export const symbols: Readonly<Record<string, string>> = {
  '∞': '\\infty',
  '…': '\\dots',
  '⋯': '\\cdots',
  ℓ: '\\ell',
  '½': '\\tfrac12',
  '¼': '\\tfrac14',
  '¾': '\\tfrac34',
  '⅛': '\\tfrac18',
  '⅓': '\\tfrac13',
  '⅔': '\\tfrac23',
};

/** Opening sign → its closing one, and both in LaTeX. */
export const brackets: Readonly<Record<string, readonly [close: string, left: string, right: string]>> = {
  '(': [')', '(', ')'],
  '[': [']', '[', ']'],
  '{': ['}', '\\{', '\\}'],
  '⌊': ['⌋', '\\lfloor ', '\\rfloor '],
  '⌈': ['⌉', '\\lceil ', '\\rceil '],
  '⟨': ['⟩', '\\langle ', '\\rangle '],
  '‖': ['‖', '\\lVert ', '\\rVert '],
  '|': ['|', '\\lvert ', '\\rvert '],
};

export const accents: Readonly<Record<string, string>> = {
  '\u0302': '\\hat',
  '\u0303': '\\tilde',
  '\u0304': '\\bar',
  '\u0307': '\\dot',
};

export const superscripts: Readonly<Record<string, string>> = {
  ...digits('⁰¹²³⁴⁵⁶⁷⁸⁹'),
  '⁺': '+',
  '⁻': '-',
  ᵀ: '\\mathrm{T}',
  ⁿ: 'n',
  ˣ: 'x',
  ᵉ: 'e',
  ᵇ: 'b',
  ᶻ: 'z',
};

export const subscripts: Readonly<Record<string, string>> = {
  ...digits('₀₁₂₃₄₅₆₇₈₉'),
  '₊': '+',
  '₋': '-',
  ᵢ: 'i',
  ⱼ: 'j',
  ₖ: 'k',
  ₗ: 'l',
  ₙ: 'n',
  ₜ: 't',
  ₓ: 'x',
  ₐ: 'a',
  ₑ: 'e',
  ₒ: 'o',
};

export const primes: Readonly<Record<string, string>> = {
  "'": "'",
  '′': "'",
  '″': "''",
  '‴': "'''",
};

/** Words that apply to what follows after a space: `log Σ x`, `mean_j Q`. */
export const functions = new Set([
  ...['exp', 'log', 'ln', 'sin', 'cos', 'tan', 'tanh', 'atan', 'sign', 'max', 'min', 'mean', 'sigmoid', 'diag', 'Var'],
]);

/** Letters side by side that are a product, where other words of two letters and more are names. */
export const products = new Set([
  'AA',
  'BA',
  'BB',
  'XX',
  'nm',
  'mn',
  'nk',
  'qN',
  'Ag',
  'Ah',
  'Sx',
  'Qx',
  'Ax',
  'Wx',
  'Uh',
  'aX',
  'bY',
]);

function digits(ten: string): Record<string, string> {
  return Object.fromEntries(Array.from(ten, (digit, value) => [digit, String(value)]));
}
