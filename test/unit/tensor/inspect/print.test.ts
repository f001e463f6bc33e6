import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type Backend,
  BackendError,
  backend,
  memory,
  mul,
  random,
  referenceBackend,
  scope,
  setBackend,
  sum,
  Tensor,
  tensor,
  valueAndGrad,
  wasmBackend,
  zeros,
} from '../../../../src/index';

interface Golden {
  readonly cases: readonly {
    readonly name: string;
    readonly dtype: 'float32' | 'int32';
    readonly shape: readonly number[];
    readonly values: readonly (number | 'nan' | 'inf' | '-inf' | '-0.0')[];
    readonly text: string;
  }[];
}
const { cases } = JSON.parse(readFileSync('test/golden/print.json', 'utf8')) as Golden;
const words: Record<string, number> = { nan: NaN, inf: Infinity, '-inf': -Infinity, '-0.0': -0 };

const start = backend();
afterEach(() => setBackend(start));

/** A backend whose reads do what `readSync` says; everything else is the reference. */
function readingBackend(readSync: () => never): Backend {
  const real = referenceBackend();
  return new Proxy(real, {
    get(target, name) {
      if (name === 'readSync') return readSync;
      const member: unknown = Reflect.get(target, name);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}

describe('the text of a tensor', () => {
  it.each(cases.map((golden) => [golden.name, golden] as const))('%s: as NumPy prints it', (_, golden) => {
    const { dtype, shape, values, text } = golden;
    const numbers = values.map((x) => (typeof x === 'number' ? x : (words[x] as number)));
    const array = dtype === 'int32' ? Int32Array.from(numbers) : Float32Array.from(numbers);
    const head = `Tensor ${dtype} [${shape.join(', ')}]:${text.includes('\n') ? '\n' : ' '}`;
    expect(String(tensor(array, { shape }))).toBe(head + text);
  });

  it('is what console.log shows, whose lines are indented inside of objects', () => {
    const a = tensor([
      [1, 2.5],
      [3, NaN],
    ]);
    expect(inspect(a)).toBe('Tensor float32 [2, 2]:\n[[1.  2.5]\n [3.  nan]]');
    expect(`${a}`).toBe(inspect(a));
    const lines = ['{', '  a: {', '    b: Tensor float32 [2, 2]:', '    [[1.  2.5]', '     [3.  nan]]', '  }', '}'];
    expect(inspect({ a: { b: a } }).split('\n')).toEqual(lines);
    expect(inspect([tensor(3.5), tensor([1, 2], { dtype: 'int32' })])).toBe(
      '[ Tensor float32 []: 3.5, Tensor int32 [2]: [1 2] ]',
    );
  });

  it('leaves a tensor of more than 100 elements to its shape inside of another object, and shows it alone', () => {
    const [small, large] = [zeros([100]), zeros([101])];
    expect(inspect({ small, large })).toMatch(
      /small: Tensor float32 \[100\]:\n[\s\S]*large: Tensor float32 \[101\]\n}$/,
    );
    expect(inspect(large)).toMatch(/^Tensor float32 \[101\]:\n\[0\. 0\. /);
  });

  it('says that the values are still on the device, that they were freed, or why they cannot be read', () => {
    setBackend(
      readingBackend(() => {
        throw new BackendError({ code: 'read/sync', got: 'a read', expected: 'another', fix: 'wait' });
      }),
    );
    expect(inspect(zeros([2]))).toBe('Tensor float32 [2]: still on the device (read with await t.data())');
    setBackend(
      readingBackend(() => {
        throw new Error('the device is gone');
      }),
    );
    expect(`${zeros([2])}`).toBe('Tensor float32 [2]: cannot be read (the device is gone)');
    setBackend(start);
    const freed: Tensor[] = [];
    scope(() => void freed.push(mul(zeros([2]), 2)));
    expect(inspect(freed[0])).toBe('Tensor float32 [2]: freed by scope');
    expect(`${freed[0]}`).toBe('Tensor float32 [2]: freed by scope');
  });

  it('never throws, even where an object was taken apart', () => {
    expect(inspect(Object.create(Tensor.prototype))).toBe('[Tensor]');
  });

  it.each([
    ['reference', referenceBackend],
    ['wasm', wasmBackend],
  ])('changes neither memory nor derivatives on %s', (_, open) => {
    setBackend(open());
    const w = random.normal(random.key(1), [40, 30]); // large enough to be summarised
    const texts: string[] = [];
    const gradient = (look: boolean): Float32Array => {
      const { grads } = valueAndGrad(
        () => {
          const y = mul(w, w);
          const before = memory();
          if (look) texts.push(String(y), inspect({ y, w }), JSON.stringify(y));
          expect(memory()).toEqual(before);
          return sum(mul(y, w));
        },
        { w },
      );
      return grads.w.dataSync() as Float32Array;
    };
    const [plain, looked] = [gradient(false), gradient(true)];
    expect(looked).toEqual(plain);
    expect(texts[0]).toMatch(/^Tensor float32 \[40, 30\]:\n\[\[[\s\S]*\.\.\.[\s\S]*]]$/);
  });
});

describe('toJSON', () => {
  it('has dtype, shape and values, of which the same tensor can be made again', () => {
    const values = [0.1, -0, NaN, Infinity, -Infinity, 16777217, 1e-45, 3.4028235e38, 1 / 3, 0.015625];
    const x = tensor(values, { shape: [2, 5] });
    const text = JSON.stringify({ x });
    expect(text).toMatch(/^{"x":{"dtype":"float32","shape":\[2,5],"values":\[0\.1,"-0","NaN","Infinity","-Infinity",/);
    const again = JSON.parse(text) as { x: { shape: number[]; values: (number | string)[] } };
    const same = tensor(Float32Array.from(again.x.values, Number), { shape: again.x.shape });
    expect(new Uint32Array(same.dataSync().buffer)).toEqual(new Uint32Array(x.dataSync().buffer));
    const drawn = random.normal(random.key(3), [2000]).dataSync();
    expect(Float32Array.from(tensor(drawn).toJSON().values, Number)).toEqual(drawn);
    expect(tensor([2 ** 31 - 1, -7], { dtype: 'int32' }).toJSON()).toEqual({
      dtype: 'int32',
      shape: [2],
      values: [2 ** 31 - 1, -7],
    });
  });

  it('refuses where the values cannot be read: nothing is left out in silence', () => {
    const freed: Tensor[] = [];
    scope(() => void freed.push(mul(zeros([2]), 2)));
    expect(() => JSON.stringify(freed)).toThrow(expect.objectContaining({ code: 'scope/freed' }));
  });
});
