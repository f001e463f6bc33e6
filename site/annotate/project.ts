import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import ts from 'typescript';

/** A file of TypeScript, or of AssemblyScript, which is written the same. */
export interface SourceFile {
  /** From the root of the repository, such as `src/compress/flora.ts`. */
  readonly path: string;
  readonly text: string;
  readonly tree: ts.SourceFile;
  /** Imported name → the file that it comes from and its name there; `*` for all of a file. */
  readonly imports: ReadonlyMap<string, Place>;
  readonly exports: readonly Exported[];
}

/** A name in a file. */
export interface Place {
  readonly path: string;
  readonly name: string;
}

interface Exported {
  /** As others know it; `*` for everything that `from` exports. */
  readonly name: string;
  readonly line: number;
  /** Where it is defined, if it is passed on. */
  readonly from?: Place;
}

/** Where a name is defined. */
export interface Definition {
  readonly path: string;
  readonly line: number;
}

/** All files that git knows, from the root of the repository. */
export function trackedFiles(root: string): string[] {
  return execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 26 })
    .split('\0')
    .filter((path) => path !== '' && existsSync(`${root}/${path}`));
}

/** Every file of a repository, read once. */
export class Project {
  private readonly read = new Map<string, SourceFile>();
  private readonly known: ReadonlySet<string>;

  constructor(
    private readonly root: string,
    readonly files: readonly string[],
  ) {
    this.known = new Set(files);
  }

  has(path: string): boolean {
    return this.known.has(path);
  }

  /** Whether there is a file below it. */
  hasFolder(path: string): boolean {
    const inside = `${path.replace(/\/$/, '')}/`;
    return this.files.some((file) => file.startsWith(inside));
  }

  text(path: string): string {
    return this.read.get(path)?.text ?? readFileSync(`${this.root}/${path}`, 'utf8');
  }

  source(path: string): SourceFile {
    const given = this.read.get(path);
    if (given) return given;
    const file = parse(path, this.text(path), (from) => this.resolve(path, from));
    this.read.set(path, file);
    return file;
  }

  /** Where a name that a file exports is defined, through all files that pass it on. */
  definition({ path, name }: Place, seen: readonly string[] = []): Definition | undefined {
    if (!this.has(path) || seen.includes(path)) return undefined;
    const { exports } = this.source(path);
    const own = exports.find((one) => one.name === name);
    if (own)
      return own.from
        ? (this.definition(own.from, [...seen, path]) ?? { path, line: own.line })
        : { path, line: own.line };
    for (const all of exports.filter((one) => one.name === '*' && one.from)) {
      const found = this.definition({ path: all.from?.path ?? '', name }, [...seen, path]);
      if (found) return found;
    }
    return undefined;
  }

  /** The file of the repository that an import names, if it is one. */
  private resolve(importer: string, from: string): string | undefined {
    if (from === 'floragrad') return 'src/index.ts';
    if (from === 'floragrad/gpu') return 'src/gpu.ts';
    if (!from.startsWith('.')) return undefined;
    const path = posix.join(posix.dirname(importer), from);
    return [`${path}.ts`, path, `${path}/index.ts`].find((one) => this.has(one));
  }
}

export const lineOf = (tree: ts.SourceFile, position: number): number =>
  tree.getLineAndCharacterOfPosition(position).line + 1;

function parse(path: string, text: string, resolve: (from: string) => string | undefined): SourceFile {
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true);
  const imports = new Map<string, Place>();
  const exports: Exported[] = [];
  for (const statement of tree.statements) {
    if (ts.isImportDeclaration(statement)) readImport(statement, resolve, imports);
    else if (ts.isExportDeclaration(statement)) exports.push(...passedOn(statement, tree, resolve));
    else exports.push(...declared(statement, tree));
  }
  return { path, text, tree, imports, exports };
}

function readImport(
  { importClause, moduleSpecifier }: ts.ImportDeclaration,
  resolve: (from: string) => string | undefined,
  imports: Map<string, Place>,
): void {
  const path = ts.isStringLiteral(moduleSpecifier) ? resolve(moduleSpecifier.text) : undefined;
  const bindings = importClause?.namedBindings;
  if (path === undefined || !bindings) return;
  if (ts.isNamespaceImport(bindings)) imports.set(bindings.name.text, { path, name: '*' });
  else
    for (const { name, propertyName } of bindings.elements)
      imports.set(name.text, { path, name: (propertyName ?? name).text });
}

function passedOn(
  { exportClause, moduleSpecifier, pos }: ts.ExportDeclaration,
  tree: ts.SourceFile,
  resolve: (from: string) => string | undefined,
): Exported[] {
  const path = moduleSpecifier && ts.isStringLiteral(moduleSpecifier) ? resolve(moduleSpecifier.text) : undefined;
  if (!exportClause)
    return path === undefined ? [] : [{ name: '*', line: lineOf(tree, pos), from: { path, name: '*' } }];
  if (ts.isNamespaceExport(exportClause)) {
    return [
      {
        name: exportClause.name.text,
        line: lineOf(tree, exportClause.getStart(tree)),
        ...(path ? { from: { path, name: '*' } } : {}),
      },
    ];
  }
  return exportClause.elements.map(({ name, propertyName }) => ({
    name: name.text,
    line: lineOf(tree, name.getStart(tree)),
    ...(path ? { from: { path, name: (propertyName ?? name).text } } : {}),
  }));
}

function declared(statement: ts.Statement, tree: ts.SourceFile): Exported[] {
  const modifiers = ts.canHaveModifiers(statement) ? (ts.getModifiers(statement) ?? []) : [];
  if (!modifiers.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) return [];
  return namesOf(statement).map((name) => ({ name: name.text, line: lineOf(tree, statement.getStart(tree)) }));
}

/** What a statement at the top of a file gives a name to. */
export function namesOf(statement: ts.Statement): ts.Identifier[] {
  if (ts.isVariableStatement(statement))
    return statement.declarationList.declarations.flatMap(({ name }) => boundBy(name));
  const { name } = statement as Partial<ts.FunctionDeclaration>;
  return name && ts.isIdentifier(name) ? [name] : [];
}

function boundBy(name: ts.BindingName): ts.Identifier[] {
  if (ts.isIdentifier(name)) return [name];
  return name.elements.flatMap((element) => (ts.isOmittedExpression(element) ? [] : boundBy(element.name)));
}
