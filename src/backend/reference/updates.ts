import type { Updates } from '../contract';
import { type ReferenceDevice, valuesOf } from './device';
import { reductions } from './reductions';

/** The published formulas in float64, rounded once, leaf by leaf. */
export const updates = (device: ReferenceDevice) => {
  const { reduce } = reductions(device);
  return {
    adam: (leaves, { beta1, beta2, correction1, correction2, epsilon }) =>
      leaves.map(({ g, mean, square }) => {
        const [gs, m, v] = [valuesOf(g), valuesOf(mean), valuesOf(square)];
        const newMean = Float32Array.from(gs, (x, i) => beta1 * (m[i] as number) + (1 - beta1) * x);
        const newSquare = Float32Array.from(gs, (x, i) => beta2 * (v[i] as number) + (1 - beta2) * x * x);
        const update = newMean.map((x, i) => {
          return (x * correction1) / (Math.sqrt((newSquare[i] as number) * correction2) + epsilon);
        });
        return { update: device.made(update), mean: device.made(newMean), square: device.made(newSquare) };
      }),
    rms: (leaves, beta, epsilon) =>
      leaves.map(({ g, square }) => {
        const [gs, v] = [valuesOf(g), valuesOf(square)];
        const newSquare = Float32Array.from(gs, (x, i) => beta * (v[i] as number) + (1 - beta) * x * x);
        const update = Float32Array.from(gs, (x, i) => x / (Math.sqrt(newSquare[i] as number) + epsilon));
        return { update: device.made(update), square: device.made(newSquare) };
      }),
    lion: (leaves, beta1, beta2) =>
      leaves.map(({ g, mean }) => {
        const [gs, m] = [valuesOf(g), valuesOf(mean)];
        const update = Float32Array.from(gs, (x, i) => Math.sign(beta1 * (m[i] as number) + (1 - beta1) * x));
        const newMean = Float32Array.from(gs, (x, i) => beta2 * (m[i] as number) + (1 - beta2) * x);
        return { update: device.made(update), mean: device.made(newMean) };
      }),
    squareSums: (leaves) =>
      leaves.map(({ g }) => {
        const [rows, columns] = g.shape as [number, number];
        return {
          row: reduce('sumSquares', g, [rows, columns, 1]),
          column: reduce('sumSquares', g, [1, rows, columns]),
        };
      }),
    scaleRowsColumns: (leaves) =>
      leaves.map(({ g, row, column }) => {
        const [p, q] = [valuesOf(row), valuesOf(column)];
        const update = Float32Array.from(valuesOf(g), (x, i) => {
          return x * (p[Math.floor(i / q.length)] as number) * (q[i % q.length] as number);
        });
        return { update: device.made(update) };
      }),
  } satisfies Required<Updates>;
};
