import { describe, expect, it } from 'vitest';
import {
  boolean,
  checkArgument,
  checkCount,
  choice,
  either,
  inMessage,
  listOf,
  number,
  optional,
  readOptions,
  required,
  whole,
} from '../../../src/base/options';

const specification = {
  rank: required(whole({ low: 1 })),
  decay: optional(number({ low: 0, high: 1 }), 0.9),
  order: optional(choice('paper', 'code'), 'paper'),
  bias: optional(boolean),
};
const read = (options: unknown): unknown => readOptions('flora', specification, options);

/** Code and text of the error that a call throws. */
function thrown(call: () => unknown): { code: string; message: string } {
  try {
    call();
  } catch (error) {
    return error as { code: string; message: string };
  }
  throw new Error('nothing was thrown');
}

describe('readOptions', () => {
  it('gives what was given, and defaults for what is left out or undefined', () => {
    expect(read({ rank: 3 })).toEqual({ rank: 3, decay: 0.9, order: 'paper', bias: undefined });
    expect(read({ rank: 3, decay: undefined, order: 'code', bias: false })).toEqual({
      rank: 3,
      decay: 0.9,
      order: 'code',
      bias: false,
    });
    expect(read({ rank: 3, decay: 0 })).toMatchObject({ decay: 0 });
  });

  it('takes objects without a prototype and instances of classes that have fields', () => {
    class Settings {
      rank = 2;
    }
    expect(read(Object.assign(Object.create(null), { rank: 2 }))).toMatchObject({ rank: 2 });
    expect(read(new Settings())).toMatchObject({ rank: 2 });
  });

  it.each([
    [undefined, 'options/object'],
    [null, 'options/object'],
    [3, 'options/object'],
    ['rank', 'options/object'],
    [[3], 'options/object'],
    [new Float32Array(1), 'options/object'],
    [new Map([['rank', 3]]), 'options/object'],
    [Promise.resolve({ rank: 3 }), 'options/object'],
    [() => ({ rank: 3 }), 'options/object'],
    [{}, 'options/missing'],
    [{ rank: undefined }, 'options/missing'],
    [{ rank: null }, 'options/range'],
    [{ rank: '3' }, 'options/range'],
    [{ rank: 1.5 }, 'options/range'],
    [{ rank: 0 }, 'options/range'],
    [{ rank: 2 ** 53 }, 'options/range'],
    [{ rank: Infinity }, 'options/range'],
    [{ rank: 3, decay: Number.NaN }, 'options/range'],
    [{ rank: 3, decay: 1.01 }, 'options/range'],
    [{ rank: 3, order: 'Paper' }, 'options/choice'],
    [{ rank: 3, bias: 1 }, 'options/type'],
    [{ rank: 3, ranks: 4 }, 'options/unknown'],
    [{ rank: 3, toString: 4 }, 'options/unknown'],
  ])('refuses %o with %s, in the name of the function that was called', (options, code) => {
    const error = thrown(() => read(options));
    expect(error.code).toBe(code);
    expect(error.message).toContain('] flora got ');
  });
});

describe('kinds', () => {
  it('says what was expected', () => {
    expect(thrown(() => read({ rank: 3, decay: 2 })).message).toContain('a number between 0 and 1');
    expect(thrown(() => read({ rank: -1 })).message).toContain('a whole number ≥ 1');
    expect(thrown(() => read({ rank: 3, order: 'x' })).message).toContain('"paper" or "code"');
  });

  it('sees the holes of a sparse array', () => {
    const sparse = [1, 2];
    sparse.length = 3;
    expect(thrown(() => checkArgument('f', 'sizes', listOf(whole()), sparse)).code).toBe('options/range');
    expect(checkArgument('f', 'sizes', listOf(whole()), [1, 2])).toBeUndefined();
  });

  it('accepts either of two', () => {
    const kind = either(whole(), listOf(whole()));
    expect([3, [3], [], 1.5, [1.5], '3'].map((value) => kind.fits(value))).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  it('refuses arguments after the last one', () => {
    expect(thrown(() => checkCount('arange', 2, 1)).code).toBe('arguments/count');
    expect(checkCount('arange', 1, 1)).toBeUndefined();
  });
});

describe('inMessage', () => {
  it('is short and never fails', () => {
    const loop: unknown[] = [];
    loop.push(loop);
    const values = [
      loop,
      Object.create(null),
      12n ** 90n,
      Symbol('s'),
      new Map(),
      'x'.repeat(1e6),
      new Array(1e6),
      null,
    ];
    for (const value of values) expect(inMessage(value).length).toBeLessThan(200);
    expect(inMessage(new Map())).toBe('a Map');
  });
});
