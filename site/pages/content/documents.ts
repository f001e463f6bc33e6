/** A document of the clone that becomes a page: Markdown, or a lesson, which is shown as it is. */
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

/** Whether a file is shown. The READMEs of rooms are not: the annotated source has them, with the files that they are about. */
function isShown(path: string): boolean {
  if (path in others) return true;
  if (path.startsWith('docs/')) return path.endsWith('.md') && !path.startsWith('docs/api/');
  if (/^lessons\/[\w-]+\.ts$/.test(path)) return true;
  return /^(examples|bench|test|lessons|site)\/README\.md$/.test(path);
}

/** The documents among the files of a clone, each with its page; a README is the page of its folder. */
export function documentsOf(files: readonly string[]): Document[] {
  return files
    .filter(isShown)
    .sort()
    .map((path) => ({
      path,
      page: others[path] ?? path.replace(/(^|\/)README\.md$/, '$1index.md').replace(/\.ts$/, '.md'),
    }));
}

/** A lesson as a page: its first line is the title. It is there to be run and written in, so it stays code. */
export function lessonPage(text: string, path: string): string {
  const [, title] = /^\/\/ (.+)$/m.exec(text) ?? [];
  if (title === undefined) throw new Error(`${path} does not begin with a comment, which is the title of its page`);
  return `# ${title}\n\n\`${path}\`; \`npm run lesson\` runs it in a clone.\n\n\`\`\`ts\n${text.trimEnd()}\n\`\`\`\n`;
}

/** The first heading of a document, as it is written. */
export function titleOf(markdown: string, path: string): string {
  const [, title] = /^# +(.+)$/m.exec(markdown) ?? [];
  if (title === undefined) throw new Error(`${path} has no heading of the first level, which is the title of its page`);
  return title.trim();
}
