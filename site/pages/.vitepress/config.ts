import { readFileSync } from 'node:fs';
import { type DefaultTheme, defineConfig } from 'vitepress';
import navigation from '../../navigation.json';
import { slugOf } from '../content/anchors';
import type { Entry } from '../content/sidebar';
import { searchOptions } from './search';

const base = process.env.SITE_BASE ?? '/';
/** Sidebars by the beginnings of addresses. */
const sidebar = JSON.parse(readFileSync(new URL('../.content/sidebar.json', import.meta.url), 'utf8')) as Readonly<
  Record<string, Entry[]>
>;

/** Parts of the site that VitePress does not know: a click must load them as pages of their own. */
const apart = /^\/(source|playground|device|figures)\//;
/** An entry of the header is marked on all pages that begin like it. */
const active: Readonly<Record<string, string>> = {
  Guides: '/docs/guides/',
  Methods: '/docs/(methods|adapters)',
  Results: '/docs/results',
  Reference: '/reference/',
};

/** The nabla of a gradient. */
const icon =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path d="M2 3h12L8 14z" fill="none" stroke="#1f6fb4" stroke-width="2.4"/></svg>';

export default defineConfig({
  base,
  srcDir: '.content',
  title: 'floragrad',
  description: 'A tensor engine with automatic differentiation in TypeScript, and low-rank compression of gradients.',
  lang: 'en',
  lastUpdated: false,
  metaChunk: true,
  ignoreDeadLinks: [apart],
  head: [
    ['link', { rel: 'icon', href: `data:image/svg+xml,${encodeURIComponent(icon)}` }],
    ['meta', { name: 'theme-color', content: '#1f6fb4' }],
  ],
  themeConfig: {
    nav: navigation.map(({ text, link }) => ({
      text,
      link,
      ...(active[text] && { activeMatch: active[text] }),
      ...(apart.test(link) && { target: '_self' }),
    })),
    sidebar: sidebar as DefaultTheme.Sidebar,
    outline: [2, 3],
    search: { provider: 'local', options: searchOptions },
    docFooter: { prev: false, next: false },
  },
  markdown: {
    anchor: { slugify: slugOf },
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    image: { lazyLoading: true },
    config(md) {
      // Code that is set off by spaces, in comments, scrolls in its box like other code.
      md.core.ruler.push('indented-code', ({ tokens }) => {
        for (const token of tokens) {
          if (token.type === 'code_block') [token.type, token.info] = ['fence', 'text'];
        }
      });
      const usual = md.renderer.rules.link_open;
      md.renderer.rules.link_open = (tokens, index, options, env, self) => {
        const token = tokens[index];
        const href = token?.attrGet('href') ?? '';
        if (!token || !usual) throw new Error('VitePress has no rule for links any more');
        if (!apart.test(href)) return usual(tokens, index, options, env, self);
        token.attrSet('href', `${base}${href.slice(1)}`);
        token.attrSet('target', '_self');
        return self.renderToken(tokens, index, options);
      };
    },
  },
});
