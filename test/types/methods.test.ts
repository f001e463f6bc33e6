import { existsSync } from 'node:fs';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import * as ops from '../../src/tensor/ops/methods';

const built = existsSync('dist/index.d.ts');
if (!built) console.info('texts of methods are not tested: dist is not built (npm run build)');

describe.skipIf(!built)('methods of tensors, in the declarations of the package', () => {
  const hover = built ? hovers() : () => '';

  it.each([
    ['add', ['(method) Tensor.add(b: Operand): Tensor', 'a + b, elementwise with broadcasting.']],
    ['matmul', ['matmul(b: Tensor, options?: MatmulOptions): Tensor', 'Matrix product over the last two axes']],
    ['sum', ['sum(options?: ReduceOptions): Tensor', 'Sum over']],
    ['pad', ['pad(padding: readonly (readonly [number, number])[], value?: number): Tensor', '(default 0) around it']],
    ['topK', ['topK(k: number): TopK', 'largest']],
  ])('an editor shows the parameters and the text of %s', (name, parts) => {
    for (const part of parts) expect(hover(name)).toContain(part);
  });

  it('every one has a text, and it is that of the function', () => {
    const names = Object.keys(ops);
    expect(names.length).toBeGreaterThan(40);
    for (const name of names) {
      const [, text] = hover(name).split('\n\n');
      expect(text, name).toBeTruthy();
      expect(hover(name, 'function').split('\n\n')[1], name).toBe(text);
    }
  });
});

/** What an editor shows when the pointer is on a method of a tensor, or on the function of that name. */
function hovers(): (name: string, kind?: 'method' | 'function') => string {
  const names = Object.keys(ops);
  const file = `${process.cwd()}/dist/hover.ts`;
  const lines = [
    `import { tensor, ${names.join(', ')} } from './index';`,
    'const t = tensor(1);',
    ...names.flatMap((name) => [`t.${name};`, `${name};`]),
  ];
  const text = lines.join('\n');
  const real = (path: string): string | undefined => (path === file ? text : ts.sys.readFile(path));
  const service = ts.createLanguageService({
    getScriptFileNames: () => [file],
    getScriptVersion: () => '1',
    getScriptSnapshot(path) {
      const source = real(path);
      return source === undefined ? undefined : ts.ScriptSnapshot.fromString(source);
    },
    getCurrentDirectory: () => process.cwd(),
    getCompilationSettings: () => ({
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      strict: true,
      exactOptionalPropertyTypes: true,
      types: [],
    }),
    getDefaultLibFileName: (options) => ts.getDefaultLibFilePath(options),
    fileExists: (path) => path === file || ts.sys.fileExists(path),
    readFile: real,
  });
  return (name, kind = 'method') => {
    const at = kind === 'method' ? text.indexOf(`\nt.${name};`) + 3 : text.indexOf(`\n${name};`) + 1;
    const info = service.getQuickInfoAtPosition(file, at);
    return `${ts.displayPartsToString(info?.displayParts)}\n\n${ts.displayPartsToString(info?.documentation)}`;
  };
}
