import { OptionError } from '../base/errors';
import { inspectable } from '../base/inspectable';
import { inMessage, refuseExtra } from '../base/options';
import { type Shape, show } from '../base/shape';
import type { Params, Tensor } from '../tensor/tensor';
import { isTensor } from '../tensor/tree';
import { Adapter } from './adapter';
import { Module } from './module';

/** A layer of a model, with the parameters that are its own: not those of the layers inside it. */
export interface SummaryRow {
  /** Dotted path of fields, as in the names of parameters; '' is the model itself. */
  readonly path: string;
  /** Name of the class, which a minifier may have shortened. */
  readonly kind: string;
  /** Shapes of its parameters by name. */
  readonly shapes: Readonly<Record<string, Shape>>;
  /** Parameters that it holds too, by name: the path under which they are counted. */
  readonly tied: Readonly<Record<string, string>>;
  /** How many numbers those of `shapes` are. */
  readonly parameters: number;
  /** How many of them a trainer would train. */
  readonly trainable: number;
  /** Class of the adapter that hangs in it and has the next row; null without one. */
  readonly adapter: string | null;
}

/** What `summary` finds; `console.log` and `toString` show a table. */
export interface Summary {
  /** Name of the model's class. */
  readonly kind: string;
  /** Layers that hold parameters, and those without layers inside, in the order of fields. */
  readonly rows: readonly SummaryRow[];
  /** All of them, each once. */
  readonly parameters: number;
  /** Those that are not frozen. */
  readonly trainable: number;
  /** Those of adapters. */
  readonly adapters: number;
  /** What the parameters take, 4 bytes each; gradients and the state of an optimizer come on top. */
  readonly bytes: number;
  /** The table. */
  toString(): string;
}

/**
 * The layers of a model with the shapes and numbers of their parameters, and totals.
 * @throws OptionError `summary/model`
 * @example
 * console.log(summary(new MLP({ sizes: [2, 8, 1], key: random.key(0) })));
 * // prints layer     kind    shapes                   parameters  trainable  adapter
 * // prints layers.0  Linear  weight [8, 2], bias [8]          24         24
 * // prints layers.1  Linear  weight [1, 8], bias [1]           9          9
 * // prints MLP: 33 parameters (132 bytes), 33 trainable
 */
export function summary(model: Module): Summary {
  if (arguments.length > 1) refuseExtra('summary', arguments, 1);
  if (!(model instanceof Module)) throw notModule(model);
  return new Table(model);
}

class Table implements Summary {
  readonly kind: string;
  readonly rows: readonly SummaryRow[];
  readonly parameters: number;
  readonly trainable: number;
  readonly adapters: number;
  readonly bytes: number;

  constructor(model: Module) {
    const { rows, adapters } = layersOf(model);
    this.kind = model.constructor.name;
    this.rows = rows;
    this.parameters = elements(model.parameters());
    this.trainable = elements(model.parameters({ trainable: true }));
    this.adapters = adapters;
    this.bytes = 4 * this.parameters;
    inspectable(this, () => this.toString()); // not of the class: a statement beside it would keep it in every bundle
  }

  toString(): string {
    const head = ['layer', 'kind', 'shapes', 'parameters', 'trainable', 'adapter'];
    const body = [head, ...this.rows.map(cellsOf)];
    const widths = head.map((_, i) => body.reduce((width, cells) => Math.max(width, (cells[i] as string).length), 0));
    const pad = (cell: string, i: number): string =>
      i === 3 || i === 4 ? cell.padStart(widths[i] as number) : cell.padEnd(widths[i] as number);
    const { kind, parameters, trainable, adapters, bytes } = this;
    const counts = `${grouped(parameters)} parameters (${grouped(bytes)} bytes), ${grouped(trainable)} trainable`;
    const total = `${kind}: ${counts}${adapters > 0 ? `, ${grouped(adapters)} in adapters` : ''}`;
    return [...body.map((cells) => cells.map(pad).join('  ').trimEnd()), total].join('\n');
  }
}

type Row = { -readonly [Field in keyof SummaryRow]: SummaryRow[Field] } & {
  readonly shapes: Record<string, Shape>;
  readonly tied: Record<string, string>;
};

/** The modules of a model, each once, and how many of the numbers are those of adapters. */
function layersOf(model: Module): { rows: Row[]; adapters: number } {
  const paths = new Map(Object.entries(model.parameters()).map(([path, tensor]) => [tensor, path]));
  const trainable = new Set(Object.values(model.parameters({ trainable: true })));
  const [rows, adapters, around] = [[] as Row[], new Set<Row>(), new Set<Row>()];
  const seen = new Set<object>();
  const visit = (node: unknown, path: string, owner: Row | null): void => {
    if (owner !== null && isTensor(node)) count(node, path, owner);
    else if (isBranch(node) && !seen.has(node)) {
      seen.add(node);
      const row = node instanceof Module ? enter(node, path, owner) : owner;
      for (const [field, branch] of node instanceof Map ? node : Object.entries(node))
        visit(branch, path ? `${path}.${field}` : String(field), row);
    }
  };
  const enter = (layer: Module, path: string, owner: Row | null): Row => {
    const kind = layer.constructor.name;
    const row = { path, kind, shapes: {}, tied: {}, parameters: 0, trainable: 0, adapter: null };
    rows.push(row);
    if (owner !== null) around.add(owner);
    if (layer instanceof Adapter) {
      adapters.add(row);
      if (owner !== null) owner.adapter = kind;
    }
    return row;
  };
  const count = (tensor: Tensor, path: string, row: Row): void => {
    const known = paths.get(tensor);
    if (known === undefined) return; // int32, or no parameter for another reason
    const name = row.path === '' ? path : path.slice(row.path.length + 1);
    if (seen.has(tensor)) row.tied[name] = known;
    else {
      seen.add(tensor);
      row.shapes[name] = tensor.shape;
      row.parameters += tensor.size;
      if (trainable.has(tensor)) row.trainable += tensor.size;
    }
  };
  visit(model, '', null);
  return {
    rows: rows.filter((row) => !around.has(row) || Object.keys({ ...row.shapes, ...row.tied }).length > 0),
    adapters: [...adapters].reduce((sum, { parameters }) => sum + parameters, 0),
  };
}

/** What fields are looked for in: modules, and plain collections of them. */
function isBranch(node: unknown): node is object {
  if (typeof node !== 'object' || node === null) return false;
  if (node instanceof Module || Array.isArray(node) || node instanceof Map) return true;
  const prototype: unknown = Object.getPrototypeOf(node);
  return prototype === Object.prototype || prototype === null;
}

function elements(params: Params): number {
  return Object.values(params).reduce((sum, { size }) => sum + size, 0);
}

function cellsOf({ path, kind, shapes, tied, parameters, trainable, adapter }: SummaryRow): string[] {
  const own = Object.entries(shapes).map(([name, shape]) => `${name} ${show(shape)}`);
  const others = Object.entries(tied).map(([name, first]) => `${name} = ${first}`);
  const all = [...own, ...others].join(', ');
  return [path || '(the model)', kind, all, grouped(parameters), grouped(trainable), adapter ?? ''];
}

/** 184593 → '184,593', whatever the language of the system. */
function grouped(n: number): string {
  return n.toLocaleString('en');
}

function notModule(model: unknown): OptionError {
  return new OptionError({
    code: 'summary/model',
    got: `summary got ${inMessage(model)}`,
    expected: 'a model: an instance of a class that extends Module',
    fix: 'pass the model, not its parameters() or a trainer',
  });
}
