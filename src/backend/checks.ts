import { ShapeError } from '../base/errors';

/**
 * The error of an id outside a table, the same on every backend.
 * @throws ShapeError `index/range`, always
 */
export function throwIndexRange(where: string, id: number, rows: number): never {
  throw new ShapeError({
    code: 'index/range',
    got: `${where} got the id ${id}`,
    expected: `ids from 0 to ${rows - 1}`,
    fix: 'check the tokenizer or the labels against the size of the table',
  });
}
