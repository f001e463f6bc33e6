import type { Check } from './checks';
import { escapeHtml, pageOf, relative } from './html';
import type { Formula } from './marked';

/** A formula and what checks it. */
export interface Checked {
  readonly path: string;
  readonly formula: Formula;
  readonly checks: readonly Check[];
}

/** Under the prose: the laws and tests that check its formulas. */
export function checkedBy(checks: readonly Check[], page: string): string {
  const keys = checks.map(({ file, line }) => `${file}:${line}`);
  const own = checks.filter((_, i) => keys.indexOf(keys[i] as string) === i);
  if (own.length === 0) return '';
  const items = own.map(
    ({ file, line, title, by }) =>
      `<li><a href="${relative(page, `${pageOf(file)}#L${line}`)}">${escapeHtml(title)}</a> <small>${file.replace(/^src\/|^test\//, '')}${by === undefined ? '' : `, by way of ${by.replace(/^.*\//, '')}`}</small></li>`,
  );
  return `<details class="by"><summary>checked by ${own.length === 1 ? 'one law or test' : `${own.length} laws and tests`}</summary><ul>${items.join('')}</ul></details>`;
}

/** Under the prose beside a law: the formulas that it checks. */
export function checksThese(formulas: readonly Checked[], page: string): string {
  if (formulas.length === 0) return '';
  const byFile = new Map<string, Formula[]>();
  for (const { path, formula } of formulas) byFile.set(path, [...(byFile.get(path) ?? []), formula]);
  const items = [...byFile].map(([path, own]) => {
    const distinct = own.filter(({ id }, i) => own.findIndex((one) => one.id === id) === i);
    const links = distinct.map(
      ({ id }, i) =>
        `<a href="${relative(page, `${pageOf(path)}#${id}`)}">${i === 0 ? path.replace(/^src\//, '') : i + 1}</a>`,
    );
    return `<li>${links.join(' ')}</li>`;
  });
  const count = new Set(formulas.map(({ path, formula }) => `${path}#${formula.id}`)).size;
  return `<details class="by"><summary>checks ${count === 1 ? 'one formula' : `${count} formulas`}</summary><ul>${items.join('')}</ul></details>`;
}
