/** The text of a heading as an anchor, as GitHub makes it: documents are written for both, and links are the same there. */
export function slugOf(title: string): string {
  return title
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, '')
    .replaceAll(' ', '-');
}

/** Every anchor of a document: headings outside of code, a second one of the same text with a number. */
export function anchorsOf(markdown: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const { text, code } of partsOf(markdown)) {
    if (code) continue;
    for (const [, title] of text.matchAll(/^#{1,6} +(.+?)(?: +#+)?$/gm)) {
      const slug = slugOf(plain(title as string));
      let [anchor, again] = [slug, 0];
      while (anchors.has(anchor)) anchor = `${slug}-${++again}`;
      anchors.add(anchor);
    }
  }
  return anchors;
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
