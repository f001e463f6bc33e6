import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { kindOf } from '../../base/options';
import { type Projector, projectorKind } from '../../compress/projector';
import { usualInstances } from '../../compress/projectors/projectors';
import { FileError, OptionError } from '../../index';
import { closest } from '../closest';
import { checkFile } from '../files';
import { type Typed, typed } from '../values';

/** The projectors that need nothing but a rank, by the names they give themselves: of several with one name the first. */
const byName = new Map<string, Projector>();
for (const projector of Object.values(usualInstances()))
  if (!byName.has(projector.name)) byName.set(projector.name, projector);

export const projectorNames: readonly string[] = [...byName.keys()];

/** The names, a few a line. */
export const projectorHelp: string = projectorNames
  .join(', ')
  .replace(/(.{1,78})(?: |$)/g, '  $1\n')
  .trimEnd();

/** A projector of this list; the name was checked. */
export function projectorNamed(name: string): Projector {
  return byName.get(name) as Projector;
}

const isFile = (words: string): boolean => /^\.{0,2}\/|^[A-Za-z]:|\.[cm]?js$/.test(words);

/** The name of a projector, `all` of them, or the file of a module: `./mine.js`. @throws OptionError `cli/choice` */
export const projectorWords: Typed<string> = typed(
  {
    ...kindOf<string>(
      `all, ${projectorNames.join(', ')}, or the file of a module, such as ./mine.js`,
      (words) => typeof words === 'string' && (words === 'all' || byName.has(words) || isFile(words)),
      'cli/choice',
    ),
    fix: (words) => {
      const near = closest(String(words), ['all', ...projectorNames]);
      return near ? `write ${near}` : 'choose one of these';
    },
  },
  (words) => words,
);

/** The projectors of these words; what a file exports takes its place in the list. @throws FileError `file/read`, `projector/module` */
export async function projectorsNamed(words: readonly string[], cwd: string): Promise<Projector[]> {
  const found: Projector[] = [];
  for (const word of words) {
    if (word === 'all') found.push(...byName.values());
    else found.push(...(byName.has(word) ? [projectorNamed(word)] : await projectorsIn(word, cwd)));
  }
  return [...new Set(found)];
}

/** The one projector of these words. @throws OptionError `cli/choice` where they name several */
export async function theProjector(words: string, cwd: string): Promise<Projector> {
  const [projector, ...more] = await projectorsNamed([words], cwd);
  if (more.length === 0) return projector as Projector;
  throw new OptionError({
    code: 'cli/choice',
    got: `--projector got "${words}", which is ${more.length + 1} projectors`,
    expected: 'one projector',
    fix: 'name one, or a module that exports one',
  });
}

/** The projectors that a module exports. */
async function projectorsIn(file: string, cwd: string): Promise<Projector[]> {
  const path = resolve(cwd, file);
  await checkFile(path, 2 ** 24);
  const exported: unknown[] = Object.values(await imported(path));
  const own = exported.filter((value) => projectorKind.fits(value));
  if (own.length > 0) return own;
  throw new FileError({
    code: 'projector/module',
    got: `${path} exports no projector`,
    expected: 'an export with side, sample, down, up, transfer, storedFloats and theory',
    fix: 'see docs/guides/write-a-projector.md, and export what it makes',
  });
}

async function imported(path: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(pathToFileURL(path).href)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw new FileError(
      {
        code: 'projector/module',
        got: `${path} cannot be imported: ${error instanceof Error ? error.message : String(error)}`,
        expected: 'an ES module that exports a projector',
        fix: 'run it with node alone to see what is wrong',
      },
      { cause: error },
    );
  }
}
