import { readFileSync } from 'node:fs';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { sourceFiles, walk } from './sources';

/** Codes that src puts together at run time, by the template that does. */
const templates: Record<string, readonly string[]> = {
  '`dtype/${dtype}`': ['dtype/float32', 'dtype/int32'],
};

/** A code is two kebab-case words around a slash; nothing else in src looks like one. */
const pattern = /^[a-z][a-z0-9-]*\/[a-z][a-z0-9-]+$/;

/** Codes thrown in src (also those handed to a helper that builds the error), and templates behind `code:`. */
function codesInSource(): { literal: Set<string>; template: Set<string> } {
  const [literal, template] = [new Set<string>(), new Set<string>()];
  for (const { tree } of sourceFiles()) {
    walk(tree, (node) => {
      if (ts.isStringLiteral(node) && pattern.test(node.text)) literal.add(node.text);
      if (
        ts.isPropertyAssignment(node) &&
        node.name.getText(tree) === 'code' &&
        ts.isTemplateExpression(node.initializer)
      )
        template.add(node.initializer.getText(tree));
    });
  }
  return { literal, template };
}

describe('docs/errors.md', () => {
  const { literal, template } = codesInSource();
  const headings = [...readFileSync('docs/errors.md', 'utf8').matchAll(/^## `(.+)`$/gm)].map(
    ([, code]) => code as string,
  );

  it('knows every template that builds a code', () => {
    expect([...template].sort()).toEqual(Object.keys(templates).sort());
  });

  it('has one heading for every code that src throws, in alphabetical order, and no other', () => {
    const codes = [...literal, ...[...template].flatMap((text) => templates[text] ?? [])];
    expect(headings).toEqual([...new Set(codes)].sort());
  });
});
