/**
 * Which laws and tests check the formulas of which files. A row applies to the files that its pattern matches; all rows
 * that match a file count. Names of laws stand here as they stand in their files: one that is not there fails the build.
 */

import type { Subject } from './find-formulas';

/** A law by its name; it checks a formula where one of the row's files has the thing under test. */
export interface NamedLaw {
  readonly file: string;
  readonly name: string;
  /** Formulas that it is about, by how they are written; all by default. */
  readonly of?: RegExp;
}

export interface LawRow {
  /** What the thing under test is, for people. */
  readonly room: string;
  readonly files: RegExp;
  /** What its laws look at: values by default. Counts of work are looked at by none. */
  readonly about?: Exclude<Subject, 'work'>;
  /** What holds for each thing that has a place in `rows`. */
  readonly laws?: readonly NamedLaw[];
  /** Files, or patterns of files, that name what is under test: rows of a law suite, replays, golden values, unit tests. */
  readonly rows?: readonly string[];
  /** The law file of a family, whose laws name the functions that they try: those of the formula are looked for. */
  readonly families?: Readonly<Record<string, string>>;
}

const derivatives = 'src/laws/op/derivatives.ts';
const derivative = /^d[A-Zxyzhqkvwbus]\w*\b|^d(?:weight|bias)|′|^g\b|^∂/u;
const fused = 'src/laws/op/fused.ts';
const exact = 'src/laws/projector/exact.ts';
const families = {
  attention: 'src/laws/backend/attention.ts',
  elementwise: 'src/laws/backend/elementwise.ts',
  math: 'src/laws/backend/elementwise.ts',
  nan: 'src/laws/backend/elementwise.ts',
  movement: 'src/laws/backend/movement.ts',
  places: 'src/laws/backend/movement.ts',
  index: 'src/laws/backend/movement.ts',
  layout: 'src/laws/backend/movement.ts',
  ids: 'src/laws/backend/movement.ts',
  pack: 'src/laws/backend/products.ts',
  product: 'src/laws/backend/products.ts',
  products: 'src/laws/backend/products.ts',
  'products-wgsl': 'src/laws/backend/products.ts',
  tile: 'src/laws/backend/products.ts',
  random: 'src/laws/backend/random.ts',
  'random-cross': 'src/laws/backend/random.ts',
  reductions: 'src/laws/backend/reductions.ts',
  scan: 'src/laws/backend/reductions.ts',
  'top-k': 'src/laws/backend/reductions.ts',
  rows: 'src/laws/backend/rows.ts',
  'row-map': 'src/laws/backend/rows.ts',
  updates: 'src/laws/backend/updates.ts',
  storage: 'src/laws/backend/storage.ts',
  support: 'src/laws/backend/products.ts',
  workspace: 'src/laws/backend/products.ts',
  'attention-spec': 'src/laws/backend/attention.ts',
  heap: 'src/laws/backend/storage.ts',
  device: 'src/laws/backend/storage.ts',
};

