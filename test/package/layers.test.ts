import { posix } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { type SourceFile, sourceFiles, walk } from './sources';

interface Import {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

/** What each room may import besides itself: the order of the rooms, with optim and compress kept clear of nn. */
const foundation = ['base', 'backend'];
const engine = [...foundation, 'tensor'];
const models = [...engine, 'nn', 'optim', 'compress'];
const mayImport: Record<string, readonly string[]> = {
  base: [],
  backend: ['base'],
  tensor: foundation,
  nn: engine,
  optim: engine,
  compress: [...engine, 'optim'],
  data: models,
  io: [...models, 'data'],
  adapters: [...models, 'io'],
  training: models,
  mpi: [...models, 'io'],
  report: ['base', 'study'],
  node: [...models, 'io', 'report'],
  study: [...models, 'adapters'],
  laws: [...models, 'adapters', 'training', 'io', 'data', 'study'],
};

const files = sourceFiles();
const imports = files.flatMap(importsOf);

function importsOf({ path, tree }: SourceFile): Import[] {
  const found: Import[] = [];
  const add = (specifier: ts.Node | undefined, typeOnly: boolean): void => {
    if (!specifier || !ts.isStringLiteral(specifier)) return;
    found.push({ from: path, to: resolve(path, specifier.text), typeOnly });
  };
  walk(tree, (node) => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, node.importClause?.isTypeOnly ?? false);
    if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly);
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      add(node.arguments[0], false);
  });
  return found;
}

/** The file that a relative import names; other imports stay as written. */
function resolve(from: string, specifier: string): string {
  if (!specifier.startsWith('.')) return specifier;
  const target = posix.join(posix.dirname(from), specifier);
  return [`${target}.ts`, `${target}/index.ts`].find((path) => files.some((file) => file.path === path)) ?? target;
}

/** `src/nn/layers/linear.ts` → `nn`; the front doors directly under src have no room and may import all rooms. */
function roomOf(path: string): string | null {
  const [, room, file] = path.split('/');
  return file === undefined ? null : (room as string);
}

/**
 * `src/nn/layers/linear.ts` → `nn/layers`. Tensor is one room with all its folders: a tensor has the ops as methods and
 * prints itself. Laws of one kind of thing are one room with their list.
 */
function innerRoomOf(path: string): string {
  const [, room = '', ...inner] = posix.dirname(path).split('/');
  return room === 'tensor' || room === 'laws' ? room : [room, ...inner].join('/');
}

/** The sets of files that reach each other, by Tarjan's algorithm. */
function knots(next: ReadonlyMap<string, readonly string[]>): string[][] {
  const found: string[][] = [];
  const order = new Map<string, number>();
  const open: string[] = [];
  const visit = (path: string): number => {
    const own = order.size;
    let low = own;
    order.set(path, own);
    open.push(path);
    for (const target of next.get(path) ?? []) {
      if (!next.has(target)) continue;
      if (!order.has(target)) low = Math.min(low, visit(target));
      else if (open.includes(target)) low = Math.min(low, order.get(target) as number);
    }
    if (low === own) {
      const knot = open.splice(open.indexOf(path));
      if (knot.length > 1) found.push(knot.sort());
    }
    return low;
  };
  for (const path of next.keys()) if (!order.has(path)) visit(path);
  return found;
}

const show = ({ from, to }: Import): string => `${from} imports ${to}`;

