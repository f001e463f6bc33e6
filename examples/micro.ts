// The whole idea of floragrad on two pages, without an import: tensors, reverse mode, a module, Adam, Flora, and the test that
// Flora's updates are right in expectation. The library does the same for any shape, with kernels and with care for memory.

// 1. Matrices are lists of rows. Three functions are all the arithmetic that is needed.
export type Matrix = readonly (readonly number[])[];

/** f of the elements of one or two matrices of one shape, one by one. */
const each = (x: Matrix, y: Matrix, f: (a: number, b: number) => number): Matrix =>
  x.map((row, i) => row.map((a, j) => f(a, y[i]?.[j] as number)));

/** Rows become columns. */
export const transpose = (x: Matrix): Matrix => (x[0] ?? []).map((_, j) => x.map((row) => row[j] as number));

/** x·y for x [n, k] and y [k, m]: each element is a row of x times a column of y. */
export function times(x: Matrix, y: Matrix): Matrix {
  const columns = transpose(y);
  return x.map((row) => columns.map((column) => row.reduce((sum, a, l) => sum + a * (column[l] as number), 0)));
}

const add = (x: Matrix, y: Matrix): Matrix => each(x, y, (a, b) => a + b);
const zeros = (x: Matrix): Matrix => each(x, x, () => 0);
const sum = (x: Matrix): number => x.flat().reduce((total, a) => total + a, 0);

// 2. A tensor is a matrix that remembers what it was made of, and how to send a derivative back there.
export class Tensor {
  /** The derivative of the loss with respect to each number; `backward` adds it up. */
  grad: Matrix;
  constructor(
    public value: Matrix,
    readonly parents: readonly Tensor[] = [],
    readonly sendBack: (G: Matrix) => void = () => {},
  ) {
    this.grad = zeros(value);
  }
  receive(grad: Matrix): void {
    this.grad = add(this.grad, grad); // where two ways meet, derivatives add
  }
}

// 3. An operation has its value and, beside it, the rule that takes G, the derivative of its output, to its inputs.
/** Y = X·Wᵀ + b for X [n, in], W [out, in], b [1, out]. Back: dX = G·W, dW = Gᵀ·X, and db is the sum of G over n. */
export function linear(x: Tensor, w: Tensor, b: Tensor): Tensor {
  const y = times(x.value, transpose(w.value)).map((row) => row.map((a, j) => a + (b.value[0]?.[j] as number)));
  return new Tensor(y, [x, w, b], (G) => {
    x.receive(times(G, w.value));
    w.receive(times(transpose(G), x.value));
    b.receive([transpose(G).map((column) => sum([column]))]);
  });
}

/** tanh of each number. Back: dX = G·(1 − Y²), which needs the output only. */
export function tanh(x: Tensor): Tensor {
  const y = each(x.value, x.value, Math.tanh);
  return new Tensor(y, [x], (G) => x.receive(each(G, y, (g, a) => g * (1 - a * a))));
}

/** The mean of (Y − target)², a tensor [1, 1]. Back: dY = G·2·(Y − target)/size. */
export function meanSquaredError(y: Tensor, target: Matrix): Tensor {
  const off = each(y.value, target, (a, b) => a - b);
  const factor = 1 / off.flat().length;
  const loss = sum(each(off, off, (a, b) => a * b)) * factor;
  return new Tensor([[loss]], [y], (G) => y.receive(each(off, off, (d) => sum(G) * 2 * d * factor)));
}

// 4. Reverse mode: the loss has derivative 1 with respect to itself, and each tensor hands its derivative on when it is
// complete, that is after all tensors that were made of it.
export function backward(loss: Tensor): void {
  const order: Tensor[] = [];
  const visit = (t: Tensor): void => {
    if (order.includes(t)) return;
    t.parents.forEach(visit);
    order.push(t); // after what it was made of
  };
  visit(loss);
  loss.grad = [[1]];
  for (const t of order.reverse()) t.sendBack(t.grad);
}

// 5. A module holds parameters and knows its forward pass. This one is layers with tanh after each.
export class MLP {
  readonly layers: readonly { readonly w: Tensor; readonly b: Tensor }[];
  constructor(sizes: readonly number[], random: () => number) {
    this.layers = sizes.slice(1).map((outputs, i) => {
      const w = normal(outputs, sizes[i] as number, (sizes[i] as number) ** -0.5, random); // keeps the size of outputs
      return { w: new Tensor(w), b: new Tensor(normal(1, outputs, 0, random)) };
    });
  }
  forward(x: Tensor): Tensor {
    return this.layers.reduce((h, { w, b }) => tanh(linear(h, w, b)), x);
  }
  parameters(): Tensor[] {
    return this.layers.flatMap(({ w, b }) => [w, b]);
  }
}

// 6. An optimizer is a function from a gradient G to the update of its parameter, with a state that it keeps from step to
// step. There is one for each parameter; t counts steps from 0.
export type Optimizer = (G: Matrix, t: number) => { update: Matrix; state: readonly Matrix[] };

