const unit = (name) => `test/unit/adapters/${name}.test.ts`;
const replay = (file) => `test/unit/adapters/replays.test.ts > ${file}`;
const maps = 'src/adapters/methods/mora-maps.ts';
const mora = 'src/adapters/methods/mora.ts';
const vera = 'src/adapters/methods/vera.ts';
const nested = 'src/adapters/methods/nested-lora.ts';
const mini = 'src/adapters/methods/lora-mini.ts';
const vectorFit = 'src/adapters/methods/vector-fit.ts';
const nora = 'src/adapters/methods/nora.ts';

/** Square matrices, shared and nested factors. */
export const square = [
  {
    name: 'MoRA: groups that are filled up at the front',
    file: maps,
    find: 'tile(x, [times]), [], [...leading(x), length])',
    replace: 'tile(x, [times]), [...leading(x).map(() => 0), -length])',
    tests: [`${unit('mora')} > computes with`, replay('mora')],
  },
  {
    name: 'MoRA: an input more in the last groups of neighbours',
    file: maps,
    find: 'split(x, [longer * (less + 1), (side - longer) * less], -1)',
    replace: 'split(x, [(side - longer) * less, longer * (less + 1)], -1).reverse()',
    tests: [`${unit('mora')} > computes with`],
  },
  {
    name: 'MoRA: outputs spread side by side in type 3',
    file: maps,
    find: '3: { compress: contiguous, decompress: tiled }',
    replace: '3: { compress: contiguous, decompress: repeated }',
    tests: [replay('mora'), `${unit('mora')} > computes with`],
  },
  {
    name: 'MoRA: groups that are not turned',
    file: maps,
    find: 'rotary(groupsOf(x, side))',
    replace: 'groupsOf(x, side)',
    tests: [replay('mora')],
  },
  {
    name: 'MoRA: a side rounded down',
    file: mora,
    find: 'Math.floor(Math.sqrt(extents * rank) + 0.5)',
    replace: 'Math.floor(Math.sqrt(extents * rank))',
    tests: [unit('mora')],
  },
  {
    name: 'MoRA: a type that is not handed on',
    file: mora,
    find: 'new Mora(read.type, side, read.dropout)',
    replace: 'new Mora(6, side, read.dropout)',
    tests: [unit('mora')],
  },
  {
    name: 'MoRA: dropout without a key',
    file: mora,
    find: 'const dropped = key ? dropout(x, this.dropout, key) : x;',
    replace: 'const dropped = x;',
    tests: [`${unit('mora')} > drops what`],
  },
  {
    name: 'VeRA: the last columns of the shared pair',
    file: vera,
    find: 'slice(A, [], [rank, inputs])',
    replace: 'slice(A, [0, -inputs])',
    tests: [`${unit('vera')} > computes with`, replay('vera')],
  },
  {
    name: 'VeRA: a pair from another seed than it was given',
    file: vera,
    find: "fold(key(seed), 'vera', name)",
    replace: "fold(key(0), 'vera', name)",
    tests: [unit('vera')],
  },
  {
    name: 'VeRA: a fan of the other extent',
    file: vera,
    find: "initializers.kaimingUniform(fold(key(seed), 'vera', name), shape)",
    replace: "initializers.kaimingUniform(fold(key(seed), 'vera', name), shape, { mode: 'fanOut' })",
    tests: [`${unit('vera')} > draws the pair`],
  },
  {
    name: 'VeRA: a start of d that is not handed on',
    file: vera,
    find: 'full([rank], read.dInitial)',
    replace: 'full([rank], 0.1)',
    tests: [unit('vera')],
  },
  {
    name: 'VeRA: a pair for the first layer alone',
    file: vera,
    find: 'Math.max(...shapes.map((shape) => shape[axis] as number))',
    replace: 'shapes[0]?.[axis] as number',
    tests: [unit('vera')],
  },
  {
    name: 'VeRA: the factors of the inner components on the way out too',
    file: vera,
    find: 'mul(linear(inner, B), this.b)',
    replace: 'mul(linear(mul(inner, this.d), B), this.b)',
    tests: [replay('vera'), `${unit('vera')} > computes with`],
  },
  {
    name: 'nested adapters: a scale on both sides of the inner pair',
    file: nested,
    find: 'add(linear(x, weight, bias ?? undefined), linear(inner, this.outerB))',
    replace: 'add(linear(x, weight, bias ?? undefined), mul(linear(inner, this.outerB), this.scale))',
    tests: [`${unit('lora-mini')} > computes with`],
  },
  {
    name: 'nested adapters: a merge without the factors of the components',
    file: nested,
    find: 'return this.d ? mul(this.d, fraction * this.scale) : fraction * this.scale;',
    replace: 'return fraction === 1 && this.d ? mul(this.d, this.scale) : fraction * this.scale;',
    tests: ['test/laws/adapters.test.ts > NoRA'],
  },
  {
    name: 'nested adapters: outer factors that are trained too',
    file: nested,
    find: 'this.freeze(/^outer/);',
    replace: 'this.freeze(/^outerB/);',
    tests: [unit('lora-mini')],
  },
  {
    name: 'LoRA-Mini: the extents of the inner pair exchanged',
    file: mini,
    find: 'const [a, b] = read.inner;',
    replace: 'const [b, a] = read.inner;',
    tests: [unit('lora-mini')],
  },
  {
    name: 'LoRA-Mini: two factors from one draw',
    file: mini,
    find: "outerA: draw('outerA', [b, inputs])",
    replace: "outerA: draw('A', [b, inputs])",
    tests: [`${unit('lora-mini')} > draws all but B`],
  },
  {
    name: 'LoRA-Mini: a bound by the first extent',
    file: mini,
    find: '1 / Math.sqrt(of[1] as number)',
    replace: '1 / Math.sqrt(of[0] as number)',
    tests: [`${unit('lora-mini')} > draws all but B`],
  },
  {
    name: 'NoRA: outer factors without singular values',
    file: nora,
    find: 'outerB: mul(u, s)',
    replace: 'outerB: u',
    tests: [`${unit('nora')} > takes the leading`],
  },
  {
    name: 'NoRA: a start that float32 sees',
    file: nora,
    find: 'initializers.normal(fold(key, name), shape, 1e-5)',
    replace: 'initializers.normal(fold(key, name), shape, 1e-2)',
    tests: [`${unit('nora')} > draws B and A`],
  },
  {
    name: 'NoRA: a scale over the rank, not its root',
    file: nora,
    find: 'rankStabilized: true',
    replace: 'rankStabilized: false',
    tests: [`${unit('nora')} > computes with`],
  },
  {
    name: 'NoRA: a fortieth of the rank that may be nothing',
    file: nora,
    find: 'Math.max(1, Math.floor(rank / 40))',
    replace: 'Math.ceil(rank / 40)',
    tests: [`${unit('nora')} > has rank 64`],
  },
  {
    name: 'VectorFit: a bias that is trained where it is not asked for',
    file: vectorFit,
    find: 'read.bias ? biasOf(layer) : null',
    replace: 'biasOf(layer)',
    tests: [unit('vector-fit')],
  },
  {
    name: 'VectorFit: the new bias without the old one',
    file: vectorFit,
    find: 'bias ? add(bias, this.shift) : this.shift',
    replace: 'this.shift',
    tests: [`${unit('vector-fit')} > computes with`],
  },
  {
    name: 'VectorFit: singular vectors that are trained too',
    file: vectorFit,
    find: 'this.freeze(/^(u|vt)$/);',
    replace: 'this.freeze(/^u$/);',
    tests: [unit('vector-fit')],
  },
  {
    name: 'VectorFit: rows of U scaled, not its columns',
    file: vectorFit,
    find: 'matmul(mul(this.u, mul(this.sigma, fraction)), this.vt)',
    replace: 'mul(matmul(this.u, this.vt), mul(this.sigma.sum(), fraction))',
    tests: [`${unit('vector-fit')} > without a bias`],
  },
  {
    name: 'finetune: vectors around a pair of another seed',
    file: 'src/cli/finetune/rows/square.ts',
    find: 'vera(model, { rank, match, seed })',
    replace: 'vera(model, { rank, match })',
    tests: ['test/unit/cli/finetune/square.test.ts > draws from the seed'],
  },
];
