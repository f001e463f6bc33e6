/** How Node, Deno and Bun find the text of an object; the symbol is the same everywhere, so no module is needed. */
const hook = Symbol.for('nodejs.util.inspect.custom');

/**
 * Give `console.log` a text for an object, or, by its prototype, for those of a class; `nested` in another object, where
 * it should be short. It never throws: looking at an object must not end a program.
 */
export function inspectable<T extends object>(target: T, text: (object: T, nested: boolean) => string): void {
  function inspect(this: T, depth: unknown, options: { readonly depth?: unknown } | undefined): string {
    try {
      return text(this, options !== undefined && depth !== options.depth); // levels that are left, and those there were
    } catch {
      return `[${target.constructor.name}]`; // an object without the fields of its class
    }
  }
  Object.defineProperty(target, hook, { value: inspect, configurable: true });
}