/** Adam: the mean of gradients over the root of the mean of their squares, each corrected for its start at zero. */
export function adam(rate: number, beta1 = 0.9, beta2 = 0.999): Optimizer {
  let [m, v]: Matrix[] = [];
  return (G, t) => {
    m = each(m ?? zeros(G), G, (old, g) => beta1 * old + (1 - beta1) * g);
    v = each(v ?? zeros(G), G, (old, g) => beta2 * old + (1 - beta2) * g * g);
    const [fromMean, fromSquare] = [1 - beta1 ** (t + 1), 1 - beta2 ** (t + 1)];
    const step = (a: number, b: number): number => (-rate * a) / fromMean / (Math.sqrt(b / fromSquare) + 1e-8);
    return { update: each(m, v, step), state: [m, v] };
  };
}

// 7. Flora (Algorithm 2). A random A [r, m] with entries N(0, 1/r) has E[Aᵀ·A] = I. So C = G·Aᵀ, with r numbers a row in
// place of m, gives the gradient back in expectation: E[C·A] = G. The momentum M, a mean of gradients in which newer ones
// count more, is kept down there, and lifted when it is used. A matrix with r columns or rows, or fewer, stays as it is.
export function flora(rate: number, r: number, every: number, random: () => number, beta = 0.9): Optimizer {
  let A: Matrix | undefined; // the library draws it again from a seed wherever it is needed, so that it is no state
  let M: Matrix | undefined;
  return (G, t) => {
    const [n, m] = [G.length, transpose(G).length];
    if (r < Math.min(n, m) && t % every === 0) {
      const next = normal(r, m, r ** -0.5, random); // r other directions, so that learning is not confined to the first
      if (M && A) M = times(times(M, A), transpose(next)); // and the momentum comes along: E[M·A·A'ᵀ·A'] = M·A
      A = next;
    }
    const C = A ? times(G, transpose(A)) : G;
    M = each(M ?? zeros(C), C, (old, c) => beta * old + (1 - beta) * c);
    const lifted = A ? times(M, A) : M;
    return { update: each(lifted, lifted, (a) => -rate * a), state: [M] };
  };
}

// 8. Is that so? The mean of C·A over N draws must come to G, with the squared error (m + 1)/r·|G|²/N, and not stop above
// it, as it would for a bias. "Unbiased" is not "accurate": one draw is off by more than G itself, where r < m + 1.
export function errorOfMean(draws: number, n = 4, m = 32, r = 8): { error: number; theory: number } {
  const random = normals(7);
  const G = normal(n, m, 1, random);
  let mean = zeros(G);
  for (let i = 0; i < draws; i++) {
    const A = normal(r, m, r ** -0.5, random);
    mean = each(mean, times(times(G, transpose(A)), A), (a, b) => a + b / draws);
  }
  const squared = (x: Matrix): number => sum(each(x, x, (a, b) => a * b));
  return { error: squared(each(mean, G, (a, g) => a - g)) / squared(G), theory: (m + 1) / r / draws };
}

// 9. Numbers from N(0, 1), the same for the same seed, and the points of two arms of a spiral that are to be told apart.
export function normals(seed: number): () => number {
  let x = seed;
  const uniform = (): number => {
    x = (x * 1664525 + 1013904223) % 2 ** 32;
    return (x + 1) / (2 ** 32 + 1);
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()); // Box and Muller
}

export function normal(rows: number, columns: number, deviation: number, random: () => number): Matrix {
  return Array.from({ length: rows }, () => Array.from({ length: columns }, () => deviation * random()));
}

export const sides: Matrix = Array.from({ length: 64 }, (_, i) => [i % 2 === 0 ? 1 : -1]);
export const points: Matrix = sides.map(([side = 0], i) => {
  const turn = (3 * (i + 1)) / 64;
  return [side * turn * Math.cos(2 * turn), side * turn * Math.sin(2 * turn)];
});

// 10. The loop that every training is; `make` gives one optimizer. Then all of it at work.
export function train(model: MLP, make: () => Optimizer, steps: number): { losses: number[]; state: number } {
  const optimizers = new Map(model.parameters().map((p) => [p, make()]));
  let state = 0;
  const losses = Array.from({ length: steps }, (_, t) => {
    for (const p of optimizers.keys()) p.grad = zeros(p.value);
    const loss = meanSquaredError(model.forward(new Tensor(points)), sides);
    backward(loss);
    state = 0; // numbers that optimizers keep
    for (const [p, optimizer] of optimizers) {
      const step = optimizer(p.grad, t);
      p.value = add(p.value, step.update);
      state += step.state.flat(2).length;
    }
    return sum(loss.value);
  });
  return { losses, state };
}

const random = normals(2);
const makers = {
  Adam: () => adam(0.01),
  'Momentum, dense': () => flora(0.3, Infinity, 1, random),
  'Momentum, Flora': () => flora(0.3, 8, 20, random),
};
export const runs = Object.entries(makers).map(([name, make]) => {
  const { losses, state } = train(new MLP([2, 32, 32, 1], normals(1)), make, 300);
  console.log(`${name}: loss ${losses[0]?.toFixed(3)} → ${losses.at(-1)?.toFixed(3)}, ${state} numbers of state`);
  return { name, losses, state };
});
for (const draws of [100, 1000]) {
  const { error, theory } = errorOfMean(draws);
  console.log(`the mean of ${draws} draws: squared error ${error.toFixed(5)}, theory ${theory.toFixed(5)}`);
}
