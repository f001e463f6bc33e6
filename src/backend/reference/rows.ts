import { sizeOf } from '../../base/shape';
import type { Operand, Rows, Storage } from '../contract';
import { type ReferenceDevice, valuesOf } from './device';
import { checkedIds } from './ids';
import { forRows } from './places';

/** One row at a time. */
export const rows = (device: ReferenceDevice) => {
  /** A result of x's shape, made row by row. */
  const byRows = (
    x: Operand,
    make: (row: Float32Array, out: Float32Array, from: number, index: number) => void,
  ): Storage => {
    const out = new Float32Array(sizeOf(x.shape));
    forRows(x, (row, from, index) => make(row, out.subarray(from, from + row.length), from, index));
    return device.made(out);
  };
  return {
    softmax(x) {
      return byRows(x, (row, out) => {
        const { peak, mass } = exponentials(row);
        for (let j = 0; j < row.length; j++) out[j] = Math.exp((row[j] as number) - peak) / mass;
      });
    },
    softmaxGrad(g, y) {
      const probabilities = valuesOf(y);
      return byRows(g, (row, out, from) => {
        let dot = 0;
        for (let j = 0; j < row.length; j++) dot += (row[j] as number) * (probabilities[from + j] as number);
        for (let j = 0; j < row.length; j++) out[j] = (probabilities[from + j] as number) * ((row[j] as number) - dot);
      });
    },
    logSoftmax(x) {
      return byRows(x, (row, out) => {
        const { peak, mass } = exponentials(row);
        const logMass = Math.log(mass);
        for (let j = 0; j < row.length; j++) out[j] = (row[j] as number) - peak - logMass;
      });
    },
    logSoftmaxGrad(g, y) {
      const logits = valuesOf(y);
      return byRows(g, (row, out, from) => {
        const total = row.reduce((a, b) => a + b, 0);
        for (let j = 0; j < row.length; j++) out[j] = (row[j] as number) - Math.exp(logits[from + j] as number) * total;
      });
    },
    layerNorm(x, weight, bias, epsilon) {
      const [w, b] = [weight && valuesOf(weight), bias && valuesOf(bias)];
      return byRows(x, (row, out) => {
        const { mean, inverse } = moments(row, epsilon);
        for (let j = 0; j < row.length; j++) {
          out[j] = ((row[j] as number) - mean) * inverse * (w ? (w[j] as number) : 1) + (b ? (b[j] as number) : 0);
        }
      });
    },
    /**
     * With x̂ = (x − mean)·inverse and h = g ⊙ weight, per row:
     * dx = inverse·(h − mean(h) − x̂·mean(h ⊙ x̂)); dweight = Σ g ⊙ x̂ and dbias = Σ g over the rows.
     */
    layerNormGrad(g, x, weight, epsilon) {
      const n = x.shape.at(-1) as number;
      const [gs, w] = [valuesOf(g), weight && valuesOf(weight)];
      const [dweight, dbias] = [new Float64Array(n), new Float64Array(n)];
      const dx = byRows(x, (row, out, from) => {
        const { mean, inverse } = moments(row, epsilon);
        const normal = (j: number): number => ((row[j] as number) - mean) * inverse;
        const h = (j: number): number => (gs[from + j] as number) * (w ? (w[j] as number) : 1);
        let [sum, dot] = [0, 0];
        for (let j = 0; j < n; j++) {
          sum += h(j);
          dot += h(j) * normal(j);
          (dweight[j] as number) += (gs[from + j] as number) * normal(j);
          (dbias[j] as number) += gs[from + j] as number;
        }
        for (let j = 0; j < n; j++) out[j] = inverse * (h(j) - sum / n - (normal(j) * dot) / n);
      });
      return [dx, device.made(Float32Array.from(dweight)), device.made(Float32Array.from(dbias))];
    },
    rmsNorm(x, weight, epsilon) {
      const w = weight && valuesOf(weight);
      return byRows(x, (row, out) => {
        const inverse = inverseRms(row, epsilon);
        for (let j = 0; j < row.length; j++) out[j] = (row[j] as number) * inverse * (w ? (w[j] as number) : 1);
      });
    },
    /** With x̂ = x·inverse and h = g ⊙ weight, per row: dx = inverse·(h − x̂·mean(h ⊙ x̂)); dweight = Σ g ⊙ x̂ over the rows. */
    rmsNormGrad(g, x, weight, epsilon) {
      const n = x.shape.at(-1) as number;
      const [gs, w] = [valuesOf(g), weight && valuesOf(weight)];
      const dweight = new Float64Array(n);
      const dx = byRows(x, (row, out, from) => {
        const inverse = inverseRms(row, epsilon);
        const normal = (j: number): number => (row[j] as number) * inverse;
        const h = (j: number): number => (gs[from + j] as number) * (w ? (w[j] as number) : 1);
        let dot = 0;
        for (let j = 0; j < n; j++) {
          dot += h(j) * normal(j);
          (dweight[j] as number) += (gs[from + j] as number) * normal(j);
        }
        for (let j = 0; j < n; j++) out[j] = inverse * (h(j) - (normal(j) * dot) / n);
      });
      return [dx, device.made(Float32Array.from(dweight))];
    },
    crossEntropy(logits, targets) {
      const ids = checkedIds('crossEntropy', targets, logits.shape[1] as number);
      const out = new Float32Array(ids.length);
      forRows(logits, (row, _, i) => {
        const { peak, mass } = exponentials(row);
        out[i] = peak - (row[ids[i] as number] as number) + Math.log(mass);
      });
      return device.made(out);
    },
    crossEntropyGrad(g, logits, targets) {
      const [gs, ids] = [valuesOf(g), valuesOf(targets)];
      return byRows(logits, (row, out, _, i) => {
        const { peak, mass } = exponentials(row);
        for (let j = 0; j < row.length; j++) {
          const probability = Math.exp((row[j] as number) - peak) / mass;
          out[j] = (probability - (j === ids[i] ? 1 : 0)) * (gs[i] as number);
        }
      });
    },
  } satisfies Required<Rows>;
};

/**
 * The largest of a row, and Σ exp(x − peak). They stay apart: next to a large peak, peak + log(mass) rounds to the peak
 * and log(mass) is lost, also in float64. x − peak first, and nothing is.
 */
function exponentials(row: Float32Array): { peak: number; mass: number } {
  const peak = row.reduce((a, b) => Math.max(a, b), -Infinity);
  return { peak, mass: row.reduce((sum, value) => sum + Math.exp(value - peak), 0) };
}

function moments(row: Float32Array, epsilon: number): { mean: number; inverse: number } {
  const mean = row.reduce((a, b) => a + b, 0) / row.length;
  const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / row.length;
  return { mean, inverse: 1 / Math.sqrt(variance + epsilon) };
}

function inverseRms(row: Float32Array, epsilon: number): number {
  return 1 / Math.sqrt(row.reduce((sum, value) => sum + value * value, 0) / row.length + epsilon);
}
