import MarkdownIt from 'markdown-it';
import { escapeHtml } from './html';
import { mathML } from './latex';
import { type Formula, marked, type Part, placeholders } from './marked';

/** What a text may point at; each gives an address relative to its page, or undefined. */
export interface Links {
  /** Code in backticks: a path, a name, the code of an error. */
  code(code: string): string | undefined;
  /** A link of markdown, or a path in the text. */
  path(path: string): string | undefined;
  /** The paper that a part of a @see is about. */
  papers(text: string): readonly { readonly words: string; readonly href: string }[];
  /** The law that checks a formula first, and how many there are. */
  law(formula: Formula): { readonly href: string; readonly title: string } | undefined;
}

/** What rules of markdown-it get beside the text. */
const linksIn = (env: unknown): Links => (env as { readonly links: Links }).links;

const markdown = new MarkdownIt({ html: false, linkify: false, typographer: false });
const paths = /(?<![\w/.])(?:src|kernels|docs|test|examples|bench|scripts)\/[\w./-]*\w\.(?:ts|md|mjs|json|py)\b/g;

markdown.renderer.rules.code_inline = (tokens, index, _options, env) => {
  const { content } = tokens[index] as { content: string };
  const href = linksIn(env).code(content);
  const code = `<code>${escapeHtml(content)}</code>`;
  return href === undefined ? code : `<a href="${href}">${code}</a>`;
};
markdown.renderer.rules.text = (tokens, index, _options, env) => {
  const { content } = tokens[index] as { content: string };
  const inLink =
    tokens.slice(0, index).reduce((depth, { nesting, type }) => depth + (type.startsWith('link_') ? nesting : 0), 0) >
    0;
  if (inLink) return escapeHtml(content);
  return escapeHtml(content).replaceAll(paths, (path) => {
    const href = linksIn(env).path(path);
    return href === undefined ? path : `<a href="${href}">${path}</a>`;
  });
};
markdown.renderer.rules.link_open = (tokens, index, options, env, self) => {
  const token = tokens[index] as { attrGet(name: string): string | null; attrSet(name: string, value: string): void };
  const href = token.attrGet('href') ?? '';
  if (!/^\w+:|^#/.test(href)) token.attrSet('href', linksIn(env).path(href) ?? href);
  return self.renderToken(tokens, index, options);
};
markdown.renderer.rules.table_open = () => '<div class="wide"><table>';
markdown.renderer.rules.table_close = () => '</table></div>';

/** Markdown as HTML, with its formulas drawn. */
export function renderMarkdown(text: string, formulas: readonly Formula[], links: Links): string {
  return filled(markdown.render(reachable(text, links), { links }), formulas, links);
}

export function renderInline(text: string, formulas: readonly Formula[], links: Links): string {
  return filled(markdown.renderInline(reachable(text, links), { links }), formulas, links);
}

/** The same of a text that is no comment. */
export function renderText(text: string, links: Links): string {
  const { text: without, formulas } = marked(text);
  return renderMarkdown(without, formulas, links);
}

/** Links to what has no page on the site, such as a licence, keep their words alone. */
function reachable(text: string, links: Links): string {
  return text.replaceAll(/\[([^\]]+)\]\(([^)\s]+)\)/g, (link, words: string, to: string) =>
    /^\w+:|^#/.test(to) || links.path(to) !== undefined ? link : words,
  );
}

function filled(html: string, formulas: readonly Formula[], links: Links): string {
  return html.replaceAll(placeholders, (_, n: string) => drawFormula(formulas[Number(n)] as Formula, links));
}

/** A formula with its anchor, and a tick that leads to the law that checks it. */
export function drawFormula(formula: Formula, links: Links, display = false): string {
  const math = mathML(formula.latex, display);
  if (formula.kind === 'symbol') return math;
  const law = links.law(formula);
  const tick = law === undefined ? '' : `<a class="k" href="${law.href}" title="${escapeHtml(law.title)}">✓</a>`;
  return `<span class="f" id="${formula.id}">${math}${tick}</span>`;
}

const titles: Readonly<Record<string, string>> = {
  throws: 'Throws',
  see: 'See',
  returns: 'Returns',
  param: 'Given',
  deprecated: 'Deprecated',
  remarks: 'Note',
  internal: 'Internal',
  typeParam: 'Type',
};

export function renderPart(part: Part, links: Links, example: (code: string) => string): string {
  switch (part.kind) {
    case 'formula':
      return `<div class="eq">${drawFormula(part.formula, links, true)}</div>`;
    case 'words':
      return renderMarkdown(part.text, part.formulas, links);
    case 'rows':
      return renderRows(part.text, part.formulas, links);
    case 'heading':
      return `<h2>${escapeHtml(part.text)}</h2>`;
    case 'example':
      return `<pre class="ex">${example(part.text)}</pre>`;
    case 'tag':
      return renderTag(part.tag, part.text, part.formulas, links);
  }
}

/** Columns have two spaces and more between them; the first of a row may say when it applies. */
function renderRows(text: string, formulas: readonly Formula[], links: Links): string {
  const rows = text.split('\n').map((line) => {
    const cells = line
      .trim()
      .split(/ {2,}/)
      .map((cell) => `<span>${renderInline(cell, formulas, links)}</span>`);
    return `<div>${cells.join('')}</div>`;
  });
  return `<div class="rows">${rows.join('')}</div>`;
}

function renderTag(tag: string, text: string, formulas: readonly Formula[], links: Links): string {
  let html = renderInline(text.replaceAll(/\s*\n\s*/g, ' '), formulas, links);
  if (tag === 'see') {
    for (const { words, href } of links.papers(text)) {
      html = html.replace(escapeHtml(words), (found) => `<a href="${href}">${found}</a>`);
    }
    html = html.replaceAll(/(?<!["\w])https?:\/\/[^\s,;]+/g, (url) => `<a href="${url}">${url}</a>`);
  }
  return `<p class="tag"><b>${titles[tag] ?? tag}</b> ${html}</p>`;
}
