import ts from 'typescript';
import { lineOf } from './project';

/** A comment, or line comments that stand under each other. */
export interface Comment {
  readonly start: number;
  readonly end: number;
  /** Lines of the file, from 1. */
  readonly line: number;
  readonly endLine: number;
  /** Words without the signs of a comment; a tag such as `@see` begins a line. */
  readonly words: string;
  /** `prose` stands beside the code below it; `code` stays where it is: of a member, or behind code. */
  readonly place: 'prose' | 'code';
  /** Has code before it on its line. */
  readonly trailing: boolean;
}

/** All comments of a file in their order, found where no string, template or expression is. */
export function commentsOf(tree: ts.SourceFile): Comment[] {
  const { text } = tree;
  const literals = literalsOf(tree);
  const found: Comment[] = [];
  let next = 0;
  for (let at = 0; at < text.length; at++) {
    while (next < literals.length && (literals[next] as Span).end <= at) next += 1;
    const literal = literals[next];
    if (literal && at >= literal.start) {
      at = literal.end - 1;
      continue;
    }
    if (text[at] !== '/' || (text[at + 1] !== '/' && text[at + 1] !== '*')) continue;
    const end = text[at + 1] === '/' ? endOfLine(text, at) : text.indexOf('*/', at + 2) + 2;
    const comment = describe(tree, at, end);
    const last = found.at(-1);
    if (last && continues(text, last, comment)) found[found.length - 1] = joined(last, comment);
    else found.push(comment);
    at = end - 1;
  }
  return found;
}

export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Strings, pieces of templates and regular expressions, from left to right. */
export function literalsOf(tree: ts.SourceFile): (Span & { readonly kind: ts.SyntaxKind })[] {
  const spans: (Span & { kind: ts.SyntaxKind })[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node) || isPiece(node)) {
      spans.push({ start: node.getStart(tree), end: node.end, kind: node.kind });
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return spans.sort((a, b) => a.start - b.start);
}

function isPiece({ kind }: ts.Node): boolean {
  return (
    kind === ts.SyntaxKind.TemplateHead ||
    kind === ts.SyntaxKind.TemplateMiddle ||
    kind === ts.SyntaxKind.TemplateTail ||
    kind === ts.SyntaxKind.RegularExpressionLiteral
  );
}

function describe(tree: ts.SourceFile, start: number, end: number): Comment {
  const { text } = tree;
  const trailing = text.slice(text.lastIndexOf('\n', start - 1) + 1, start).trim() !== '';
  const alone = !trailing && text.slice(end, endOfLine(text, end)).trim() === '';
  return {
    start,
    end,
    line: lineOf(tree, start),
    endLine: lineOf(tree, end),
    words: wordsOf(text.slice(start, end)),
    place: alone && !isOfMember(tree, start, end) ? 'prose' : 'code',
    trailing,
  };
}

/** Without `//`, `/**` and the stars in front of lines; the indentation of a block within it stays. */
export function wordsOf(comment: string): string {
  if (comment.startsWith('//')) return comment.replace(/^\/\/ ?/, '').trimEnd();
  const inside = comment.replace(/^\/\*\*?(?!\/)/, '').replace(/\*?\*\/$/, '');
  const lines = inside
    .split('\n')
    .map((line, i) => (i === 0 ? line.trimStart() : line.replace(/^\s*\* ?/, '')).trimEnd());
  return lines.join('\n').trim();
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
}

/** Line comments without a line between them are one, unless the upper one is behind code. */
function continues(text: string, above: Comment, below: Comment): boolean {
  if (!text.startsWith('//', above.start) || !text.startsWith('//', below.start)) return false;
  return !above.trailing && !below.trailing && below.line === above.endLine + 1 && above.place === below.place;
}

function joined(above: Comment, below: Comment): Comment {
  return { ...above, end: below.end, endLine: below.endLine, words: `${above.words}\n${below.words}` };
}

/** Comments in interfaces, object literals, lists and calls belong to what they stand at, and stay there. */
function isOfMember(tree: ts.SourceFile, start: number, end: number): boolean {
  let inside: ts.Node = tree;
  for (;;) {
    const child: ts.Node | undefined = ts.forEachChild(inside, (node) =>
      node.getStart(tree) <= start && node.end >= end ? node : undefined,
    );
    if (!child) break;
    inside = child;
  }
  if (ts.isClassDeclaration(inside) || ts.isClassExpression(inside)) {
    const member = inside.members.find((one) => one.end > end);
    return member !== undefined && ts.isPropertyDeclaration(member);
  }
  return !(
    ts.isSourceFile(inside) ||
    ts.isBlock(inside) ||
    ts.isCaseOrDefaultClause(inside) ||
    ts.isModuleBlock(inside) ||
    ts.isCaseBlock(inside)
  );
}
