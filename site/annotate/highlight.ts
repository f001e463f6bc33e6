import ts from 'typescript';
import { type Comment, literalsOf, type Span } from './comments';
import type { SourceFile } from './project';

/** Which colour a piece of code has. */
export type Colour = 'keyword' | 'string' | 'number' | 'type' | 'call' | 'plain' | 'comment';

export interface Piece extends Span {
  readonly colour: Colour;
  /** The name, where it is one that the file imports. */
  readonly imported?: string;
}

/** A file in colours, by TypeScript's own parser: exact, and a tenth of the time of grammars made of expressions. */
export function highlight({ tree, text, imports }: SourceFile, comments: readonly Comment[]): Piece[] {
  const names = identifiersOf(tree);
  const local = new Set(Array.from(names.values(), ({ declares }) => declares).filter((name) => name !== undefined));
  const literals = literalsOf(tree).map(({ start, end, kind }): Piece[] => literal(text, start, end, kind));
  const given: Piece[] = comments.map(({ start, end }) => ({ start, end, colour: 'comment' }));
  const fixed = [...literals.flat(), ...given].sort((a, b) => a.start - b.start);
  const pieces: Piece[] = [];
  const scanner = ts.createScanner(ts.ScriptTarget.ES2022, true);
  let at = 0;
  for (const one of [...fixed, { start: text.length, end: text.length, colour: 'plain' as const }]) {
    scanner.setText(text, at, one.start - at);
    for (let kind = scanner.scan(); kind !== ts.SyntaxKind.EndOfFileToken; kind = scanner.scan()) {
      const [start, end] = [scanner.getTokenStart(), scanner.getTokenEnd()];
      const name = names.get(start);
      const colour = name?.colour ?? colourOf(kind);
      const word = text.slice(start, end);
      const imported = name?.refers && imports.has(word) && !local.has(word) ? { imported: word } : {};
      if (colour !== 'plain' || 'imported' in imported) add(pieces, text, { start, end, colour, ...imported });
    }
    if (one.start < one.end) pieces.push(one);
    at = one.end;
  }
  return pieces;
}

/** Neighbours of one colour with a space between them are one piece. */
function add(pieces: Piece[], text: string, piece: Piece): void {
  const last = pieces.at(-1);
  const joins =
    last &&
    last.colour === piece.colour &&
    !last.imported &&
    !piece.imported &&
    text.slice(last.end, piece.start) === ' ';
  if (joins) pieces[pieces.length - 1] = { ...last, end: piece.end };
  else pieces.push(piece);
}

/** Words that WGSL has beside those of TypeScript. */
const wgsl = new Set([
  'fn',
  'struct',
  'u32',
  'i32',
  'f32',
  'vec2',
  'vec4',
  'mat4x4',
  'array',
  'workgroup',
  'storage',
  'loop',
]);

/** A string; a template of several lines holds a kernel, and is coloured as the code that it is. */
function literal(text: string, start: number, end: number, kind: ts.SyntaxKind): Piece[] {
  const value = text.slice(start, end);
  if (
    kind === ts.SyntaxKind.StringLiteral ||
    kind === ts.SyntaxKind.RegularExpressionLiteral ||
    !isCode(text, start, value)
  ) {
    return [{ start, end, colour: 'string' }];
  }
  const scanner = ts.createScanner(ts.ScriptTarget.ES2022, true);
  const pieces: Piece[] = [];
  const [open, close] = [1, value.endsWith('${') ? 2 : 1];
  pieces.push({ start, end: start + open, colour: 'string' });
  scanner.setText(text, start + open, value.length - open - close);
  scanner.setOnError(() => undefined);
  for (let token = scanner.scan(); token !== ts.SyntaxKind.EndOfFileToken; token = scanner.scan()) {
    const [from, to] = [scanner.getTokenStart(), scanner.getTokenEnd()];
    const colour = wgsl.has(text.slice(from, to)) ? 'keyword' : colourOf(token);
    if (colour !== 'plain') pieces.push({ start: from, end: to, colour });
  }
  return [...pieces, { start: end - close, end, colour: 'string' }];
}

function isCode(text: string, start: number, value: string): boolean {
  return (
    value.includes('\n') &&
    (/\/\* \w+ \*\/ $/.test(text.slice(Math.max(0, start - 12), start)) || /[;{}]\s*\n/.test(value))
  );
}

function colourOf(kind: ts.SyntaxKind): Colour {
  if (kind >= ts.SyntaxKind.FirstKeyword && kind <= ts.SyntaxKind.LastKeyword) return 'keyword';
  if (kind === ts.SyntaxKind.NumericLiteral || kind === ts.SyntaxKind.BigIntLiteral) return 'number';
  if (kind === ts.SyntaxKind.StringLiteral) return 'string';
  return 'plain';
}

interface Name {
  readonly colour: Colour;
  /** Stands for what it names, and is no name of a property. */
  readonly refers: boolean;
  /** The name, where it is declared inside the file. */
  readonly declares?: string;
}

function identifiersOf(tree: ts.SourceFile): Map<number, Name> {
  const names = new Map<number, Name>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) names.set(node.getStart(tree), describe(node));
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return names;
}

function describe(node: ts.Identifier): Name {
  const { parent } = node;
  const property = isPropertyName(node);
  const bound =
    (ts.isVariableDeclaration(parent) || ts.isParameter(parent) || ts.isBindingElement(parent)) && parent.name === node;
  const declaration =
    bound || ((ts.isFunctionDeclaration(parent) || ts.isFunctionExpression(parent)) && parent.name === node);
  return { colour: colourOfName(node), refers: !property, ...(declaration ? { declares: node.text } : {}) };
}

function isPropertyName(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent) || ts.isPropertyAssignment(parent)) return parent.name === node;
  if (ts.isBindingElement(parent)) return parent.propertyName === node;
  return (
    ts.isPropertySignature(parent) ||
    ts.isMethodSignature(parent) ||
    ts.isMethodDeclaration(parent) ||
    ts.isPropertyDeclaration(parent)
  );
}

function colourOfName(node: ts.Identifier): Colour {
  const { parent } = node;
  if (
    ts.isTypeReferenceNode(parent) ||
    ts.isTypeParameterDeclaration(parent) ||
    ts.isExpressionWithTypeArguments(parent)
  )
    return 'type';
  if (
    (ts.isInterfaceDeclaration(parent) || ts.isTypeAliasDeclaration(parent) || ts.isClassDeclaration(parent)) &&
    parent.name === node
  )
    return 'type';
  if (ts.isQualifiedName(parent)) return 'type';
  if ((ts.isCallExpression(parent) || ts.isNewExpression(parent)) && parent.expression === node) return 'call';
  if (
    ts.isPropertyAccessExpression(parent) &&
    parent.name === node &&
    ts.isCallExpression(parent.parent) &&
    parent.parent.expression === parent
  )
    return 'call';
  if (
    (ts.isFunctionDeclaration(parent) || ts.isMethodDeclaration(parent) || ts.isMethodSignature(parent)) &&
    parent.name === node
  )
    return 'call';
  return 'plain';
}
