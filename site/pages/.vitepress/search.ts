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

/**
 * The options go into the pages as text: a function may use nothing but its arguments. Numbers alone, of which tables have
 * thousands, and the words of every sentence are no terms; a short term stands for itself alone.
 */
export const searchOptions: Options = {
  _render: render,
  miniSearch: {
    options: {
      processTerm: (term: string) =>
        /^([\d.,]*|an?|the|of|to|in|is|it|its|for|who|what|how|do|does|i|my|with|on|by|or|and|be|are|as|at|that|this|from)$/i.test(
          term,
        )
          ? null
          : term.toLowerCase(),
    },
    searchOptions: {
      prefix: (term: string) => term.length > 2,
      fuzzy: (term: string) => (term.length > 4 ? 0.15 : false),
      boost: { title: 4, titles: 2, text: 1 },
      // A reader who searches for a word wants to be told first, and to look it up then.
      boostDocument: (id: string) =>
        /\/docs\/guides\//.test(id) ? 1.35 : /\/docs\/(errors|mutations)|\/changelog/.test(id) ? 0.7 : 1,
    },
  },
};
