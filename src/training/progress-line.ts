import { callable, checkArgument, type OptionsOf, optional, readOptions, refuseExtra, whole } from '../base/options';
import type { FitCallback, FitEvent, FitRun } from './fit-callback';

export const writeKind = { ...callable<(text: string) => unknown>('of a text'), like: 'console.log' };

const progressOptions = {
  /** Also a line after each such number of steps (default: for reports alone). */
  every: optional(whole({ low: 1 })),
};

/** How often. */
export interface ProgressLineOptions extends OptionsOf<typeof progressOptions> {}

/**
 * Say in a line how `fit` goes, at each report. `write` shows it: `console.log`, or on a page a function that sets the
 * `textContent` of an element.
 * @example
 * const w = tensor([1]);
 * const loss = () => w.square().sum();
 * const show = (line: string) => console.log(line.replace(/ [^ ]+ s$/, ' … s'));
 * await fit({
 *   ...{ params: { w }, transform: sgd({ learningRate: 0.25 }), loss, data: [0], epochs: 2 },
 *   ...{ validate: () => w.square().item(), callbacks: [progressLine(show)] },
 * });
 * // prints epoch 1/2 step 1 loss 1 validation 0.25 … s
 * // prints epoch 2/2 step 2 loss 0.25 validation 0.0625 … s
 */
export function progressLine(write: (line: string) => unknown, options: ProgressLineOptions = {}): FitCallback {
  if (arguments.length > 2) refuseExtra('progressLine', arguments, 2);
  checkArgument('progressLine', 'write', writeKind, write);
  const { every = Infinity } = readOptions('progressLine', progressOptions, options, 'write');
  return {
    name: 'progressLine',
    async event(event, run) {
      if (event.kind === 'report' || event.step % every === 0) await write(lineOf(event, run));
    },
  };
}

function lineOf({ epoch, step, loss, validationLoss, values, seconds }: FitEvent, { epochs, steps }: FitRun): string {
  const of = (n: number, all: number): string => (all === Infinity ? String(n) : `${n}/${all}`);
  const numbers = Object.entries({
    loss,
    ...(validationLoss !== undefined && { validation: validationLoss }),
    ...values,
  });
  const said = numbers.map(([name, x]) => `${name} ${Number(x.toPrecision(4))}`).join(' ');
  return `epoch ${of(epoch, epochs)} step ${of(step, steps)} ${said} ${seconds.toFixed(1)} s`;
}
