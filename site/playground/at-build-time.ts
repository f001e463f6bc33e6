import { fileURLToPath } from 'node:url';
import katex from 'katex';
import { type InlineConfig, type Plugin, runnerImport } from 'vite';

/**
 * What can be known before the page is opened, so that it stays small:
 *
 * - `virtual:formulas`: the formula of each preset as MathML, which browsers draw by themselves. KaTeX and its fonts stay
 *   here. A formula that KaTeX does not understand stops the build.
 * - `virtual:choices`: what methods and projectors are called. Those themselves are in the workers, with the library.
 */
export function atBuildTime(resolve: InlineConfig['resolve']): Plugin {
  const load = async <T>(path: string): Promise<T> => {
    const file = fileURLToPath(new URL(path, import.meta.url));
    return (await runnerImport<T>(file, { configFile: false, logLevel: 'warn', ...(resolve && { resolve }) })).module;
  };
  const modules: Readonly<Record<string, () => Promise<string>>> = {
    'virtual:formulas': async () => {
      const { presets } = await load<typeof import('./src/presets/index')>('./src/presets/index.ts');
      return `export const formulas = ${JSON.stringify(Object.fromEntries(presets.map((preset) => [preset.id, mathml(preset.formula)])))};`;
    },
    'virtual:choices': async () => {
      const { methods } = await load<typeof import('./src/training/methods')>('./src/training/methods.ts');
      const { projectorNames } = await load<typeof import('./src/training/projector-named')>(
        './src/training/projector-named.ts',
      );
      const words = Object.entries(methods).map(([id, { name, says, reads }]) => [id, { name, says, reads }]);
      return [
        `export const methods = ${JSON.stringify(Object.fromEntries(words))};`,
        `export const projectorNames = ${JSON.stringify(projectorNames)};`,
      ].join('\n');
    },
  };
  return {
    name: 'at build time',
    resolveId: (id) => (id in modules ? `\0${id}` : undefined),
    load: (id) => modules[id.slice(1)]?.(),
  };
}

function mathml(formula: string): string {
  return katex.renderToString(formula, { output: 'mathml', displayMode: true, throwOnError: true, strict: 'error' });
}
