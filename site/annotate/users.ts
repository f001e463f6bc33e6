import type { Tested } from './checks';
import type { AnnotatedFile } from './files';

/** Which files use a file. */
export class Users {
  private readonly importers = new Map<string, Set<string>>();

  constructor(private readonly files: ReadonlyMap<string, AnnotatedFile>) {
    for (const [path, { source }] of files) {
      for (const { path: used } of source.imports.values()) {
        const given = this.importers.get(used) ?? new Set();
        this.importers.set(used, given.add(path));
      }
    }
  }

  /** Files of the same room that import it, then those that import these, and so on; of other rooms where there are none. */
  of(path: string): Tested[] {
    const inside = this.reached(path, (one) => roomOf(one) === roomOf(path));
    const found = inside.length > 0 ? inside : this.reached(path, () => true);
    return found.map((one) => ({ path: one, exports: this.files.get(one)?.names ?? [] }));
  }

  private reached(path: string, fits: (path: string) => boolean): string[] {
    const found: string[] = [];
    let nearest = [path];
    for (let step = 0; step < 3; step++) {
      const next = new Set(nearest.flatMap((one) => [...(this.importers.get(one) ?? [])]));
      nearest = [...next].filter(
        (one) => one !== path && !found.includes(one) && !/\/index\.ts$/.test(one) && fits(one),
      );
      found.push(...nearest);
    }
    return found;
  }
}

/** `src/compress`, or `kernels/wasm`. */
const roomOf = (path: string): string => path.split('/').slice(0, 2).join('/');