export const lawRows: readonly LawRow[] = [
  {
    room: 'an op',
    files: /^src\/tensor\/ops\//,
    laws: [
      { file: derivatives, name: 'the vjp equals central differences in every coordinate', of: derivative },
      { file: derivatives, name: 'the second derivative equals central differences of the gradient', of: derivative },
      { file: fused, name: 'kernels agree with the formulas that they stand for' },
    ],
    rows: ['test/laws/ops.ts', 'test/laws/rows/*.ts', 'test/laws/internal-ops.ts', 'test/laws/torch/*.ts'],
  },
  {
    room: 'an op, by hand',
    files: /^src\/tensor\/ops\//,
    rows: [
      'test/unit/tensor/ops/**/*.test.ts',
      'test/unit/nn/layers/images-golden.test.ts',
      'test/unit/tensor/*.test.ts',
    ],
  },
  {
    room: 'a kernel, or what it must agree with',
    files: /^(?:src\/backend\/(?:reference|wasm|gpu|attention-spec)|kernels\/(?:wasm|gpujs))/,
    families,
  },
  { room: 'the contract of backends', files: /^src\/backend\/contract\.ts$/, families },
  {
    room: 'a backend, by hand',
    files: /^(?:src\/backend|kernels)\//,
    rows: ['test/unit/backend/**/*.test.ts', 'test/gpu/*.test.ts'],
  },
  {
    room: 'a projector',
    files: /^src\/compress\/(?:projectors|maps|theory)\//,
    laws: [
      {
        file: 'src/laws/projector/means.ts',
        name: 'mean, mean squared error and transferred mean are those of the theory',
        of: /E\[|E‖|^1 −|\/r|\/q|‖G‖²|r\/d|density|gain|Var|S\b/u,
      },
      { file: exact, name: 'linearity', of: /X|A|down|up|H·/u },
      { file: exact, name: 'adjointness', of: /ᵀ|√|Q/u },
      { file: exact, name: 'transfer', of: /_old|_to|old|A_from|′/u },
      { file: exact, name: 'rank', of: /orthonormal|Σ_|V/u },
    ],
    rows: ['src/compress/projectors/projectors.ts', 'test/unit/compress/theory/theories.test.ts'],
  },
  {
    room: 'a projector, by hand',
    files: /^src\/compress\//,
    rows: [
      'test/property/variances.ts',
      'test/property/variances.test.ts',
      'test/property/expectation.test.ts',
      'test/property/cases.ts',
      'test/unit/compress/**/*.test.ts',
    ],
  },
  {
    room: 'a transform',
    files: /^src\/(?:optim|compress)\//,
    laws: [
      { file: 'src/laws/transform/pure.ts', name: 'gives the same answer twice' },
      { file: 'src/laws/transform/linear.ts', name: 'is linear where it says so', of: /β|M ←|m ←|mean|up\(|down\(/u },
      { file: 'src/laws/transform/saved.ts', name: 'goes on from a saved state' },
    ],
    rows: ['test/laws/transforms.ts'],
  },
  {
    room: 'the state of a method',
    files: /^src\/(?:compress|optim)\//,
    about: 'state',
    laws: [
      {
        file: 'test/unit/study/methods/rows.test.ts',
        name: 'keeps as many floats as its row says, to the byte',
      },
    ],
    rows: ['src/study/methods/*.ts'],
  },
  {
    room: 'the memory of a projection',
    files: /^src\/compress\//,
    about: 'state',
    rows: ['test/unit/compress/memory.test.ts', 'test/unit/compress/quantise.test.ts'],
  },
  {
    room: 'a method, against the published code',
    files: /^src\/(?:optim|compress|training)\//,
    rows: ['test/methods/replays/*.ts', 'test/property/methods-expectation.test.ts'],
  },
  {
    room: 'an optimizer, against PyTorch and by hand',
    files: /^src\/optim\//,
    rows: ['test/unit/optim/*.test.ts', 'test/unit/optim/pairs/*.test.ts', 'test/property/optimizers.test.ts'],
  },
  {
    room: 'an adapter',
    files: /^src\/(?:adapters|nn\/adapter)/,
    laws: [
      {
        file: 'src/laws/adapter/gradients.ts',
        name: 'has the gradients of its output, and so has the weight where it is trained too',
      },
      { file: 'src/laws/adapter/merged.ts', name: 'computes what the plain layer does with the merged weight' },
      { file: 'src/laws/adapter/start.ts', name: 'starts without effect, and is all that is trained', of: /= 0|^W/u },
    ],
    rows: ['test/laws/adapters.ts', 'test/laws/adapter-rows/*.ts'],
  },
  {
    room: 'an adapter, against the published code and by hand',
    files: /^src\/(?:adapters|optim\/pairs)\//,
    rows: ['test/methods/adapter-replays/*.ts', 'test/unit/adapters/*.test.ts'],
  },
  {
    room: 'a layer, which is an op of its input and parameters',
    files: /^src\/nn\//,
    laws: [{ file: derivatives, name: 'the vjp equals central differences in every coordinate' }],
    rows: ['test/laws/layers.ts'],
  },
  {
    room: 'a layer or model, by hand',
    files: /^src\/nn\//,
    rows: [
      'test/unit/nn/**/*.test.ts',
      'test/unit/adapters/*.test.ts',
      'test/unit/io/gpt.test.ts',
      'test/integration/*.test.ts',
    ],
  },
  {
    room: 'linear algebra',
    files: /^src\/tensor\/linalg\//,
    rows: [
      'test/unit/tensor/linalg/*.test.ts',
      'test/laws/ops.ts',
      'test/laws/rows/*.ts',
      'test/unit/compress/**/*.test.ts',
    ],
  },
  {
    room: 'derivatives and the tape',
    files: /^src\/tensor\//,
    rows: ['test/unit/tensor/derivatives/*.test.ts', 'test/unit/tensor/**/*.test.ts', 'test/unit/misuse/*.test.ts'],
  },
  {
    room: 'the base: known answers',
    files: /^src\/base\//,
    rows: [
      'test/unit/base/*.test.ts',
      'test/unit/backend/*.test.ts',
      'test/unit/cli/train/student.test.ts',
      'test/unit/tensor/ops/random.test.ts',
    ],
  },
  {
    room: 'a study',
    files: /^src\/study/,
    rows: [
      'test/unit/study/**/*.test.ts',
      'test/unit/laws/**/*.test.ts',
      'test/property/*.ts',
      'test/unit/cli/study/*.test.ts',
    ],
  },
  {
    room: 'a law, which has to convict what breaks it',
    files: /^src\/laws/,
    rows: ['test/unit/laws/**/*.test.ts', 'test/laws/*.test.ts', 'test/laws/*.ts', 'test/property/*.ts'],
  },
  {
    room: 'training, data, files and commands',
    files: /^src\/(?:training|data|io|node|report|cli)\//,
    rows: [
      'test/unit/{training,data,io,node,report,cli}/**/*.test.ts',
      'test/integration/*.test.ts',
      'test/unit/optim/*.test.ts',
    ],
  },
  { room: 'an example', files: /^examples\//, rows: ['test/unit/micro.test.ts', 'test/package/examples.test.ts'] },
];
