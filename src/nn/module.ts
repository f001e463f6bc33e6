import { OptionError, StateError } from '../base/errors';
import {
  boolean,
  checkArgument,
  type Kind,
  kindOf,
  type OptionsOf,
  optional,
  readOptions,
  refuseExtra,
} from '../base/options';
import { sameShape, show } from '../base/shape';
import { assignAll, type Write } from '../tensor/assign';
import { checkParams } from '../tensor/check';
import { noGrad } from '../tensor/derivatives/no-grad';
import { reshape } from '../tensor/ops/movement/reshape';
import type { Params, Tensor } from '../tensor/tensor';
import { isTensor } from '../tensor/tree';
import { isBuffer } from './buffer';
import { type Visit, visitFields } from './fields';

/** Which parameters: one path or everything below it, a pattern, or a predicate on the path. */
export type Match = string | RegExp | ((path: string) => boolean);

/** What selects parameters. */
export const matchKind: Kind<Match> = kindOf<Match>(
  'a path such as "blocks.0", a RegExp, or a function of a path',
  (value) => typeof value === 'string' || typeof value === 'function' || value instanceof RegExp,
);

const parametersOptions = {
  trainable: optional(boolean, false),
};

const loadOptions = {
  /** Take all tensors or none (default true). With false, take those that fit and report the others. */
  strict: optional(boolean, true),
};

/** Whether everything has to fit. */
export interface LoadOptions extends OptionsOf<typeof loadOptions> {}

/** What `load` left out, as paths; without `strict: false` there is nothing. */
export interface LoadReport {
  /** Parameters and buffers of the model for which there was no value: they stay as they were. */
  readonly missing: readonly string[];
  /** Values for which the model has no parameter or buffer. */
  readonly unexpected: readonly string[];
  /** Parameters and buffers whose value has another shape or dtype: they stay as they were. */
  readonly mismatched: readonly string[];
}

/** Parameters that no trainer touches. A property of the tensor, so that every module that holds it agrees. */
const frozen = new WeakSet<Tensor>();

/**
 * A layer is data: its parameters are its float32 tensor fields and those of its modules, and of arrays, plain records
 * and Maps of either, named by the dotted path of fields, indices and keys. Nothing is registered; `forward` is an
 * ordinary function of them. Fields that are `#private` are not looked at.
 * @example
 * class Scale extends Module {
 *   weight = ones([8]);
 *   forward(x: Tensor): Tensor {
 *     return mul(x, this.weight);
 *   }
 * }
 * console.log(Object.keys(new Sequential([relu, new Scale()]).parameters())); // prints [ 'layers.1.weight' ]
 */
export abstract class Module {
  /** What the layer computes; each layer says what it takes. */
  abstract forward(...inputs: never[]): unknown;

  /**
   * All parameters by path, in the order of fields. A tensor that occurs twice is listed once, under its first path.
   * @throws OptionError `module/hidden`, `module/key`, `module/path`
   */
  parameters(options: { trainable?: boolean } = {}): Params {
    if (arguments.length > 1) refuseExtra('parameters', arguments, 1);
    const { trainable } = readOptions('parameters', parametersOptions, options);
    const roles: readonly Role[] = trainable ? ['trained'] : ['trained', 'frozen'];
    return record(tensorsOf(this).filter(({ role }) => roles.includes(role)));
  }

  /** Parameters and buffers by path: what to save, and what `load` takes. */
  state(): Params {
    if (arguments.length > 0) refuseExtra('state', arguments, 0);
    return record(tensorsOf(this));
  }

  /**
   * Leave parameters out of `parameters({ trainable: true })` from now on. A string is a path or the start of paths:
   * 'blocks.0' freezes 'blocks.0.mlp.fc.weight' too.
   * @throws OptionError `freeze/no-match` when no parameter matches
   */
  freeze(match: Match): void {
    if (arguments.length > 1) refuseExtra('freeze', arguments, 1);
    for (const tensor of matching('freeze', this, match)) frozen.add(tensor);
  }

  /** Make parameters trainable again; what `freeze` says of strings holds here too. @throws OptionError `freeze/no-match` */
  unfreeze(match: Match): void {
    if (arguments.length > 1) refuseExtra('unfreeze', arguments, 1);
    for (const tensor of matching('unfreeze', this, match)) frozen.delete(tensor);
  }

  /**
   * Give every parameter and every buffer new values: all of them or, if it throws, none. `state` is a record as
   * `state()` returns it; for a model without buffers that is `parameters()`. With `{ strict: false }` what does not fit
   * is left out and reported, so that a model can take what it shares with another.
   * @throws StateError `load/missing`, `load/unexpected`, `load/shape`
   * @example
   * const small = new MLP({ sizes: [4, 8], key: random.key(0) });
   * const large = new MLP({ sizes: [4, 8, 2], key: random.key(0) });
   * const { missing } = large.load(small.parameters(), { strict: false });
   * console.log(missing); // prints [ 'layers.1.weight', 'layers.1.bias' ]
   */
  load(state: Params, options: LoadOptions = {}): LoadReport {
    if (arguments.length > 2) refuseExtra('load', arguments, 2);
    checkParams('load', 'state', state);
    const { strict } = readOptions('load', loadOptions, options, 'state');
    const own = record(tensorsOf(this));
    const report = leftOut(own, state);
    if (strict) refuse(own, state, report);
    const skipped = new Set([...report.missing, ...report.mismatched]);
    noGrad(() => {
      // Views, so that nothing of what was given changes hands.
      const writes = Object.entries(own)
        .filter(([path]) => !skipped.has(path))
        .map(([path, tensor]): Write => {
          const source = state[path] as Tensor;
          return [tensor, reshape(source, source.shape)];
        });
      assignAll(writes);
    });
    return report;
  }
}

