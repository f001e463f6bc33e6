/** Numbers as a reader wants them: three digits, and a power of ten where zeros would have to be counted: 3.1 × 10⁻⁸. */
export function number(value: number): string {
  if (Number.isNaN(value)) return 'not a number';
  if (!Number.isFinite(value)) return value > 0 ? 'infinite' : '−infinite';
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) {
    const [digits = '', power = ''] = value.toExponential(1).split('e');
    return `${signed(digits)} × 10${raised(Number(power))}`;
  }
  return signed(size >= 1000 ? value.toFixed(0) : String(Number(value.toPrecision(3))));
}

/** `⁻⁸` of −8. */
export function raised(power: number): string {
  return [...String(power)].map((sign) => (sign === '-' ? '⁻' : '⁰¹²³⁴⁵⁶⁷⁸⁹'.charAt(Number(sign)))).join('');
}

/** `12,345`: whole numbers with separators, the same in every language. */
export function count(value: number): string {
  return value.toLocaleString('en-GB');
}

/** 1,024 bytes are a KB, as in the library's own ledgers. */
export function bytes(value: number): string {
  if (value < 1024) return `${count(value)} B`;
  return value < 1024 ** 2 ? `${number(value / 1024)} KB` : `${number(value / 1024 ** 2)} MB`;
}

/** `Flora, r = 2: 0.12; Adam: 0.03`: names have commas. */
export function list(pairs: readonly (readonly [name: string, value: string])[]): string {
  return pairs.map(([name, value]) => `${name}: ${value}`).join('; ');
}

function signed(text: string): string {
  return text.replaceAll('-', '−');
}
