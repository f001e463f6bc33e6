/** An entry of the sidebar, as VitePress reads it. */
export interface Entry {
  readonly text: string;
  readonly link?: string;
  readonly items?: readonly Entry[];
}

/** A group: its documents by their paths in the clone, or beginnings of paths for all others that begin so. */
interface Group {
  readonly text: string;
  readonly documents: readonly string[];
}

const groups: readonly Group[] = [
  { text: 'Start', documents: ['README.md', 'docs/guides/in-a-page.md', 'examples/README.md'] },
  { text: 'Lessons', documents: ['lessons/'] },
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
    documents: [
      'docs/benchmarks.md',
      'docs/compatibility.md',
      'docs/errors.md',
      'docs/mutations.md',
      'test/README.md',
      'bench/README.md',
      'site/README.md',
    ],
  },
  { text: 'Project', documents: ['CHANGELOG.md', 'CONTRIBUTING.md', 'docs/release.md', 'SECURITY.md', 'docs/'] },
];

/** A page, as the sidebar needs it. */
export interface Titled {
  readonly path: string;
  readonly title: string;
  readonly link: string;
}

/** Documents that are listed beside each other alone, by the folder that they are in. */
const apart = 'docs/decisions/';

/**
 * Sidebars by the beginning of the addresses that they stand beside: every document once, in the first group that asks for it.
 * @throws Error which documents no group asks for, or which a group names that is not there
 */
export function sidebarsOf(documents: readonly Titled[]): Readonly<Record<string, readonly Entry[]>> {
  const named = groups.flatMap((group) => group.documents).filter((path) => path.endsWith('.md'));
  const missing = named.filter((path) => !documents.some((document) => document.path === path));
  if (missing.length > 0) throw new Error(`the sidebar names ${missing.join(', ')}, which are not there`);
  const isRecord = ({ path }: Titled): boolean => path.startsWith(apart) && !named.includes(path);
  const left = new Set(documents.filter((document) => !named.includes(document.path) && !isRecord(document)));
  const pages = groups.flatMap(({ text, documents: wanted }): Entry[] => {
    const found = wanted.flatMap((path) => {
      if (path.endsWith('.md')) return documents.filter((one) => one.path === path);
      const all = [...left].filter((one) => one.path.startsWith(path));
      for (const one of all) left.delete(one);
      return all;
    });
    return found.length === 0 ? [] : [{ text, items: found.map(entryOf) }];
  });
  if (left.size > 0) {
    const lost = [...left].map(({ path }) => path).join(', ');
    throw new Error(`no group of the sidebar has ${lost}: add them to site/pages/content/sidebar.ts`);
  }
  return { '/': pages, [`/${apart}`]: [{ text: 'Decisions', items: documents.filter(isRecord).map(entryOf) }] };
}

const entryOf = ({ title, link }: Titled): Entry => ({ text: title, link });
