import { build } from 'esbuild';

/** One source file and what it imports as one ES module for browsers. */
export async function bundle(entry: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    write: false,
    logLevel: 'error',
  });
  return (outputFiles[0] as { text: string }).text;
}
