import { OptionError } from '../../base/errors';
import {
  callable,
  checkArgument,
  listOf,
  type OptionsOf,
  readOptions,
  refuseExtra,
  required,
  string,
} from '../../base/options';
import { moduleKind } from '../../nn/kinds';
import { type Module, visitModule } from '../../nn/module';
import { noGrad } from '../../tensor/derivatives/no-grad';
import { concat } from '../../tensor/ops/movement/concat';
import { reshape } from '../../tensor/ops/movement/reshape';
import type { Tensor } from '../../tensor/tensor';
import { isTensor } from '../../tensor/tree';

const blockStatesOptions = {
  /** Paths of modules of the model: layers, or blocks of layers. */
  blocks: required(listOf(string)),
  /** Runs the model, once or more often: `() => model.forward(x)`. What it returns is not looked at. */
  run: required(callable<() => unknown>('that runs the model')),
};

/** Which modules, and on what. */
export interface BlockStatesOptions extends OptionsOf<typeof blockStatesOptions> {}

/** The hidden states before and after one module, a row for each position of all passes. */
export interface BlockStates {
  /** Path of the module. */
  readonly path: string;
  /** What it got, [N, width]. */
  readonly before: Tensor;
  /** What it returned, [N, width]. */
  readonly after: Tensor;
}

/**
 * Run a model and keep what modules of it get and return: the hidden states for `geLoraRanks`, of any model. Nothing of the
 * model changes, and no derivative is recorded.
 * @throws OptionError `ranks/blocks` for a path that is no module, one that was not run, or one that takes or returns no tensor
 * @example
 * const model = new MLP({ sizes: [8, 16, 4], key: random.key(0) });
 * const x = random.normal(random.key(1), [10, 8]);
 * const states = blockStates(model, { blocks: ['layers.0', 'layers.1'], run: () => model.forward(x) });
 * console.log(states.map(({ after }) => String(after.shape))); // prints [ '10,16', '10,4' ]
 */
export function blockStates(model: Module, options: BlockStatesOptions): BlockStates[] {
  if (arguments.length > 2) refuseExtra('blockStates', arguments, 2);
  checkArgument('blockStates', 'model', moduleKind, model);
  const { blocks, run } = readOptions('blockStates', blockStatesOptions, options, 'model');
  const modules = new Map<string, Module>();
  visitModule(model, (found, path) => {
    if (!isTensor(found)) modules.set(path, found);
  });
  const watched = blocks.map((path) => watch(path, modules.get(path) ?? unknown(path, [...modules.keys()])));
  try {
    return noGrad(() => {
      run();
      return watched.map(({ path, before, after }) => {
        if (before.length === 0) throw badBlock(`"${path}", which run did not get to`);
        return { path, before: rowsOf(before), after: rowsOf(after) };
      });
    });
  } finally {
    // From the last to the first: one module may have been named twice.
    for (const { restore } of watched.reverse()) restore();
  }
}

/** Put a `forward` before the module's own that keeps what passes. */
function watch(path: string, module: Module) {
  const [before, after]: [Tensor[], Tensor[]] = [[], []];
  const own = Object.getOwnPropertyDescriptor(module, 'forward');
  const { forward } = module;
  const seen = (...inputs: readonly unknown[]): unknown => {
    const output = forward.apply(module, inputs as never[]);
    const [input] = inputs;
    if (!isTensor(input) || !isTensor(output)) throw badBlock(`"${path}", which does not take and return a tensor`);
    before.push(input);
    after.push(output);
    return output;
  };
  Object.defineProperty(module, 'forward', { value: seen, configurable: true, writable: true });
  const restore = (): void => {
    Reflect.deleteProperty(module, 'forward');
    if (own) Object.defineProperty(module, 'forward', own);
  };
  return { path, before, after, restore };
}

/** [..., width] of each pass → [N, width] */
function rowsOf(states: readonly Tensor[]): Tensor {
  return concat(states.map((t) => reshape(t, [t.size / (t.shape.at(-1) ?? 1), t.shape.at(-1) ?? 1])));
}

function unknown(path: string, known: readonly string[]): never {
  throw badBlock(`"${path}", which the model does not have`, known);
}

function badBlock(what: string, known: readonly string[] = []): OptionError {
  return new OptionError({
    code: 'ranks/blocks',
    got: `blockStates got the block ${what}`,
    expected: `paths of modules that run calls${known.length > 1 ? `, such as "${known[1]}"` : ''}`,
    fix: 'take the paths from summary(model), and run the whole model',
  });
}
