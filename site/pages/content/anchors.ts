/** The text of a heading as GitHub makes an anchor of it: what links in documents are written for. */
function githubSlugOf(title: string): string {
  return title
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, '')
    .replaceAll(' ', '-');
}

/** The anchor of a heading on the site: GitHub's, but that the parts of a code, as `scope/freed`, stay apart. */
export const slugOf = (title: string): string => githubSlugOf(title.replaceAll('/', '-'));

/** Every anchor of a document, as GitHub has it and as the site has it: of headings outside of code. */
export function anchorsOf(markdown: string): ReadonlyMap<string, string> {
  const [github, site] = [counting(), counting()];
  const anchors = new Map<string, string>();
  for (const { text, code } of partsOf(markdown)) {
    if (code) continue;
    for (const [, title] of text.matchAll(/^#{1,6} +(.+?)(?: +#+)?$/gm)) {
      const read = plain(title as string);
      anchors.set(github(githubSlugOf(read)), site(slugOf(read)));
    }
  }
  return anchors;
}

/** A second heading of the same text gets a number. */
function counting(): (slug: string) => string {
  const taken = new Set<string>();
  return (slug) => {
    let [anchor, again] = [slug, 0];
    while (taken.has(anchor)) anchor = `${slug}-${++again}`;
    taken.add(anchor);
    return anchor;
  };
}

/** A stretch of a document: a fenced block, or what is between two. */
export interface Part {
  readonly text: string;
  readonly code: boolean;
  /** The line that it begins at, from 1. */
  readonly line: number;
}

/** A document cut at its fences; the parts in their order are the document. */
export function partsOf(markdown: string): Part[] {
  const parts: Part[] = [];
  let [at, line] = [0, 1];
  const add = (end: number, code: boolean): void => {
    const text = markdown.slice(at, end);
    if (text !== '') parts.push({ text, code, line });
    line += text.split('\n').length - 1;
    at = end;
  };
  for (const { index, 0: block } of markdown.matchAll(
    /^(?<indent> *)(?<fence>`{3,}|~{3,}).*\n(?:[\s\S]*?\n)??\k<indent>\k<fence> *$/gm,
  )) {
    add(index, false);
    add(index + block.length, true);
  }
  add(markdown.length, false);
  return parts;
}

/** What is read of a heading: its text without links, code marks and emphasis. */
export function plain(title: string): string {
  return title
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/(?<![\p{L}\p{N}])([*_]+)(?=\S)(.+?)(?<=\S)\1(?![\p{L}\p{N}])/gu, '$2')
    .replaceAll('`', '');
}

/** A document in whose tables a number stays on one line with its interval or its deviation. */
export function holdTogether(markdown: string): string {
  const number = /-?[\d.]+ (?:\[-?[\d.]+, -?[\d.]+\]|\([\d.]+–[\d.]+\)|± [\d.]+)/g;
  return markdown.replace(/^\|.*$/gm, (row) => row.replace(number, (held) => held.replaceAll(' ', '\u00a0')));
}
