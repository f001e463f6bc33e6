/** A reference of a page to something else. */
export interface Reference {
  /** The element, as `a` or `img`. */
  readonly tag: string;
  readonly target: string;
}

/** What a page refers to, and what in it can be referred to. */
export interface PageParts {
  readonly references: readonly Reference[];
  readonly ids: ReadonlySet<string>;
}

/** Read a page as its builders write it: attributes in double quotes. What stands in scripts and styles is no reference. */
export function partsOfPage(html: string): PageParts {
  const text = html.replace(/<!--[\s\S]*?-->/g, '').replace(/(<(script|style)\b[^>]*>)[\s\S]*?<\/\2>/g, '$1');
  const references: Reference[] = [];
  const ids = new Set<string>();
  for (const [, tag, attributes] of text.matchAll(
    /<([a-zA-Z][\w-]*)((?:\s+[^\s=>]+(?:="[^"]*"|=[^\s">]+)?)*)\s*\/?>/g,
  )) {
    for (const [, name, quoted, bare] of (attributes as string).matchAll(/\s([^\s=>]+)=(?:"([^"]*)"|([^\s">]+))/g)) {
      const value = decoded((quoted ?? bare) as string);
      if (name === 'id' || (name === 'name' && tag === 'a')) ids.add(value);
      if (name === 'href' || name === 'src' || name === 'poster' || name === 'data')
        references.push({ tag: tag as string, target: value });
    }
  }
  return { references, ids };
}

/** Text without the entities that builders write. */
export function decoded(value: string): string {
  return value
    .replaceAll('&#x3C;', '<')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&#x26;', '&')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');
}
