import pc from 'picocolors';

/** The part of a Node stream that commands write to; tests pass their own. */
interface Sink {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

/** Everything a command knows about the outside world. */
export interface Io {
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Where people read. With `--json -` that is stderr, so that stdout carries the JSON alone. */
export interface Screen {
  readonly stream: Sink;
  readonly paint: Colours;
  line(text?: string): void;
}

type Colours = ReturnType<typeof pc.createColors>;

export function screen(io: Io, json: string | undefined): Screen {
  const stream = json === '-' ? io.stderr : io.stdout;
  return { stream, paint: pc.createColors(colourful(io, stream)), line: (text = '') => void stream.write(`${text}\n`) };
}

/** Colours on a terminal, unless NO_COLOR (no-color.org) or a dumb terminal says otherwise; FORCE_COLOR insists. */
function colourful({ env }: Io, stream: Sink): boolean {
  if (env.NO_COLOR) return false;
  return Boolean(env.FORCE_COLOR) || (stream.isTTY === true && env.TERM !== 'dumb');
}
