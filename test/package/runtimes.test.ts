import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { run } from './pack';

const built = existsSync('dist/index.js');

/** How each runtime evaluates a module given as text. */
const runtimes = [
  ['node', ['--input-type=module', '--eval']],
  ['deno', ['eval']],
  ['bun', ['--eval']],
] as const;

function installed(program: string): boolean {
  try {
    return execFileSync(program, ['--version'], { stdio: 'pipe' }).length > 0;
  } catch {
    console.info(`what ${program} prints is not tested: it is not installed`);
    return false;
  }
}

describe.skipIf(!built).each(runtimes.filter(([program]) => installed(program)))(
  'console.log in %s',
  (program, args) => {
    it('shows a tensor alone and in an object', async () => {
      const script = `import { tensor, zeros } from '${pathToFileURL('dist/index.js')}';
      const t = tensor([[1, 2.5], [3, NaN]]);
      console.log(t);
      console.log({ t: tensor([1, 2], { dtype: 'int32' }) });
      console.log({ large: zeros([20, 20]) });`;
      const lines = (await run('.', program, ...args, script)).trimEnd().split('\n');
      expect(lines.slice(0, 3)).toEqual(['Tensor float32 [2, 2]:', '[[1.  2.5]', ' [3.  nan]]']);
      const objects = lines.slice(3).join(' ').replaceAll(/,?\s+/g, ' ');
      expect(objects).toBe('{ t: Tensor int32 [2]: [1 2] } { large: Tensor float32 [20 20] }');
    });
  },
);
