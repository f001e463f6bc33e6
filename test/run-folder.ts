import { existsSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/**
 * Before all tests: one folder of this run's own, in which `tmpdir()` of every test lies, and which goes with the run.
 * Node, TypeScript and bundlers look for packages in every folder above a project. A `node_modules` above the projects
 * that tests build would answer for an install that the package forgot, so that the folder lies where there is none.
 */
export function setup(): () => void {
  const candidates = [tmpdir(), homedir()].map((folder) => ({ folder, found: modulesAbove(folder) }));
  const free = candidates.find(({ found }) => found === undefined);
  if (free === undefined) {
    const found = candidates.map((candidate) => candidate.found).join(' and ');
    throw new Error(
      `tests build projects in a temporary folder, and there is ${found} above it. Set TMPDIR elsewhere.`,
    );
  }
  const folder = realpathSync(mkdtempSync(join(free.folder, 'floragrad-tests-')));
  for (const name of ['TMPDIR', 'TMP', 'TEMP']) process.env[name] = folder;
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}

/** The first `node_modules` in a folder or in one above it. */
function modulesAbove(folder: string): string | undefined {
  const here = join(folder, 'node_modules');
  if (existsSync(here)) return here;
  return dirname(folder) === folder ? undefined : modulesAbove(dirname(folder));
}
