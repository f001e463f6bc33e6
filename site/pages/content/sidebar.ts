/** An entry of the sidebar, as VitePress reads it. */
export interface Entry {
  readonly text: string;
  readonly link?: string;
  readonly collapsed?: boolean;
  readonly items?: readonly Entry[];
}

/** A group: its documents by their paths in the clone, or beginnings of paths for all others that begin so. */
interface Group {
  readonly text: string;
  readonly documents: readonly string[];
  readonly collapsed?: boolean;
}

const groups: readonly Group[] = [
  { text: 'Start', documents: ['README.md', 'docs/guides/in-a-page.md', 'examples/README.md'] },
  { text: 'Lessons', documents: ['lessons/'], collapsed: true },
  {
    text: 'Guides',
    documents: [
      'docs/guides/train-a-model.md',
      'docs/guides/for-pytorch-users.md',
      'docs/guides/for-jax-users.md',
      'docs/guides/gpu.md',
      'docs/guides/files.md',
      'docs/guides/adapters.md',
      'docs/guides/lab.md',
      'docs/guides/study-a-projector.md',
      'docs/guides/',
    ],
  },
  {
    text: 'Understand',
    documents: ['docs/reading.md', 'docs/glossary.md', 'docs/semantics.md', 'docs/decisions/README.md'],
  },
  { text: 'Decisions', documents: ['docs/decisions/'], collapsed: true },
  { text: 'Rooms of the source', documents: ['src/', 'kernels/', 'test/', 'bench/'], collapsed: true },
  {
    text: 'The field',
    documents: [
      'docs/methods.md',
      'docs/adapters.md',
      'docs/results.md',
      'docs/certification.md',
      'docs/scale.md',
      'docs/main-job.md',
      'docs/results-older.md',
    ],
  },
  {
    text: 'Quality',
    documents: ['docs/benchmarks.md', 'docs/compatibility.md', 'docs/mutations.md', 'docs/errors.md'],
  },
  { text: 'Project', documents: ['CHANGELOG.md', 'CONTRIBUTING.md', 'docs/release.md', 'SECURITY.md', 'docs/'] },
];

/** A page, as the sidebar needs it. */
export interface Titled {
  readonly path: string;
  readonly title: string;
  readonly link: string;
}

/**
 * The sidebar: every document once, in the first group that asks for it.
 * @throws Error which documents no group asks for, or which a group names that is not there
 */
export function sidebarOf(documents: readonly Titled[]): Entry[] {
  const named = groups.flatMap((group) => group.documents).filter((path) => path.endsWith('.md'));
  const missing = named.filter((path) => !documents.some((document) => document.path === path));
  if (missing.length > 0) throw new Error(`the sidebar names ${missing.join(', ')}, which are not there`);
  const left = new Map(documents.map((document) => [document.path, document]));
  for (const path of named) left.delete(path);
  const entries = groups.flatMap(({ text, documents: wanted, collapsed }): Entry[] => {
    const found = wanted.flatMap((path) => {
      const all = path.endsWith('.md')
        ? documents.filter((one) => one.path === path)
        : [...left.values()].filter((one) => one.path.startsWith(path));
      for (const one of all) left.delete(one.path);
      return all;
    });
    if (found.length === 0) return [];
    const items = found.map(({ title, link }) => ({ text: title, link }));
    return [collapsed === undefined ? { text, items } : { text, collapsed, items }];
  });
  if (left.size > 0)
    throw new Error(
      `no group of the sidebar has ${[...left.keys()].join(', ')}: add them to site/pages/content/sidebar.ts`,
    );
  return entries;
}
