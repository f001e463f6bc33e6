import { escapeHtml } from '../../report/escape';
import type { Figure } from '../../study/figure';

/** Colours of the specification, and what stands for each where a reader prefers the dark. */
export const darkOf: Readonly<Record<string, string>> = {
  '#fdfdfc': '#141817',
  '#1d2321': '#e6ebe8',
  '#5b6562': '#9ba8a3',
  '#d9dedb': '#333c39',
  '#1f6fb4': '#69b1ec',
  '#c8501e': '#f2905e',
  '#2b8a57': '#66c592',
  '#8a4fb0': '#c39be3',
  '#a97c00': '#dcb54a',
  '#c23b78': '#ee85b3',
  '#20858c': '#63c4ca',
  '#6d6a66': '#b3b0aa',
};

/**
 * The SVG of a figure for readers of all kinds. Its colours are those of a light page, as attributes, which every viewer
 * reads; a style for the dark overrides them in viewers that know of it. Ids begin with the name of the figure, so that
 * several can stand in one page.
 */
export function themed(svg: string, { name, title, caption }: Omit<Figure, 'spec'>): string {
  const ids = new Map([...svg.matchAll(/\bid="([^"]*)"/g)].map(([, id], i) => [id as string, `${name}-${i}`]));
  const own = svg
    .replace(/\bid="([^"]*)"/g, (_, id: string) => `id="${ids.get(id)}"`)
    .replace(/url\(#([^)]*)\)/g, (_, id: string) => `url(#${ids.get(id)})`)
    .replace(/href="#([^"]*)"/g, (_, id: string) => `href="#${ids.get(id)}"`);
  const dark = Object.entries(darkOf)
    .filter(([light]) => own.includes(light))
    .flatMap(([light, night]) => ['fill', 'stroke'].map((part) => `#${name} [${part}="${light}"]{${part}:${night}}`));
  const style = `<style>@media (prefers-color-scheme:dark){${dark.join('')}}</style>`;
  const words = `<title>${escapeHtml(title)}</title><desc>${escapeHtml(caption)}</desc>`;
  return own.replace(/<svg\b[^>]*>/, (opening) => {
    const size = /viewBox="[^"]*"/.exec(opening)?.[0] ?? '';
    const [, width, height] = /width="([\d.]+)" height="([\d.]+)"/.exec(opening) ?? [];
    return `<svg xmlns="http://www.w3.org/2000/svg" id="${name}" width="${width}" height="${height}" ${size} role="img" aria-label="${escapeHtml(title)}">${words}${style}`;
  });
}
