import ts from 'typescript';
import { coloured } from './file-page';
import { highlight } from './highlight';

/** The code of an @example, in colours. */
export function exampleCode(code: string): string {
  const tree = ts.createSourceFile('example.ts', code, ts.ScriptTarget.ES2022, true);
  const pieces = highlight({ path: 'example.ts', text: code, tree, imports: new Map(), exports: [] }, []);
  return coloured(code, pieces);
}
