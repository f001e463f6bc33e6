/**
 * A law that does not hold. Not one of the errors of `base/errors.ts`: no caller made a mistake, an implementation
 * is wrong.
 */
export class Violation extends Error {
  override readonly name = 'Violation';
}

/** @throws Violation with this message unless `holds` */
export function claim(holds: boolean, message: string): void {
  if (!holds) throw new Violation(message);
}

/** @throws Violation unless both are the same number, text, truth value, or list of them */
export function claimEqual(what: string, actual: unknown, expected: unknown): void {
  const [a, e] = [JSON.stringify(actual), JSON.stringify(expected)];
  claim(a === e, `${what}: got ${a}; expected ${e}`);
}
