import type { Arrays, Contestant, Prepared, TaskOf } from '../contestant';

/** What a program without a library would do: one loop over `Float32Array`, its output allocated once. */
export const describe = (): string => 'one loop over Float32Array, compiled by V8; its output is allocated once';

const floats = (arrays: Arrays, name: string): Float32Array => arrays[name]?.values as Float32Array;

type Loop = (x: Float32Array, y: Float32Array, out: Float32Array) => void;

/** A function for each op, so that V8 compiles each loop for itself. */
const loops: Record<TaskOf<'elementwise'>['op'], Loop> = {
  add: (x, y, out) => {
    for (let i = 0; i < out.length; i++) out[i] = (x[i] as number) + (y[i] as number);
  },
  mul: (x, y, out) => {
    for (let i = 0; i < out.length; i++) out[i] = (x[i] as number) * (y[i] as number);
  },
  exp: (x, _, out) => {
    for (let i = 0; i < out.length; i++) out[i] = Math.exp(x[i] as number);
  },
  tanh: (x, _, out) => {
    for (let i = 0; i < out.length; i++) out[i] = Math.tanh(x[i] as number);
  },
  gelu: (x, _, out) => {
    const c = Math.sqrt(2 / Math.PI);
    for (let i = 0; i < out.length; i++) {
      const v = x[i] as number;
      out[i] = 0.5 * v * (1 + Math.tanh(c * (v + 0.044715 * v * v * v)));
    }
  },
};

function elementwise({ op }: TaskOf<'elementwise'>, arrays: Arrays): Prepared {
  const [x, y] = [floats(arrays, 'x'), floats(arrays, 'y')];
  const out = new Float32Array(x.length);
  const run = (): void => loops[op](x, y, out);
  return {
    run,
    outcome: () => {
      run();
      return out;
    },
  };
}

/** Adam, learning rate 1e-3, in one pass over parameter, gradient and both moments. */
function optimizer({ shapes }: TaskOf<'optimizer'>, arrays: Arrays): Prepared {
  const all = shapes.map((_, i) => {
    const w = floats(arrays, `parameter.${i}`);
    return { w, g: floats(arrays, `gradient.${i}`), m: new Float32Array(w.length), v: new Float32Array(w.length) };
  });
  let step = 0;
  const run = (): void => {
    step += 1;
    for (const { w, g, m, v } of all) adam(w, g, m, v, step);
  };
  return {
    run,
    outcome: () => {
      for (let i = 0; i < 3; i++) run();
      return all[0]?.w as Float32Array;
    },
  };
}

function adam(w: Float32Array, g: Float32Array, m: Float32Array, v: Float32Array, step: number): void {
  const [meanFactor, squareFactor] = [1 / (1 - 0.9 ** step), 1 / (1 - 0.999 ** step)];
  for (let i = 0; i < w.length; i++) {
    const gradient = g[i] as number;
    const mean = 0.9 * (m[i] as number) + 0.1 * gradient;
    const square = 0.999 * (v[i] as number) + 0.001 * gradient * gradient;
    m[i] = mean;
    v[i] = square;
    w[i] = (w[i] as number) - (0.001 * mean * meanFactor) / (Math.sqrt(square * squareFactor) + 1e-8);
  }
}

export const prepare: Contestant['prepare'] = { elementwise, optimizer };
