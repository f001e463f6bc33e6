import { draw } from './draw';

// A program of its own: a figure as JSON on standard input, its SVG on standard output.
let text = '';
process.stdin.setEncoding('utf8');
for await (const piece of process.stdin) text += piece;
try {
  process.stdout.write(await draw(JSON.parse(text)));
} catch (error) {
  process.stderr.write((error instanceof Error ? error.message : String(error)).replace(/\s+/g, ' '));
  process.exitCode = 1;
}
