import type { Comment } from './comments';
import { wholeFormula } from './find-formulas';
import type { Piece } from './highlight';
import { escapeHtml } from './html';
import type { Formula, Part } from './marked';
import { drawFormula, type Links, renderPart } from './prose';
import { importsIn, type Section } from './sections';

/** What a page of a file is made of. */
export interface FileView {
  readonly text: string;
  readonly sections: readonly Section[];
  readonly pieces: readonly Piece[];
  readonly parts: ReadonlyMap<Comment, readonly Part[]>;
  /** Formulas of each comment that stays in the code. */
  readonly inCode: ReadonlyMap<Comment, readonly Formula[]>;
  readonly links: Links;
  /** The definition of an imported name. */
  imported(name: string): string | undefined;
  /** Code of an example, coloured. */
  example(code: string): string;
  /** HTML under the prose of a section: what checks its formulas, and what its lines check. */
  notes(section: Section): string;
}

/** The sections of a file: prose on the left, code on the right. */
export function renderFile(view: FileView): string {
  const code = codeLines(view);
  const source = view.text.split('\n');
  const sections = view.sections.map((section) => {
    const prose = section.comments.flatMap((comment) =>
      (view.parts.get(comment) ?? []).map((part) => renderPart(part, view.links, view.example)),
    );
    const lines = code.slice(section.first - 1, section.last);
    const anchors = section.comments.map(({ line }) => `<i id=L${line}></i>`).join('');
    const rows = lines.map((html, i) => `<li id=L${section.first + i}>${html}`).join('');
    const pre =
      lines.length === 0
        ? ''
        : folded(section, source, `<ol style="counter-reset:n ${section.first - 1}">${rows}</ol>`);
    return `<div class="p">${anchors}${prose.join('')}${view.notes(section)}</div><div class="c">${pre}</div>`;
  });
  return `<div class="file">${sections.join('\n')}</div>`;
}

/** A file opens with its first words: more than a few imports in front of them are folded. */
function folded({ first, last, comments }: Section, lines: readonly string[], pre: string): string {
  const imports = comments.length === 0 && last - first >= 4 && importsIn(lines, first, last) === last - first + 1;
  return imports
    ? `<details class="imports"><summary>imports, lines ${first} to ${last}</summary>${pre}</details>`
    : pre;
}

const classes = { keyword: 'a', string: 'b', number: 'd', type: 'e', call: 'g', comment: 'h', plain: '' } as const;

/** Each line of the file as HTML. */
function codeLines({ text, pieces, inCode, links, imported }: FileView): string[] {
  const comments = new Map(Array.from(inCode, ([comment, formulas]) => [comment.start, { comment, formulas }]));
  let [html, at] = ['', 0];
  for (const piece of pieces) {
    html += escapeHtml(text.slice(at, piece.start));
    const inside = text.slice(piece.start, piece.end);
    const comment = piece.colour === 'comment' ? comments.get(piece.start) : undefined;
    const drawn = comment ? drawComment(inside, comment.formulas, links) : undefined;
    html +=
      drawn ??
      colouredPiece(inside, classes[piece.colour], piece.imported === undefined ? undefined : imported(piece.imported));
    at = piece.end;
  }
  return (html + escapeHtml(text.slice(at))).split('\n');
}

/** What spans lines is coloured line by line, since each line is an element. */
function colouredPiece(inside: string, name: string, href?: string): string {
  if (href !== undefined) return `<a${name && ` class=${name}`} href=${href}>${escapeHtml(inside)}</a>`;
  if (name === '') return escapeHtml(inside);
  return inside
    .split('\n')
    .map((line) => (line === '' ? '' : `<b class=${name}>${escapeHtml(line)}</b>`))
    .join('\n');
}

/** A comment in the code with its formulas drawn in place, but those that go over two lines. */
function drawComment(inside: string, formulas: readonly Formula[], links: Links): string {
  const whole = wholeFormula(inside.replace(/^\/\/ */, ''));
  let [html, at] = ['', 0];
  const plain = (text: string): string => colouredPiece(text, 'h');
  for (const formula of formulas) {
    const start = inside.indexOf(formula.source, at);
    if (start < 0) continue;
    const lead = inside.slice(at, start);
    html += whole ? colouredPiece(lead.replace(/\/\/ *$/, ''), 'h') : plain(lead);
    html += `<b class="h m">${drawFormula(formula, links)}</b>`;
    at = start + formula.source.length;
  }
  return html.replaceAll(/ {3,}/g, ' ') + plain(inside.slice(at)); // formulas are narrower than their source: no columns
}

/** Code in colours, without comments of its own. */
export function coloured(text: string, pieces: readonly Piece[]): string {
  let [html, at] = ['', 0];
  for (const { start, end, colour } of pieces) {
    html += escapeHtml(text.slice(at, start)) + colouredPiece(text.slice(start, end), classes[colour]);
    at = end;
  }
  return html + escapeHtml(text.slice(at));
}
