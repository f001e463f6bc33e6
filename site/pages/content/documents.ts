/** A document of the clone that becomes a page. */
export interface Document {
  /** Its path in the clone. */
  readonly path: string;
  /** Its place among the pages, without a slash in front. */
  readonly page: string;
}

/** Documents beside those of `docs` and the READMEs of rooms. */
const others: Readonly<Record<string, string>> = {
  'README.md': 'start.md',
  'CHANGELOG.md': 'changelog.md',
  'CONTRIBUTING.md': 'contributing.md',
  'SECURITY.md': 'security.md',
};

/** Whether a Markdown file is shown; of folders outside of `docs` their READMEs are, and of `lessons` all. */
function isShown(path: string): boolean {
  if (path in others) return true;
  if (/^(docs|lessons)\//.test(path)) return !path.startsWith('docs/api/');
  return /^(src|kernels|examples|bench|test)\/(.*\/)?README\.md$/.test(path) && !/\/(node_modules|peers)\//.test(path);
}

/** The documents among the Markdown files of a clone, each with its page; a README is the page of its folder. */
export function documentsOf(files: readonly string[]): Document[] {
  return files
    .filter(isShown)
    .sort()
    .map((path) => ({ path, page: others[path] ?? path.replace(/(^|\/)README\.md$/, '$1index.md') }));
}

/** The first heading of a document, as it is written. */
export function titleOf(markdown: string, path: string): string {
  const [, title] = /^# +(.+)$/m.exec(markdown) ?? [];
  if (title === undefined) throw new Error(`${path} has no heading of the first level, which is the title of its page`);
  return title.trim();
}
