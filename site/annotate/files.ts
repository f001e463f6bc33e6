import ts from 'typescript';
import { type Comment, commentsOf } from './comments';
import { findFormulas, wholeFormula } from './find-formulas';
import { type Formula, formulasOf, type Naming, type Part, partsOf } from './marked';
import { namesOf, type Project, type SourceFile } from './project';
import { isProse, type Section, sectionsOf } from './sections';

/** A file, read for its page. */
export interface AnnotatedFile {
  readonly source: SourceFile;
  readonly comments: readonly Comment[];
  readonly sections: readonly Section[];
  readonly parts: ReadonlyMap<Comment, readonly Part[]>;
  readonly inCode: ReadonlyMap<Comment, readonly Formula[]>;
  /** All that say something, in their order. */
  readonly formulas: readonly Formula[];
  /** Names that tests may know it by: what it exports itself, or else what its name says. */
  readonly names: readonly string[];
}

/** The core: what a reader of the project reads. */
export function isCore(path: string): boolean {
  return /^(?:src\/(?!.*\/generated\/)|kernels\/(?:wasm|gpujs)\/|examples\/).*\.ts$/.test(path);
}

export function annotate(project: Project, path: string): AnnotatedFile {
  const source = project.source(path);
  const comments = commentsOf(source.tree);
  const parts = new Map<Comment, readonly Part[]>();
  const inCode = new Map<Comment, readonly Formula[]>();
  let count = 0;
  for (const comment of comments) {
    const symbol = symbolAt(source.tree, comment);
    const first = comment.line + (/^\/\*\*?\n/.test(source.text.slice(comment.start, comment.start + 4)) ? 1 : 0);
    const named: Naming = (found, before) => ({ ...found, id: `f${++count}`, line: first + before, symbol });
    if (isProse(comment)) parts.set(comment, partsOf(comment, named));
    else inCode.set(comment, formulasInCode(comment, named));
  }
  const all = comments.flatMap((comment) => inCode.get(comment) ?? (parts.get(comment) ?? []).flatMap(formulasOf));
  return {
    source,
    comments,
    sections: sectionsOf(source.text.split('\n'), comments),
    parts,
    inCode,
    formulas: all.filter(({ kind }) => kind === 'formula'),
    names: namesFor(source),
  };
}

function formulasInCode({ words }: Comment, named: Naming): Formula[] {
  const whole = wholeFormula(words.trim());
  const found = whole
    ? findFormulas(words, 'slash')
    : findFormulas(words.replaceAll(/^@example[\s\S]*$/gm, ''), 'slash');
  return found.map((one) => named(one, words.slice(0, one.start).split('\n').length - 1));
}

/** The name that the statement around or below a comment gives, or the member of an interface. */
function symbolAt(tree: ts.SourceFile, { end }: Comment): string | undefined {
  const statement = tree.statements.find((one) => one.end > end);
  if (statement && ts.isInterfaceDeclaration(statement) && statement.getStart(tree) < end) {
    const member = statement.members.find((one) => one.end > end)?.name;
    if (member && ts.isIdentifier(member)) return member.text;
  }
  return statement && namesOf(statement)[0]?.text;
}

function namesFor({ path, exports, tree }: SourceFile): string[] {
  const own = exports.filter(({ name, from }) => !from && name !== '*').map(({ name }) => name);
  const types = new Set(
    tree.statements
      .filter((one) => ts.isInterfaceDeclaration(one) || ts.isTypeAliasDeclaration(one))
      .flatMap((one) => namesOf(one).map(({ text }) => text)),
  );
  const values = own.filter((name) => !types.has(name));
  const file = (path.split('/').at(-1) as string).replace(/\.ts$/, '');
  if (path.startsWith('examples/')) return [file];
  const stem = file.replaceAll(/-(\w)/g, (_, c: string) => c.toUpperCase());
  return values.length > 0 ? values : own.length > 0 ? own : [stem];
}
