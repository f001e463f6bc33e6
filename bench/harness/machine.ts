import { execFileSync } from 'node:child_process';
import { cpus, totalmem } from 'node:os';

/** Where the numbers come from. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly platform: string;
  readonly node: string;
  /** Core that contestants of one thread are pinned to, or null where `taskset` does not exist. */
  readonly pinnedTo: number | null;
}

export function machine(node: string): Machine {
  const cores = cpus();
  return {
    processor: cores[0]?.model.trim() ?? 'unknown',
    cores: cores.length,
    memoryBytes: totalmem(),
    platform: `${process.platform} ${process.arch}`,
    node: execFileSync(node, ['--version'], { encoding: 'utf8' }).trim(),
    pinnedTo: hasTaskset() ? cores.length - 1 : null,
  };
}

function hasTaskset(): boolean {
  try {
    execFileSync('taskset', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Node 20 has relaxed SIMD behind a flag that later versions do not know. */
export function nodeFlags({ node }: Pick<Machine, 'node'>): readonly string[] {
  return Number(/^v(\d+)/.exec(node)?.[1]) < 22 ? ['--experimental-wasm-relaxed-simd'] : [];
}