/** The parameters that match, at least one. */
function matching(where: string, model: Module, match: Match): Tensor[] {
  checkArgument(where, 'match', matchKind, match);
  const entries = Object.entries(model.parameters());
  const found = entries.filter(([path]) => matches(match, path));
  if (found.length > 0) return found.map(([, tensor]) => tensor);
  throw new OptionError({
    code: 'freeze/no-match',
    got: `${where} got ${typeof match === 'function' ? 'a predicate' : String(match)}, which matches no parameter`,
    expected: `a match of at least one of ${list(entries.map(([path]) => path))}`,
    fix: 'print Object.keys(model.parameters()) and match one of these paths',
  });
}

/** What becomes of a tensor in training. */
export type Role = 'trained' | 'frozen' | 'buffer';

/** One tensor of a model. */
export interface Member {
  readonly path: string;
  readonly tensor: Tensor;
  readonly role: Role;
}

/** Everything in a model that training or files care about, in the order of fields, each tensor once. */
export function tensorsOf(model: Module): Member[] {
  const seen = new Set<Tensor>();
  const found: Member[] = [];
  visitModule(model, (tensor, path) => {
    if (!isTensor(tensor) || seen.has(tensor)) return;
    seen.add(tensor);
    const role = roleOf(tensor);
    if (role !== null) found.push({ path, tensor, role });
  });
  return found;
}

/** What a tensor of a model is there for; null for one that neither training nor files care about, such as ids. */
export function roleOf(tensor: Tensor): Role | null {
  if (isBuffer(tensor)) return 'buffer';
  if (tensor.dtype !== 'float32') return null;
  return frozen.has(tensor) ? 'frozen' : 'trained';
}

/** Visit the tensors and modules of a model, itself included. Returns the objects that were looked into. */
export function visitModule(model: Module, visit: Visit<Module>): Set<object> {
  return visitFields(model, (x): x is Module => x instanceof Module, visit);
}

function record(members: readonly Member[]): Params {
  const params = Object.fromEntries(members.map(({ path, tensor }) => [path, tensor]));
  if (Object.keys(params).length < members.length) throw samePath(members);
  return params;
}

function samePath(members: readonly Member[]): OptionError {
  const paths = members.map(({ path }) => path);
  const twice = paths.find((path, i) => paths.indexOf(path) < i);
  return new OptionError({
    code: 'module/path',
    got: `a model has two parameters with the path "${twice}"`,
    expected: 'one tensor for each path',
    fix: 'rename a key: those of records and Maps are parts of paths, where a dot separates them, and 1 and "1" are one',
  });
}

/** Does a path match? A string matches itself and everything below it. */
export function matches(match: Match, path: string): boolean {
  if (typeof match === 'function') {
    const answer = match(path);
    checkArgument('match', `the answer for "${path}"`, boolean, answer);
    return answer;
  }
  if (typeof match === 'string') return path === match || path.startsWith(`${match}.`);
  return path.search(match) >= 0; // unlike test(), the same answer twice with the flag g
}

function leftOut(own: Params, given: Params): LoadReport {
  const fits = (path: string): boolean => {
    const [a, b] = [own[path] as Tensor, given[path] as Tensor];
    return sameShape(a.shape, b.shape) && a.dtype === b.dtype;
  };
  const [paths, shared] = [Object.keys(own), (path: string) => Object.hasOwn(given, path)];
  return {
    missing: paths.filter((path) => !shared(path)),
    unexpected: Object.keys(given).filter((path) => !Object.hasOwn(own, path)),
    mismatched: paths.filter((path) => shared(path) && !fits(path)),
  };
}

/** Throw for the first thing that was left out. */
function refuse(own: Params, given: Params, { missing, unexpected, mismatched: [path] }: LoadReport): void {
  if (missing.length > 0) {
    throw new StateError({
      code: 'load/missing',
      got: `load got no values for ${list(missing)}`,
      expected: `all ${Object.keys(own).length} parameters and buffers of the model`,
      fix: unexpected.length > 0 ? `rename the entries; also found ${list(unexpected)}` : 'load a complete record',
    });
  }
  if (unexpected.length > 0) {
    throw new StateError({
      code: 'load/unexpected',
      got: `load got values for ${list(unexpected)}`,
      expected: 'only paths of model.state()',
      fix: 'remove these entries, or build the model they belong to',
    });
  }
  if (path !== undefined) {
    const [{ shape, dtype }, parameter] = [given[path] as Tensor, own[path] as Tensor];
    throw new StateError({
      code: 'load/shape',
      got: `load got "${path}" ${show(shape)} of dtype ${dtype}`,
      expected: `${show(parameter.shape)} of dtype ${parameter.dtype}`,
      fix: 'build the model with the sizes it was saved with',
    });
  }
}

function list(paths: readonly string[]): string {
  const shown = paths.slice(0, 5).map((path) => `"${path}"`);
  return shown.join(', ') + (paths.length > 5 ? ` and ${paths.length - 5} more` : '');
}
