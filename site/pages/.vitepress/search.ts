import type { DefaultTheme } from 'vitepress';

type Options = DefaultTheme.LocalSearchOptions;

/** A page as the index reads it: of the reference only names and first sentences, of all pages no tables of numbers. */
const render: Options['_render'] = (source, env, md) => {
  const path: string = env.relativePath;
  if (/^docs\/(mutations|compatibility)\.md$/.test(path)) return md.render(withoutTables(source), env);
  if (path.startsWith('reference/')) return md.render(namesOf(source), env);
  return md.render(source, env);
};

const withoutTables = (text: string): string => text.replace(/^\|.*\n/gm, '');

/** Headings down to members of classes, and the paragraph that says what a name is. */
function namesOf(text: string): string {
  const kept: string[] = [];
  let told = true;
  for (const paragraph of text.split(/\n{2,}/)) {
    if (/^#{1,3} |^##### .*\{#/.test(paragraph)) {
      kept.push(paragraph.replace(/\(\)(?=\??( \{#|$))/, ''));
      told = false;
    } else if (!told && !/^([#>|]|Defined in:|```)/.test(paragraph)) {
      kept.push(paragraph);
      told = true;
    }
  }
  return kept.join('\n\n');
}

export const searchOptions: Options = {
  _render: render,
  // Its name begins with what is seen on the button.
  translations: { button: { buttonText: 'Search', buttonAriaLabel: 'Search K, with Ctrl or ⌘' } },
  miniSearch: {
    options: {
      // A number alone is a word that no search needs, and tables have thousands of them.
      processTerm: (term: string) => (/^[\d.,]*$/.test(term) ? null : term.toLowerCase()),
    },
    searchOptions: {
      // Whoever searches for a word wants to be told first, and to look it up then.
      boostDocument: (id: string) =>
        /\/docs\/guides\//.test(id) ? 1.6 : /\/docs\/(errors|mutations|decisions)/.test(id) ? 0.7 : 1,
      fuzzy: 0.15,
      prefix: true,
      boost: { title: 4, titles: 2, text: 1 },
    },
  },
};
