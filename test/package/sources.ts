import { readdirSync, readFileSync } from 'node:fs';
import ts from 'typescript';

export interface SourceFile {
  /** The path from the root of the repository: `src/tensor/op.ts`. */
  readonly path: string;
  readonly tree: ts.SourceFile;
}

/** Every TypeScript file under src, parsed; generated files and declarations left out. */
export function sourceFiles(): SourceFile[] {
  return readdirSync('src', { recursive: true, encoding: 'utf8' })
    .map((path) => `src/${path.replaceAll('\\', '/')}`)
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts') && !path.includes('/generated/'))
    .map((path) => ({ path, tree: ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.ES2022) }));
}

/** Visit every node of a file. */
export function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => walk(child, visit));
}
