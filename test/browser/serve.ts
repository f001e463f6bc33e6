import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const types: Record<string, string> = { html: 'text/html', js: 'text/javascript' };

/** Serve these files by path from a free port on this machine, optionally cross-origin isolated, or with a Content Security Policy. */
export async function serve(
  file: (path: string) => string | Uint8Array | undefined,
  options: { isolated?: boolean; policy?: string } = {},
): Promise<{ url: string; close(): Promise<void> }> {
  const isolation = options.isolated && {
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Embedder-Policy': 'require-corp',
  };
  const policy = options.policy !== undefined && { 'Content-Security-Policy': options.policy };
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    const body = file(path);
    const type = types[path.split('.').at(-1) as string] ?? 'text/html';
    response.writeHead(body === undefined ? 404 : 200, { 'Content-Type': type, ...isolation, ...policy });
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** A page that runs one module script; the empty icon keeps the browser from asking for one. */
export function htmlFor(script: string, imports: Readonly<Record<string, string>> = {}): string {
  const map = `<script type="importmap">${JSON.stringify({ imports })}</script>`;
  return `<!doctype html><link rel="icon" href="data:,">${map}<script type="module" src="${script}"></script>`;
}