describe('layers of src', () => {
  it('finds the files', () => {
    expect(files.length).toBeGreaterThan(30);
    expect(imports.filter(({ from, to }) => roomOf(from) !== roomOf(to)).length).toBeGreaterThan(30);
  });

  it('imports go one way through the rooms', () => {
    const climbing = imports.filter(({ from, to }) => {
      const [room, other] = [roomOf(from), to.startsWith('src/') ? roomOf(to) : null];
      if (room === null || room === 'cli' || other === room) return false;
      if (other === null) return to.startsWith('src/'); // a front door serves the outside only
      return !mayImport[room]?.includes(other);
    });
    expect(climbing.map(show)).toEqual([]);
  });

  it('has no cycle between files, apart from imports of types and among ops', () => {
    // A vjp is written with other ops, and sum and broadcastTo are each other's: inside ops cycles are natural.
    const op = (path: string): boolean => path.startsWith('src/tensor/ops/');
    const next = new Map(files.map(({ path }) => [path, [] as string[]]));
    for (const { from, to, typeOnly } of imports) if (!typeOnly && !(op(from) && op(to))) next.get(from)?.push(to);
    const done = new Set<string>();
    const cycles: string[] = [];
    const visit = (path: string, trail: readonly string[]): void => {
      if (trail.includes(path)) cycles.push([...trail.slice(trail.indexOf(path)), path].join(' → '));
      if (trail.includes(path) || done.has(path)) return;
      for (const target of next.get(path) ?? []) visit(target, [...trail, path]);
      done.add(path);
    };
    for (const { path } of files) visit(path, []);
    expect(cycles).toEqual([]);
  });

  it('has no cycle between files of different rooms, of types neither', () => {
    const next = new Map(files.map(({ path }) => [path, [] as string[]]));
    for (const { from, to } of imports) next.get(from)?.push(to);
    const mixed = knots(next).filter((knot) => new Set(knot.map(innerRoomOf)).size > 1);
    expect(mixed).toEqual([]);
  });

  it('has no default exports', () => {
    const defaults = files.filter(({ tree }) =>
      tree.statements.some(
        (statement) =>
          ts.isExportAssignment(statement) ||
          (ts.canHaveModifiers(statement) &&
            ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword)),
      ),
    );
    expect(defaults.map(({ path }) => path)).toEqual([]);
  });

  it('names gpu.js in one file, which loads it when it is asked to', () => {
    expect(imports.filter(({ to }) => to === 'gpu.js').map(show)).toEqual(['src/backend/gpu/gpujs.ts imports gpu.js']);
    const { tree } = files.find(({ path }) => path === 'src/backend/gpu/gpujs.ts') as SourceFile;
    const statements = tree.statements.filter((node) => ts.isImportDeclaration(node) || ts.isExportDeclaration(node));
    expect(statements.filter((node) => node.getText(tree).includes('gpu.js'))).toEqual([]);
  });

  it('reads the texts of kernels/gpujs in the GPU backend only', () => {
    const others = imports.filter(({ from, to }) => to.startsWith('kernels/') && !from.startsWith('src/backend/gpu/'));
    expect(others.map(show)).toEqual([]);
  });

  it('reaches the GPU backend through its door, and the door from the command line only', () => {
    const [door, room] = ['src/gpu.ts', 'src/backend/gpu/'];
    const others = imports.filter(({ from, to }) =>
      to === door ? !from.startsWith('src/cli/') : to.startsWith(room) && from !== door && !from.startsWith(room),
    );
    expect(others.map(show)).toEqual([]);
  });

  it('imports fast-check in the random half of the laws only, which no check reaches', () => {
    const random = new Set(imports.filter(({ to }) => to === 'fast-check').map(({ from }) => from));
    expect([...random].filter((path) => !path.startsWith('src/laws/'))).toEqual([]);
    expect(random.has('src/laws/law.ts')).toBe(true);
    const checks = files.map(({ path }) => path).filter((path) => /^src\/laws\/\w+\/check\.ts$/.test(path));
    expect(checks.length).toBeGreaterThan(1);
    const reached = new Set(['src/study.ts', 'src/index.ts', ...checks]);
    for (const path of reached)
      for (const { from, to, typeOnly } of imports) if (from === path && !typeOnly) reached.add(to);
    expect([...reached].filter((path) => random.has(path))).toEqual([]);
  });

  it('imports Node modules in the command line, in src/node and where MPI is called only', () => {
    const others = imports.filter(
      ({ from, to }) => to.startsWith('node:') && !/^src\/(cli|node|mpi\/library\.ts)\b/.test(from),
    );
    expect(others.map(show)).toEqual([]);
  });
});
