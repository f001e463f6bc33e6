import {
  checkArgument,
  isPlainObject,
  kindOf,
  type OptionsOf,
  optional,
  readOptions,
  refuseExtra,
  string,
  whole,
} from '../base/options';
import type { FitCallback } from './fit-callback';
import { writeKind } from './progress-line';

const logOptions = {
  /** What the run is called (default 'run'). */
  name: optional(string, 'run'),
  /** Whatever tells it from others: plain data, such as `{ learningRate: 0.01 }` (default: nothing). */
  details: optional(kindOf<Readonly<Record<string, unknown>>>('a record of plain data', isPlainObject), {}),
  /** Write one step out of this number (default 1); reports are always written. */
  every: optional(whole({ low: 1 }), 1),
};

/** What a log says of its run. */
export interface LogLinesOptions extends OptionsOf<typeof logOptions> {}

/**
 * A log of `fit` as JSON, one object a line: the first describes the run, then one a step, `report: true` for reports, and the
 * last says why it ended. `write` appends a text, whose last character ends the line; in Node
 * `(text) => appendFileSync(file, text)`. A resumed run goes on in the same file. `parseLog` and `compareRuns` of `floragrad/node`
 * read it. A number that is not finite is null.
 * @example
 * const w = tensor([1]);
 * let log = '';
 * const write = (text: string) => (log += text);
 * const loss = () => w.square().sum();
 * await fit({
 *   ...{ params: { w }, transform: sgd({ learningRate: 0.25 }), loss, data: [0] },
 *   callbacks: [logLines(write, { name: 'sgd' })],
 * });
 * console.log(log.split('\n')[0]);
 * // prints {"run":"sgd","seed":0,"epochs":1,"steps":null,"resumed":0,"parameters":1,"details":{}}
 * console.log(log.split('\n')[3]); // prints {"stopped":"epochs"}
 */
export function logLines(write: (text: string) => unknown, options: LogLinesOptions = {}): FitCallback {
  if (arguments.length > 2) refuseExtra('logLines', arguments, 2);
  checkArgument('logLines', 'write', writeKind, write);
  const { name, details, every } = readOptions('logLines', logOptions, options, 'write');
  const line = (entry: object): unknown => write(`${JSON.stringify(entry)}\n`);
  return {
    name: 'logLines',
    start({ seed, epochs, steps, resumed, parameters }) {
      const count = Object.values(parameters).reduce((sum, { size }) => sum + size, 0);
      return line({ run: name, seed, epochs, steps, resumed, parameters: count, details });
    },
    event({ kind, ...entry }) {
      if (kind === 'report') return line({ report: true, ...entry });
      return entry.step % every === 0 ? line(entry) : undefined;
    },
    end: (_, stopped) => line({ stopped }),
  };
}
