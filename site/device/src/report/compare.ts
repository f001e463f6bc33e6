import type { Outcome } from '../measure/outcome';
import type { Recorded } from './recorded';

/** Which rows the sentences are about: one product and one training step, on one thread. */
const [product, step] = ['product-wasm-512', 'training-wasm'] as const;

/**
 * What a visitor may conclude from the numbers of docs/benchmarks.md beside their own, in sentences. A ratio of two machines says
 * something of the machines, and nothing of the library.
 */
export function comparison(outcomes: Readonly<Record<string, Outcome>>, { machine, numbers }: Recorded): string[] {
  const ratio = (id: string): number | null => {
    const [here, there] = [outcomes[id], numbers[id]];
    return here?.kind === 'measured' && there !== undefined ? here.median / there : null;
  };
  const [ofProduct, ofStep] = [ratio(product), ratio(step)];
  if (ofProduct === null && ofStep === null) return [];
  const parts = [
    ofProduct !== null && `${share(ofProduct)} the operations a second in a product of 512×512×512`,
    ofStep !== null && `${share(ofStep)} the tokens a second in a training step`,
  ].filter((part) => part !== false);
  return [
    `On one thread this browser reaches ${parts.join(' and ')}, against the machine of the benchmarks (${machine}).`,
    'That one is another computer, the program there was Node 20 and not a browser, and it had a core to itself. So this compares two machines as they were at the time. It does not say that floragrad is faster or slower than it was.',
  ];
}

/** `43 % of`, `1.4 times` */
function share(ratio: number): string {
  return ratio < 1 ? `${(100 * ratio).toPrecision(2)} % of` : `${ratio.toPrecision(2)} times`;
}

/** Samples that differ by this factor were taken while something else ran, or while the device changed its clock. */
const restless = 2;

/** A word on numbers that vary too much to be believed; null: they do not. */
export function unrest(outcomes: Readonly<Record<string, Outcome>>): string | null {
  const measured = Object.values(outcomes).filter((outcome) => outcome.kind === 'measured');
  const varying = measured.filter(({ least, largest }) => largest > restless * least).length;
  if (varying === 0) return null;
  return `In ${varying} of ${measured.length} measured rows the largest sample is more than twice the least: something else was running, or the device changed its clock. Close what else is open, and measure again.`;
}
