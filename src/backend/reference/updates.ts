import type { Updates } from '../contract';
import { type ReferenceDevice, valuesOf } from './device';
import { reductions } from './reductions';

/** The published formulas in float64, rounded once. */
export const updates = (device: ReferenceDevice) => {
  const { reduce } = reductions(device);
  return {
    adam(g, mean, square, factors) {
      const { beta1, beta2, correction1, correction2, epsilon } = factors;
      const [gs, m, v] = [valuesOf(g), valuesOf(mean), valuesOf(square)];
      const newMean = Float32Array.from(gs, (x, i) => beta1 * (m[i] as number) + (1 - beta1) * x);
      const newSquare = Float32Array.from(gs, (x, i) => beta2 * (v[i] as number) + (1 - beta2) * x * x);
      const update = newMean.map((x, i) => {
        return (x * correction1) / (Math.sqrt((newSquare[i] as number) * correction2) + epsilon);
      });
      return [device.made(update), device.made(newMean), device.made(newSquare)];
    },
    rms(g, square, beta, epsilon) {
      const [gs, v] = [valuesOf(g), valuesOf(square)];
      const newSquare = Float32Array.from(gs, (x, i) => beta * (v[i] as number) + (1 - beta) * x * x);
      const update = Float32Array.from(gs, (x, i) => x / (Math.sqrt(newSquare[i] as number) + epsilon));
      return [device.made(update), device.made(newSquare)];
    },
    lion(g, mean, beta1, beta2) {
      const [gs, m] = [valuesOf(g), valuesOf(mean)];
      const update = Float32Array.from(gs, (x, i) => Math.sign(beta1 * (m[i] as number) + (1 - beta1) * x));
      const newMean = Float32Array.from(gs, (x, i) => beta2 * (m[i] as number) + (1 - beta2) * x);
      return [device.made(update), device.made(newMean)];
    },
    squareSums(g) {
      const [rows, columns] = g.shape as [number, number];
      return [reduce('sumSquares', g, [rows, columns, 1]), reduce('sumSquares', g, [1, rows, columns])];
    },
    scaleRowsColumns(g, row, column) {
      const [p, q] = [valuesOf(row), valuesOf(column)];
      return device.made(
        Float32Array.from(valuesOf(g), (x, i) => {
          return x * (p[Math.floor(i / q.length)] as number) * (q[i % q.length] as number);
        }),
      );
    },
  } satisfies Required<Updates>;
};
