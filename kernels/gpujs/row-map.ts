import { quotient, type Way } from './places';

/**
 * What an argument of a map is: `element` one of [rows, n], `row` one of [rows], `column` one of [n], `number` the same
 * everywhere.
 */
export type Part = 'element' | 'row' | 'column' | 'number';

/** One text for each way, with the functions that it calls. */
export interface RowMap {
  readonly parts: readonly Part[];
  readonly text: Record<Way, string>;
  readonly functions: readonly string[];
}

/**
 * An element of [rows, n] from others at its place. One thread makes one; reads each array once.
 * Arguments: those of the parts, then n.
 */
export function rowMap<Name extends string>(
  parts: Record<Name, Part>,
  formula: (values: Record<Name, string>, column: string) => string,
  functions: readonly string[] = [],
): RowMap {
  const names = Object.keys(parts) as Name[];
  const text = (row: string, column: string, start: string): string => {
    const read: Record<Part, string> = {
      element: `[0][${row}][${column}]`,
      row: `[${row}]`,
      column: `[${column}]`,
      number: '',
    };
    const values = Object.fromEntries(names.map((name) => [name, name + read[parts[name]]])) as Record<Name, string>;
    return /* js */ `
function (${[...names, 'n'].join(', ')}) {${start}
  return ${formula(values, column)};
}`;
  };
  const divide = `
  const thread = this.thread.x;
  const row = quotient(thread, n);
  const column = thread - row * n;`;
  return {
    parts: names.map((name) => parts[name]),
    text: { flat: text('row', 'column', divide), grid: text('this.thread.y', 'this.thread.x', '') },
    functions: [quotient, ...functions],
  };
}
