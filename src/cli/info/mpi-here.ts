import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { families } from '../../mpi/library';

/** A part of what training on several ranks needs: where it is, or what to type to have it. */
export interface MpiHere {
  readonly part: string;
  /** `null` where it is not here. */
  readonly found: string | null;
  readonly command?: string;
}

/** koffi, and the libraries of MPI that it can load. They are tried in another process, which they change for good. */
export async function mpiHere(): Promise<MpiHere[]> {
  const koffi = koffiHere();
  const libraries = await Promise.all(
    families.map(async ({ name, file, install }): Promise<MpiHere> => {
      if (koffi !== null && (await loads(koffi, file))) return { part: name, found: file };
      return { part: name, found: null, command: koffi === null ? installKoffi : install };
    }),
  );
  return [{ part: 'koffi', found: koffi, ...(koffi === null && { command: installKoffi }) }, ...libraries];
}

const installKoffi = 'npm install koffi@3.3.4';

/** The file of the package; null where it is not installed. */
function koffiHere(): string | null {
  try {
    return createRequire(import.meta.url).resolve('koffi');
  } catch {
    return null;
  }
}

async function loads(koffi: string, file: string): Promise<boolean> {
  const program = `require(${JSON.stringify(koffi)}).load(${JSON.stringify(file)}, { global: true }); process.exit(0)`;
  return promisify(execFile)(process.execPath, ['-e', program], { timeout: 20_000 }).then(
    () => true,
    () => false,
  );
}
