import { max, sum, sumSquares } from '../../../kernels/gpujs/reductions';
import * as text from '../../../kernels/gpujs/rows';
import type { Axes, Operand, Rows } from '../contract';
import { checkExact } from './exact';
import { checkedIds } from './ids';
import { join } from './reductions';
import { extents, map } from './row-map';
import { flat, type GpuRunner, operandOf, seen } from './runner';
import type { GpuStorage } from './storage';

/** Reductions of each row, then one launch over the elements. */
export const rows = (on: GpuRunner) =>
  ({
    softmax(x) {
      return using(on, masses(on, x), (peak, mass) => map(on, text.softmax, x, [x, peak, mass]));
    },
    softmaxGrad(g, y) {
      return using(on, [join(on, text.dot, [g, y], along(g))], (dot) => map(on, text.softmaxGrad, g, [g, y, dot]));
    },
    logSoftmax(x) {
      return using(on, masses(on, x), (peak, mass) => map(on, text.logSoftmax, x, [x, peak, mass, Infinity, NaN]));
    },
    logSoftmaxGrad(g, y) {
      return using(on, [join(on, sum, [g], along(g))], (sumG) => map(on, text.logSoftmaxGrad, g, [g, y, sumG]));
    },
    crossEntropy(logits, targets) {
      const [rows, classes] = extents(logits);
      checkExact(on, `crossEntropy among ${classes} elements`, classes);
      const ids = checkedIds(on, 'crossEntropy', targets, classes);
      const made =
        rows === 0
          ? on.host(new Float32Array(0))
          : using(on, masses(on, logits), (peak, mass) =>
              on.launch(
                text.crossEntropy,
                [rows, 1, 1],
                [seen(logits, [classes, rows, 1]), ...[operandOf(ids), peak, mass].map(flat), Infinity, NaN],
              ),
            );
      on.free(ids);
      return made;
    },
    /** The targets were checked by `crossEntropy`. */
    crossEntropyGrad(g, logits, targets) {
      return using(on, masses(on, logits), (peak, mass) =>
        map(on, text.crossEntropyGrad, logits, [g, logits, targets, peak, mass]),
      );
    },
    layerNorm(x, weight, bias, epsilon) {
      const [, n] = extents(x);
      const kernel = text.layerNorm(weight ? 'column' : 'number', bias ? 'column' : 'number');
      return using(on, moments(on, x), (sumX, squares) =>
        map(on, kernel, x, [x, sumX, squares, weight ?? 1, bias ?? 0, n, epsilon]),
      );
    },
    layerNormGrad(g, x, weight, epsilon) {
      const [, n] = extents(x);
      const w = weight ?? 1;
      const role = weight ? 'along' : 'number';
      return using(on, moments(on, x), (sumX, squares) => {
        const sumH = join(on, text.sumWeighted(role), [g, w], along(x));
        const dotH = join(on, text.dotCentred(role), [g, w, x, sumX, n], along(x));
        const dx = using(on, [sumH, dotH], (s, dot) =>
          map(on, text.layerNormGrad(weight ? 'column' : 'number'), x, [g, w, x, sumX, squares, s, dot, n, epsilon]),
        );
        const dweight = join(on, text.layerNormWeightGrad, [g, x, sumX, squares, n, epsilon], across(x));
        return [dx, dweight, join(on, sum, [g], across(x))];
      });
    },
    rmsNorm(x, weight, epsilon) {
      const [, n] = extents(x);
      const kernel = text.rmsNorm(weight ? 'column' : 'number');
      return using(on, [join(on, sumSquares, [x], along(x))], (squares) =>
        map(on, kernel, x, [x, squares, weight ?? 1, n, epsilon]),
      );
    },
    rmsNormGrad(g, x, weight, epsilon) {
      const [, n] = extents(x);
      const w = weight ?? 1;
      return using(on, [join(on, sumSquares, [x], along(x))], (squares) => {
        const dotH = join(on, text.dotWeighted(weight ? 'along' : 'number'), [g, w, x], along(x));
        const dx = using(on, [dotH], (dot) =>
          map(on, text.rmsNormGrad(weight ? 'column' : 'number'), x, [g, w, x, squares, dot, n, epsilon]),
        );
        return [dx, join(on, text.rmsNormWeightGrad, [g, x, squares, n, epsilon], across(x))];
      });
    },
  }) satisfies Required<Rows>;

/** Reduces each row; the axes of a reduction whose results are [rows]. */
function along(x: Operand): Axes {
  const [rows, n] = extents(x);
  return [rows, n, 1];
}
/** Reduces over the rows: results are [n]. */
function across(x: Operand): Axes {
  const [rows, n] = extents(x);
  return [1, rows, n];
}

/** Runs `make` on temporary values and frees them afterwards. */
function using<N extends readonly GpuStorage[], T>(
  on: GpuRunner,
  numbers: readonly [...N],
  make: (...operands: { [K in keyof N]: Operand }) => T,
): T {
  const made = make(...(numbers.map((storage) => operandOf(storage)) as { [K in keyof N]: Operand }));
  on.free(...numbers);
  return made;
}

/** The largest of each row, and Σ exp(x − largest). */
function masses(on: GpuRunner, x: Operand): [peak: GpuStorage, mass: GpuStorage] {
  const peak = join(on, max, [x], along(x));
  return [peak, join(on, text.mass, [x, operandOf(peak)], along(x))];
}

/** Σ x of each row, and Σ (x − mean)². */
function moments(on: GpuRunner, x: Operand): [sumX: GpuStorage, squares: GpuStorage] {
  const [, n] = extents(x);
  const sumX = join(on, sum, [x], along(x));
  return [sumX, join(on, text.spread, [x, operandOf(sumX), n], along(x))];
}
