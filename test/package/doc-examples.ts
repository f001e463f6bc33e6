import ts from 'typescript';
import { sourceFiles, walk } from './sources';

/** The code of an `@example` in a doc comment, as a program. */
export interface DocExample {
  /** `src/tensor/derivatives/grad.ts:42` */
  readonly name: string;
  readonly text: string;
}

const doors = [
  'floragrad',
  'floragrad/study',
  'floragrad/laws',
  'floragrad/gpu',
  'floragrad/mpi',
  'floragrad/node',
] as const;

/** Every `@example` of src, with imports of the public names that it uses and does not declare itself. */
export async function docExamples(): Promise<DocExample[]> {
  const names = await publicNames();
  return sourceFiles().flatMap(({ path, tree: { text } }) => {
    const tree = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true); // tags are only found with parents
    const found: DocExample[] = [];
    walk(tree, (node) => {
      for (const tag of ts.getJSDocTags(node)) {
        if (tag.parent.parent !== node || tag.tagName.text !== 'example') continue;
        const code = ts.getTextOfJSDocComment(tag.comment) ?? '';
        const line = tree.getLineAndCharacterOfPosition(tag.pos).line + 1;
        found.push({ name: `${path}:${line}`, text: `${imports(code, names)}\n${code}\n` });
      }
    });
    return found;
  });
}

/** What each front door exports: name → how it is imported. */
async function publicNames(): Promise<Map<string, { from: string; typeOnly: boolean }>> {
  const files = doors.map((door) => (door === 'floragrad' ? 'src/index.ts' : `src/${door.split('/')[1]}.ts`));
  const program = ts.createProgram(files, {
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    noLib: true, // names are enough
    types: [],
  });
  const checker = program.getTypeChecker();
  const names = new Map<string, { from: string; typeOnly: boolean }>();
  files.forEach((file, i) => {
    const module = checker.getSymbolAtLocation(program.getSourceFile(file) as ts.SourceFile) as ts.Symbol;
    for (const symbol of checker.getExportsOfModule(module)) {
      const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
      const typeOnly = (target.flags & ts.SymbolFlags.Value) === 0;
      names.set(symbol.name, { from: doors[i] as string, typeOnly });
    }
  });
  return names;
}

function imports(code: string, names: Awaited<ReturnType<typeof publicNames>>): string {
  const [used, declared] = [new Set<string>(), new Set<string>()];
  walk(ts.createSourceFile('example.ts', code, ts.ScriptTarget.ES2022, true), (node) => {
    if (!ts.isIdentifier(node)) return;
    const named = node.parent as ts.NamedDeclaration;
    if (named.name === node && !ts.isPropertyAccessExpression(named)) declared.add(node.text);
    else used.add(node.text);
  });
  const lines = [...used].flatMap((name) => {
    const known = declared.has(name) ? undefined : names.get(name);
    return known ? [`import ${known.typeOnly ? 'type ' : ''}{ ${name} } from '${known.from}';`] : [];
  });
  return lines.join('\n');
}
