import type { FullBackend, Operand } from '../../src/backend/contract';
import { dtypeOf, type TypedArray } from '../../src/base/dtype';
import type { Shape } from '../../src/base/shape';
import { ShapeError } from '../../src/index';
import { trial } from '../../src/laws/backend/trial';
import { type Law, law } from '../../src/laws/law';
import { claim } from '../../src/laws/violation';

/** What compilers of shaders get wrong: rows with infinities and NaN; and ids that only the device knows. */
export function edgeLaws(create: () => FullBackend): Law[] {
  const inf = Number.POSITIVE_INFINITY;
  const rows = [
    [1, inf, 2, 3],
    [inf, inf, -inf, 0],
    [-inf, -inf, -inf, -inf],
    [-inf, 2, -inf, 1],
    [1, Number.NaN, -inf, inf],
  ];
  return [
    law('edges: softmax and cross entropy of rows with infinities and NaN', () =>
      trial(create).agreeWith(['softmax', 'logSoftmax', 'crossEntropy', 'crossEntropyGrad'], (b, put) => {
        const x = put(Float32Array.from(rows.flat()), [5, 4]);
        const targets = put(Int32Array.of(1, 3, 0, 2, 0));
        const g = put(Float32Array.of(1, 2, 3, 4, 5));
        return [b.softmax(x), b.logSoftmax(x), b.crossEntropy(x, targets), b.crossEntropyGrad(g, x, targets)];
      }),
    ),
    law('edges: extremes of rows with infinities and NaN', () =>
      trial(create).agree((b, put) => {
        const x = put(Float32Array.from(rows.flat()), [5, 4]);
        return [b.reduce('max', x, [5, 4, 1]), b.reduce('min', x, [5, 4, 1]), b.argmax(x, [5, 4, 1])];
      }),
    ),
    law(
      'edges: sine and cosine are within 2⁻²³ for thousands of periods, and NaN where a GPU does not know them',
      async () => {
        const x = Float32Array.from({ length: 4000 }, (_, i) => (i % 2 === 0 ? 1 : -1) * 102_900 * (i / 4000) ** 2);
        for (const name of ['sin', 'cos'] as const) {
          const f = { name, of: Math[name], dtype: 'float32' } as const; // not that of the op: pages have the package's ops
          const [far] = await trial(create).results((b, put) => b.map(f, [put(Float32Array.of(16777218, -3e38))], [2]));
          claim(far?.every(Number.isNaN) === true, `${name} far out is ${far?.join()}`);
          const [waves] = await trial(create).results((b, put) => b.map(f, [put(x)], [x.length]));
          const worst = x.reduce((most, at, i) => Math.max(most, Math.abs((waves?.[i] as number) - f.of(at))), 0);
          claim(worst < 2 ** -23, `${name} is ${worst} off`);
        }
      },
    ),
    ...(['host', 'device'] as const).map((where) =>
      law(`edges: a target outside the classes is refused, known to the ${where}`, async () => {
        const b = create();
        const mark = b.enter();
        const put = (values: TypedArray, shape: Shape): Operand => ({
          storage: b.fromHost(values),
          shape,
          dtype: dtypeOf(values),
        });
        const ids = put(Int32Array.of(1, 2), [2]);
        const made = where === 'host' ? null : b.argmax(put(Float32Array.of(0, 1, 0, 0, 0, 1), [2, 3]), [2, 3, 1]);
        const targets = made === null ? ids : { ...ids, storage: made };
        let error: unknown;
        try {
          await b.read(b.crossEntropy(put(new Float32Array(4), [2, 2]), targets));
        } catch (thrown) {
          error = thrown;
        }
        b.leave(mark);
        claim(error instanceof ShapeError && error.code === 'index/range', `the target 2 of 2 classes gave ${error}`);
      }),
    ),
  ];
}
